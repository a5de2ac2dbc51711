/**
 * A process that trains a small network with every operation and prints its losses and a hash of its weights.
 * Arguments: backend, number of steps, side of the images, optimizer.
 */
import { createHash } from "node:crypto";
import {
  initBackend,
  type Scalar,
  type Tensor,
  type Tensor1D,
  type Tensor2D,
  type Tensor4D,
  tf,
  type Variable,
} from "../../../../src-main/engine/backend/index.ts";
import { numbers, random } from "./reference.ts";

const [prefer = "wasm", steps = "20", side = "8", optimizerName = "sgd"] = process.argv.slice(2);
const backend = await initBackend({ prefer: prefer === "tensorflow" ? "tensorflow" : "wasm", threads: 2 });
const { ops } = backend;
const CHANNELS = 8;
const BATCH = 16;
const length = Number(side);

let seed = 1;
const trained: Variable[] = [];
function parameter<T extends Tensor>(shape: number[], scale: number, offset = 0): T {
  seed += 1;
  const values = Float32Array.from(random(shape, seed).values, (value) => value * scale + offset);
  const variable = tf.variable(tf.tensor(values, shape), true, `p${seed}`);
  trained.push(variable);
  return variable as Tensor as T;
}

const he = (fanIn: number): number => Math.sqrt(6 / fanIn);
const norm = (): { gamma: Tensor1D; beta: Tensor1D } => ({ gamma: parameter<Tensor1D>([CHANNELS], 0, 1), beta: parameter<Tensor1D>([CHANNELS], 0) });
const stem = parameter<Tensor4D>([3, 3, 3, CHANNELS], he(27));
const stemNorm = norm();
const branches = [
  { size: 3, dilation: 1 },
  { size: 5, dilation: 1 },
  { size: 3, dilation: 2 },
  { size: 5, dilation: 2 },
].map((shape) => ({
  ...shape,
  depthwise: parameter<Tensor4D>([shape.size, shape.size, CHANNELS, 1], he(shape.size ** 2)),
  pointwise: parameter<Tensor4D>([1, 1, CHANNELS, CHANNELS], he(CHANNELS)),
  norm: norm(),
}));
const row = parameter<Tensor4D>([1, 7, CHANNELS, CHANNELS], he(7 * CHANNELS));
const column = parameter<Tensor4D>([7, 1, CHANNELS, CHANNELS], he(7 * CHANNELS));
const bottleneck = parameter<Tensor4D>([1, 1, 2 * CHANNELS, CHANNELS], he(2 * CHANNELS));
const dilated = parameter<Tensor4D>([3, 3, CHANNELS, CHANNELS], he(9 * CHANNELS));
const classifier = parameter<Tensor2D>([CHANNELS, 4], he(CHANNELS));
const bias = parameter<Tensor1D>([4], 0);
const runningMean = tf.zeros([CHANNELS]) as Tensor1D;
const runningVariance = tf.ones([CHANNELS]) as Tensor1D;

const images = tf.tensor(Float32Array.from(random([BATCH, length, length, 3], 1000).values), [BATCH, length, length, 3]) as Tensor4D;
const next = numbers(2000);
const labels = tf.tensor1d(
  Array.from({ length: BATCH }, () => Math.floor(next() * 4)),
  "int32",
);
const keep = tf.tensor4d(
  Array.from({ length: BATCH }, (_, i) => (i % 4 === 0 ? 0 : 4 / 3)),
  [BATCH, 1, 1, 1],
);

function logits(): Tensor2D {
  const normalise = (x: Tensor4D, { gamma, beta }: { gamma: Tensor1D; beta: Tensor1D }): Tensor4D => ops.batchNormTrain(x, gamma, beta, 1e-5).y;
  const block = (x: Tensor4D, stride: number): Tensor4D => {
    const separable = branches.map((branch) =>
      normalise(ops.conv2d(ops.depthwiseConv2d(ops.relu(x), branch.depthwise, stride, branch.dilation), branch.pointwise, 1, 1), branch.norm),
    );
    const factored = ops.conv2d(ops.conv2d(x, row, stride, 1), column, 1, 1);
    const sum = ops.addN([...separable.map((branch) => ops.dropPath(branch, keep)), factored, ops.maxPool(x, 3, stride), ops.avgPool(x, 3, stride)]);
    return ops.conv2d(ops.concatChannels([sum, ops.maxPool(x, 2, stride)]), bottleneck, 1, 1);
  };
  let h = normalise(ops.conv2d(images, stem, 1, 1), stemNorm);
  h = normalise(block(h, 1), stemNorm);
  h = normalise(block(h, 2), stemNorm);
  h = ops.resizeNearest(ops.conv2d(ops.conv2d(h, dilated, 1, 2), dilated, 2, 2), 2);
  h = ops.batchNormInference(h, stemNorm.gamma, stemNorm.beta, runningMean, runningVariance, 1e-5);
  const features = ops.globalAveragePool(h);
  const halves = ops.unstack(ops.reshape(features, [2, BATCH / 2, CHANNELS]));
  return tf.add(ops.matMul(tf.concat(halves, 0) as Tensor2D, classifier), bias);
}

const decayed = trained.map((variable) => ({ variable, weightDecay: variable.rank > 1 ? 3e-4 : 0 }));
const optimizer = optimizerName === "adam" ? backend.createAdam(decayed, { clipNorm: 5 }) : backend.createSgd(decayed, { clipNorm: 5, nesterov: true });
const losses: number[] = [];
const tensors: number[] = [];
for (let step = 0; step < Number(steps); step++) {
  const { value, grads } = tf.variableGrads(() => tf.mean(ops.softmaxCrossEntropy(logits(), labels)) as Scalar, trained);
  losses.push(value.dataSync()[0] ?? Number.NaN);
  optimizer.apply(grads, 0.01);
  value.dispose();
  tf.dispose(Object.values(grads));
  tensors.push(tf.memory().numTensors);
}
const hash = createHash("sha256");
for (const variable of trained) hash.update(new Uint8Array(Float32Array.from(variable.dataSync()).buffer));
for (const { values } of Object.values(optimizer.state())) hash.update(new Uint8Array(values.slice().buffer));
process.stdout.write(`${JSON.stringify({ name: backend.name, losses, tensors, bits: hash.digest("hex") })}\n`);
