/** A process that loads TensorFlow, computes a product and prints version and device as JSON. On failure: exit code 1 and the reason on stderr. */
import { initBackend, tf } from "../engine/backend/index.ts";

try {
  const backend = await initBackend({ prefer: "tensorflow" });
  const sum = tf.tidy(
    () =>
      tf
        .matMul(tf.ones([4, 4]), tf.ones([4, 4]))
        .sum()
        .dataSync()[0],
  );
  if (sum !== 64) throw new Error(`TensorFlow computed ${sum} instead of 64.`);
  process.stdout.write(`${JSON.stringify({ name: backend.name, device: backend.device, libraryVersion: backend.libraryVersion })}\n`);
} catch (error) {
  process.stderr.write(`${(error instanceof Error ? error.message : String(error)).replaceAll("\n", " ")}\n`);
  process.exitCode = 1;
}
