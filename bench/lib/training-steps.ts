/** The benchmarked steps: a GHN step, scoring, generating weights, and a training step of one network. */
import { writeFileSync } from "node:fs";
import path from "node:path";
import type { Backend, Optimizer } from "../../src-main/engine/backend/index.ts";
import { lossAndGradients } from "../../src-main/engine/backend/ops/gradients.ts";
import { type Tensor1D, type Tensor4D, tf } from "../../src-main/engine/backend/ops/tf.ts";
import { createGenerator } from "../../src-main/engine/baselines/generators.ts";
import { writeSafetensors } from "../../src-main/engine/formats/safetensors.ts";
import type { WeightGenerator } from "../../src-main/engine/ghn/weight-generator.ts";
import { forward } from "../../src-main/engine/network/forward.ts";
import { TensorWeights, VariableWeights } from "../../src-main/engine/network/weights.ts";
import { Rng } from "../../src-main/engine/random.ts";
import { buildPlan } from "../../src-main/engine/spaces/cell/plan.ts";
import { sampleCell } from "../../src-main/engine/spaces/cell/sampler.ts";
import { SPACES } from "../../src-main/engine/spaces/index.ts";
import { type NamedArrays, prefixed, withPrefix } from "../../src-main/engine/training/checkpoint.ts";
import type { Cell } from "../../src-shared/domain/architecture/cell.ts";
import { type NetworkConfig, type NetworkInput, networkConfigSchema } from "../../src-shared/domain/architecture/network.ts";
import { type CellSpace, searchSpaceSchema } from "../../src-shared/domain/architecture/search-space.ts";
import { type GhnConfig, ghnConfigSchema } from "../../src-shared/domain/config/run-config.ts";

export const INPUT: NetworkInput = { height: 32, width: 32, channels: 3, classes: 10 };

/** The networks of the preset `quick` and of the paper. */
export const QUICK = networkConfigSchema.parse({ blocks: 4, initialChannels: 8, reductions: [1, 3] });
export const PAPER = networkConfigSchema.parse({ blocks: 18, initialChannels: 32, reductions: [6, 12] });

/** Random cells with `nodes` operation nodes; the same for the same seed. */
export function randomCells(nodes: number, count: number, seed: number, operations?: readonly string[]): Cell[] {
  const space = searchSpaceSchema.parse({ nodes, ...(operations === undefined ? {} : { operations }) });
  const rng = Rng.fromSeed(seed, "bench-cells");
  // Only cells that read both inputs, so that every block is computed and the peer needs no special case.
  return Array.from({ length: count }, () => {
    for (;;) {
      const cell = sampleCell(space, rng);
      if ([0, 1].every((input) => cell.nodes.some((node) => node.inputs.includes(input)))) return cell;
    }
  });
}

export interface StepTimes {
  readonly loss: number;
  readonly ms: number;
  readonly generationMs: number;
  readonly forwardMs: number;
  readonly backwardMs: number;
  readonly optimizerMs: number;
}

/** A GHN with its optimizer and a batch of random images. */
export class GhnSteps {
  readonly ghn: WeightGenerator;
  readonly network: NetworkConfig;
  readonly ghnConfig: GhnConfig;
  readonly images: Tensor4D;
  readonly labels: Tensor1D;
  readonly imageShape: readonly [number, number, number, number];
  private readonly imageValues: Float32Array;
  private readonly labelValues: Int32Array;
  private readonly backend: Backend;
  private readonly optimizer: Optimizer;

  /** @param generator a GHN, or the one-shot supernet of a space */
  constructor(
    backend: Backend,
    network: NetworkConfig,
    batch: number,
    { generator = "graph", space = searchSpaceSchema.parse({}) }: { readonly generator?: "graph" | "one-shot"; readonly space?: CellSpace } = {},
  ) {
    const input = INPUT;
    this.backend = backend;
    this.network = network;
    this.ghnConfig = ghnConfigSchema.parse({ generator });
    this.ghn = createGenerator(SPACES.cell, { ghn: this.ghnConfig, network, input, space }, Rng.fromSeed(1, "bench-ghn"));
    this.optimizer = backend.createAdam(
      this.ghn.variables.map((variable) => ({ variable })),
      { clipNorm: 5 },
    );
    const rng = Rng.fromSeed(2, "bench-images");
    this.imageShape = [batch, input.height, input.width, input.channels];
    this.imageValues = Float32Array.from({ length: batch * input.height * input.width * input.channels }, () => rng.normal());
    this.labelValues = Int32Array.from({ length: batch }, () => rng.int(input.classes));
    this.images = tf.tensor4d(this.imageValues, [...this.imageShape]);
    this.labels = tf.tensor1d(this.labelValues, "int32");
  }

  /** Writes the weights and images to files that the peer loads. */
  async files(folder: string): Promise<{ ghnFile: string; images: string; labels: string; imageShape: readonly number[] }> {
    const ghnFile = path.join(folder, "ghn.safetensors");
    await writeSafetensors(ghnFile, new Map(Object.entries(this.ghn.exportWeights())), {});
    const images = path.join(folder, "images.bin");
    const labels = path.join(folder, "labels.bin");
    writeFileSync(images, this.imageValues);
    writeFileSync(labels, this.labelValues);
    return { ghnFile, images, labels, imageShape: this.imageShape };
  }

