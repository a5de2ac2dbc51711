/** Measures the speed of this device for networks and GHNs: a few small ones, a few steps each, some seconds in total. */

import { type NetworkInput, networkConfigSchema } from "../../../src-shared/domain/architecture/network.ts";
import { searchSpaceSchema } from "../../../src-shared/domain/architecture/search-space.ts";
import { ghnConfigSchema } from "../../../src-shared/domain/config/run-config.ts";
import type { Backend } from "../../engine/backend/index.ts";
import { countCorrect, lossAndGradients } from "../../engine/backend/ops/gradients.ts";
import { type Tensor1D, type Tensor4D, tf } from "../../engine/backend/ops/tf.ts";
import { GraphHyperNetwork } from "../../engine/ghn/graph-hypernetwork.ts";
import { forward } from "../../engine/network/forward.ts";
import type { BuiltPlan } from "../../engine/network/program.ts";
import { TensorWeights, VariableWeights, type WeightSource } from "../../engine/network/weights.ts";
import { Rng } from "../../engine/random.ts";
import { cellFamily } from "../../engine/spaces/cell/network-family.ts";
import { buildPlan } from "../../engine/spaces/cell/plan.ts";
import { sampleCell } from "../../engine/spaces/cell/sampler.ts";
import { CALIBRATION_VERSION, type Calibration } from "./calibration.ts";
import { fitCosts, type Measurement, secondsOf } from "./fit.ts";
import { generationWork, passWork, workOf } from "./work.ts";

interface Probe {
  readonly side: number;
  readonly blocks: number;
  readonly channels: number;
  readonly nodes: number;
  readonly batch: number;
}

/** From overhead only to arithmetic only, deep and shallow, so that the kinds of work can be separated. */
const PROBES: readonly Probe[] = [
  { side: 8, blocks: 3, channels: 8, nodes: 5, batch: 8 },
  { side: 8, blocks: 9, channels: 8, nodes: 7, batch: 8 },
  { side: 32, blocks: 3, channels: 8, nodes: 7, batch: 16 },
  { side: 32, blocks: 3, channels: 32, nodes: 7, batch: 16 },
  { side: 16, blocks: 6, channels: 64, nodes: 5, batch: 16 },
];
const STEPS = 3;
const CLASSES = 10;
const FLOAT = 4;

/** Runs all probes on an initialised backend. */
export function measureDevice(backend: Backend): Calibration {
  let baseBytes = 0;
  const training: Measurement[] = [];
  const inference: Measurement[] = [];
  const generationTraining: Measurement[] = [];
  const generation: Measurement[] = [];
  let bytesPerActivation = 0;
  const ghnConfig = ghnConfigSchema.parse({});

  for (const probe of PROBES) {
    const { plan, images, labels } = build(probe);
    const work = workOf(plan);
    const pass = passWork(work, probe.batch);
    const network = new VariableWeights(plan, Rng.fromSeed(0, "calibration"));
    const optimizer = backend.createSgd(
      network.entries().map(({ variable }) => ({ variable })),
      { momentum: 0.9 },
    );
    const learn = (): void => {
      const { value, grads, correct } = gradients(
        backend,
        plan,
        images,
        labels,
        () => network,
        network.entries().map(({ variable }) => variable),
      );
      value.dataSync();
      optimizer.apply(grads, 0.001);
      tf.dispose([value, correct]);
      tf.dispose(grads);
    };
    training.push({ work: pass, seconds: timeOf(learn) });
    inference.push({
      work: pass,
      seconds: timeOf(() => tf.tidy(() => void forward(plan, backend.ops, network, images, { statistics: "batch" }).logits.dataSync())),
    });
    // Values kept for the backward pass, counted at the end of the forward pass.
    const held = heldBytes(backend, plan, images, labels, network);
    bytesPerActivation = Math.max(bytesPerActivation, (held - work.parameters * FLOAT) / (work.activations * probe.batch));
    optimizer.dispose();
    network.dispose();

    const ghn = new GraphHyperNetwork(ghnConfig, cellFamily(networkOf(probe), inputOf(probe)), Rng.fromSeed(0, "calibration-ghn"));
    const adam = backend.createAdam(ghn.variables.map((variable) => ({ variable })));
    const generate = (): WeightSource => {
      const [weights] = ghn.generate([plan]);
      if (weights === undefined) throw new Error("The GHN generated nothing.");
      return new TensorWeights(weights);
    };
    const learnGhn = (): void => {
      const { value, grads, correct } = gradients(backend, plan, images, labels, generate, ghn.variables);
      value.dataSync();
      adam.apply(grads, 0.0001);
      tf.dispose([value, correct]);
      tf.dispose(grads);
    };
    const made = generationWork(work, ghnConfig.propagationSteps);
    const pure = timeOf(() =>
      tf.tidy(
        () =>
          void generate()
            .get(plan.slots[0] ?? fail())
            .dataSync(),
      ),
    );
    generation.push({ work: made, seconds: pure });
    const whole = timeOf(learnGhn);
    generationTraining.push({ work: made, seconds: Math.max(pure, whole - secondsOf(pass, fitCosts(training))) });
    adam.dispose();
    ghn.dispose();
    tf.dispose([images, labels]);
    // After the smallest probe: the library is loaded and warmed up, and there are hardly any tensors.
    if (baseBytes === 0) baseBytes = process.memoryUsage.rss();
  }
  return {
    version: CALIBRATION_VERSION,
    backend: backend.name,
    device: backend.device,
    library: backend.libraryVersion,
    measuredAt: new Date().toISOString(),
    training: fitCosts(training),
    inference: fitCosts(inference),
    generationTraining: fitCosts(generationTraining),
    generation: fitCosts(generation),
    baseBytes,
    bytesPerActivation: Math.max(FLOAT, bytesPerActivation),
  };
}

