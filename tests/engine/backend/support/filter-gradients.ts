/** A process that computes many filter gradients of the sizes of small networks. It is killed by a signal if a kernel writes beyond its buffers. */
import { initBackend, type Tensor4D, tf } from "../../../../src-main/engine/backend/index.ts";

const SIZES = [
  { image: 32, kernel: 3, cin: 3, cout: 8, stride: 1 },
  { image: 32, kernel: 1, cin: 8, cout: 16, stride: 2 },
  { image: 16, kernel: 1, cin: 16, cout: 16, stride: 1 },
  { image: 16, kernel: 1, cin: 48, cout: 32, stride: 2 },
  { image: 16, kernel: 3, cin: 16, cout: 16, stride: 1 },
  { image: 8, kernel: 1, cin: 32, cout: 32, stride: 1 },
  { image: 8, kernel: 3, cin: 32, cout: 32, stride: 1 },
] as const;

const backend = await initBackend({ prefer: "tensorflow", threads: 1 });
for (let round = 0; round < 10; round++)
  for (const { image, kernel, cin, cout, stride } of SIZES)
    tf.tidy(() => {
      const x = tf.ones([64, image, image, cin]) as Tensor4D;
      const filter = tf.ones([kernel, kernel, cin, cout]) as Tensor4D;
      const gradient = tf.grad((w) => backend.ops.conv2d(x, w as Tensor4D, stride, 1).sum())(filter);
      // The tap of a 1 × 1 filter is used once per output.
      const [first = Number.NaN] = gradient.dataSync();
      if (kernel === 1 && first !== 64 * Math.ceil(image / stride) ** 2) throw new Error(`The filter gradient is ${first}.`);
    });
process.stdout.write("done\n");