  /** One training step on some cells. */
  step(cells: readonly Cell[]): StepTimes {
    const start = performance.now();
    const { ops } = this.backend;
    const plans = cells.map((normal) => buildPlan({ normal }, this.network, INPUT));
    let generated = 0;
    let forwarded = 0;
    const { value, grads, correct } = lossAndGradients(this.ghn.variables, () => {
      const weights = this.ghn.generate(plans);
      generated = performance.now();
      const losses = plans.map((plan, i) => {
        const { logits } = forward(plan, ops, new TensorWeights(weights[i] ?? new Map()), this.images, { statistics: "batch" });
        return ops.softmaxCrossEntropy(logits, this.labels).mean().asScalar();
      });
      const loss = ops.addN(losses).div(losses.length).asScalar();
      forwarded = performance.now();
      return { loss, correct: tf.scalar(0) };
    });
    const backward = performance.now();
    this.optimizer.apply(grads, 1e-3);
    const loss = value.dataSync()[0] ?? Number.NaN;
    tf.dispose([value, correct]);
    tf.dispose(grads);
    const end = performance.now();
    return {
      loss,
      ms: end - start,
      generationMs: generated - start,
      forwardMs: forwarded - generated,
      backwardMs: backward - forwarded,
      optimizerMs: end - backward,
    };
  }

  /** Scores some cells; the loss is their mean. */
  score(cells: readonly Cell[]): { loss: number; ms: number; generationMs: number; evaluationMs: number } {
    const { ops } = this.backend;
    return tf.tidy(() => {
      const start = performance.now();
      const plans = cells.map((normal) => buildPlan({ normal }, this.network, INPUT));
      const weights = this.ghn.generate(plans);
      const generated = performance.now();
      const losses = plans.map((plan, i) =>
        tf.tidy(() => {
          const { logits } = forward(plan, ops, new TensorWeights(weights[i] ?? new Map()), this.images, { statistics: "batch" });
          return ops.softmaxCrossEntropy(logits, this.labels).mean().dataSync()[0] ?? Number.NaN;
        }),
      );
      const end = performance.now();
      return {
        loss: losses.reduce((sum, loss) => sum + loss, 0) / losses.length,
        ms: end - start,
        generationMs: generated - start,
        evaluationMs: end - generated,
      };
    });
  }

  /** Generates all weights of some cells; returns the time in milliseconds. */
  generate(cells: readonly Cell[]): number {
    const start = performance.now();
    tf.tidy(() => void this.ghn.generate(cells.map((normal) => buildPlan({ normal }, this.network, INPUT))));
    return performance.now() - start;
  }

  /** The tensors in a checkpoint of a GHN training. */
  tensors(): NamedArrays {
    return new Map([...withPrefix("ghn/", this.ghn.exportWeights()), ...withPrefix("optimizer/", this.optimizer.state())]);
  }

  restore(tensors: NamedArrays): void {
    this.ghn.importWeights(prefixed("ghn/", tensors));
    this.optimizer.restore(prefixed("optimizer/", tensors));
  }

  dispose(): void {
    this.optimizer.dispose();
    this.ghn.dispose();
    tf.dispose([this.images, this.labels]);
  }
}

/** Trains one network from scratch on a fixed batch, without augmentation, drop-path or auxiliary head. */
export class NetworkSteps {
  private readonly backend: Backend;
  private readonly bench: GhnSteps;
  private readonly weights: VariableWeights;
  private readonly optimizer: Optimizer;
  private readonly plan: ReturnType<typeof buildPlan>;

  constructor(backend: Backend, bench: GhnSteps, cell: Cell) {
    this.backend = backend;
    this.bench = bench;
    this.plan = buildPlan({ normal: cell }, bench.network, INPUT);
    this.weights = new VariableWeights(this.plan, Rng.fromSeed(3, "bench-init"));
    this.optimizer = backend.createSgd(
      this.weights.entries().map(({ variable, decays }) => ({ variable, weightDecay: decays ? 3e-4 : 0 })),
      { momentum: 0.9, clipNorm: 5 },
    );
  }

  async file(folder: string): Promise<string> {
    const file = path.join(folder, "weights.safetensors");
    await writeSafetensors(file, new Map(Object.entries(this.weights.export())), {});
    return file;
  }

  step(): { loss: number; ms: number } {
    const start = performance.now();
    const { ops } = this.backend;
    const { value, grads, correct } = lossAndGradients(
      this.weights.entries().map(({ variable }) => variable),
      () => {
        const { logits } = forward(this.plan, ops, this.weights, this.bench.images, { statistics: "batch" });
        return { loss: ops.softmaxCrossEntropy(logits, this.bench.labels).mean().asScalar(), correct: tf.scalar(0) };
      },
    );
    this.optimizer.apply(grads, 0.025);
    const loss = value.dataSync()[0] ?? Number.NaN;
    tf.dispose([value, correct]);
    tf.dispose(grads);
    return { loss, ms: performance.now() - start };
  }

  dispose(): void {
    this.optimizer.dispose();
    this.weights.dispose();
  }
}