function networkOf(probe: Probe): ReturnType<typeof networkConfigSchema.parse> {
  return networkConfigSchema.parse({ blocks: probe.blocks, initialChannels: probe.channels, reductions: [1, 2].filter((block) => block < probe.blocks) });
}

function inputOf({ side }: Probe): NetworkInput {
  return { height: side, width: side, channels: 3, classes: CLASSES };
}

function build(probe: Probe): { plan: BuiltPlan; images: Tensor4D; labels: Tensor1D } {
  const random = Rng.fromSeed(probe.channels, "calibration-cell");
  const plan = buildPlan({ normal: sampleCell(searchSpaceSchema.parse({ nodes: probe.nodes }), random) }, networkOf(probe), inputOf(probe));
  const values = Float32Array.from({ length: probe.batch * probe.side ** 2 * 3 }, () => random.normal());
  const images = tf.tensor4d(values, [probe.batch, probe.side, probe.side, 3]);
  const labels = tf.tensor1d(
    Int32Array.from({ length: probe.batch }, () => random.int(CLASSES)),
    "int32",
  );
  return { plan, images, labels };
}

function gradients(
  backend: Backend,
  plan: BuiltPlan,
  images: Tensor4D,
  labels: Tensor1D,
  weights: () => WeightSource,
  variables: Parameters<typeof lossAndGradients>[0],
): ReturnType<typeof lossAndGradients> {
  return lossAndGradients(variables, () => {
    const { logits } = forward(plan, backend.ops, weights(), images, { statistics: "batch" });
    return { loss: backend.ops.softmaxCrossEntropy(logits, labels).mean().asScalar(), correct: countCorrect(logits, labels) };
  });
}

function heldBytes(backend: Backend, plan: BuiltPlan, images: Tensor4D, labels: Tensor1D, network: VariableWeights): number {
  let held = 0;
  const before = tf.memory().numBytes;
  const { value, grads, correct } = lossAndGradients(
    network.entries().map(({ variable }) => variable),
    () => {
      const { logits } = forward(plan, backend.ops, network, images, { statistics: "batch" });
      const loss = backend.ops.softmaxCrossEntropy(logits, labels).mean().asScalar();
      held = tf.memory().numBytes - before;
      return { loss, correct: countCorrect(logits, labels) };
    },
  );
  tf.dispose([value, correct]);
  tf.dispose(grads);
  return held;
}

/** Seconds of one call: the fastest of a few after a warm-up, since other processes slow calls down. */
function timeOf(work: () => void): number {
  work();
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < STEPS; i++) {
    const began = performance.now();
    work();
    best = Math.min(best, (performance.now() - began) / 1000);
  }
  return Math.max(best, 1e-6);
}

function fail(): never {
  throw new Error("The network has no parameters.");
}
