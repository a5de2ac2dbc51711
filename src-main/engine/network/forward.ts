import type { Ops } from "../backend/index.ts";
import { type Tensor, type Tensor1D, type Tensor2D, type Tensor4D, tf } from "../backend/ops/tf.ts";
import type { Rng } from "../random.ts";
import type { NetworkPlan, ParameterSlot } from "./plan-types.ts";
import { type Program, programOf, type Register, type Step } from "./program.ts";
import type { ChannelMoments, RunningStatistics } from "./running-statistics.ts";
import type { WeightSource } from "./weights.ts";

/** Added to variances in batch norm; the value of PyTorch. */
export const BATCH_NORM_EPSILON = 1e-5;

export interface ForwardOptions {
  /** Batch norm uses the statistics of this batch, or the running averages `running`. */
  readonly statistics: "batch" | "running";
  /** Required with running statistics. With batch statistics, if given, this call updates them. */
  readonly running?: RunningStatistics;
  /** Drops every application of an operation, except identities, with this probability, independently per image (paper, appendix 5.3). */
  readonly dropPath?: { readonly probability: number; readonly rng: Rng };
  /** Also computes the auxiliary head. */
  readonly auxiliary?: boolean;
  /** Networks with several exits: the number of exits to compute, starting with the first. Nodes that only later exits need are skipped. Default: all. */
  readonly exits?: number;
}

export interface ForwardResult {
  /** [n, classes] */
  readonly logits: Tensor2D;
  /** [n, classes]; present if `auxiliary` was requested. */
  readonly auxiliaryLogits?: Tensor2D;
  /** Networks with several exits: logits of each computed exit. `logits` are those of the last one. */
  readonly exitLogits?: readonly Tensor2D[];
}

/**
 * Computes a network with weights from any source. Call it inside `tf.tidy` or a gradient function. Intermediate values
 * are disposed as soon as no later step reads them, so that evaluation needs little memory; while gradients are being
 * recorded, tfjs keeps what they need.
 *
 * @param images [n, height, width, channels], with the size that the plan was built for
 * @throws Error for images of a different size, or if running statistics are required but missing
 */
export function forward(plan: NetworkPlan, ops: Ops, weights: WeightSource, images: Tensor4D, options: ForwardOptions): ForwardResult {
  const program = programOf(plan);
  const { height, width, channels } = program.input;
  const [n, ...shape] = images.shape;
  if (shape[0] !== height || shape[1] !== width || shape[2] !== channels)
    throw new Error(`The network takes images of ${height} × ${width} × ${channels}, but got ${shape.join(" × ")}.`);
  const { running } = options;
  if (options.statistics === "running" && running === undefined) throw new Error("Running statistics are required but missing.");

  const auxiliary = options.auxiliary === true;
  const masks = dropMasks(program, ops, n, options.dropPath);
  const moments: ChannelMoments[] = [];
  const { steps, released } = program.sequence(auxiliary);
  const exits = program.exits?.slice(0, options.exits);
  const values: (Tensor | undefined)[] = [images];
  const run = new StepRunner(ops, weights, options, masks, moments, values);
  try {
    for (const [i, step] of steps.slice(0, exits?.at(-1)?.after).entries()) {
      // Kernels may create more tensors than their result: positions of maxima, rearranged images of a dilated convolution.
      const y = tf.tidy(() => run.step(step));
      values[step.y] = y;
      for (const register of released[i] ?? []) {
        const value = values[register];
        // A sum of one term returns the term.
        if (value !== y) value?.dispose();
        values[register] = undefined;
      }
    }
    if (options.statistics === "batch") running?.update(moments);
  } finally {
    for (const { mean, variance } of moments) tf.dispose([mean, variance]);
    if (masks !== null) tf.dispose(masks);
  }
  if (exits !== undefined) {
    const exitLogits = exits.map((exit) => values[exit.logits] as Tensor2D);
    const last = exitLogits.at(-1);
    if (last === undefined) throw new Error("At least one exit must be computed.");
    return { logits: last, exitLogits };
  }
  const logits = values[program.logits] as Tensor2D;
  return auxiliary ? { logits, auxiliaryLogits: values[program.auxiliary.logits] as Tensor2D } : { logits };
}

/** Computes the steps of a program. */
class StepRunner {
  private readonly ops: Ops;
  private readonly weights: WeightSource;
  private readonly options: ForwardOptions;
  private readonly masks: readonly Tensor4D[] | null;
  private readonly moments: ChannelMoments[];
  private readonly values: readonly (Tensor | undefined)[];

  constructor(
    ops: Ops,
    weights: WeightSource,
    options: ForwardOptions,
    masks: readonly Tensor4D[] | null,
    moments: ChannelMoments[],
    values: readonly (Tensor | undefined)[],
  ) {
    this.ops = ops;
    this.weights = weights;
    this.options = options;
    this.masks = masks;
    this.moments = moments;
    this.values = values;
  }

  step(step: Step): Tensor {
    const { ops } = this;
    switch (step.kind) {
      case "relu":
        return ops.relu(this.image(step.x));
      case "conv":
        return ops.conv2d(this.image(step.x), this.weight(step.weight), step.stride, 1);
      case "depthwise":
        return ops.depthwiseConv2d(this.image(step.x), this.weight(step.weight), 1, step.dilation, step.relu);
      case "norm":
        return this.norm(step);
      case "maxPool":
        return ops.maxPool(this.image(step.x), step.size, step.stride);
      case "avgPool":
        return ops.avgPool(this.image(step.x), step.size, step.stride);
      case "upsample":
        return this.upsample(step);
      case "sum":
        return this.sum(step);
      case "concat":
        return ops.concatChannels(step.xs.map((x) => this.image(x)));
      case "globalAveragePool":
        return ops.globalAveragePool(this.image(step.x));
      case "dense":
        return tf.add(ops.matMul(this.value<Tensor2D>(step.x), this.weight<Tensor2D>(step.weight)), this.weight<Tensor1D>(step.bias));
    }
  }

  private norm(step: Extract<Step, { kind: "norm" }>): Tensor4D {
    const x = this.image(step.x);
    const [scale, shift] = [this.weight<Tensor1D>(step.scale), this.weight<Tensor1D>(step.shift)];
    if (this.options.statistics === "running") {
      const moments = this.options.running?.at(step.statistic);
      if (moments === undefined) throw new Error("Running statistics are required but missing.");
      return this.ops.batchNormInference(x, scale, shift, moments.mean, moments.variance, BATCH_NORM_EPSILON);
    }
    const { y, mean, variance } = this.ops.batchNormTrain(x, scale, shift, BATCH_NORM_EPSILON);
    this.moments[step.statistic] = { mean: tf.keep(mean), variance: tf.keep(variance) };
    return y;
  }

  private upsample({ x, factor, height, width }: Extract<Step, { kind: "upsample" }>): Tensor4D {
    const large = this.ops.resizeNearest(this.image(x), factor);
    const [n, h, w, channels] = large.shape;
    return h === height && w === width ? large : this.ops.slice(large, [0, 0, 0, 0], [n, height, width, channels]);
  }

  private sum(step: Extract<Step, { kind: "sum" }>): Tensor4D {
    const { masks } = this;
    const terms = step.xs.map((x) => this.image(x));
    if (masks === null || step.masks === null) return this.ops.addN(terms);
    const dropped = terms.map((term, i) => {
      const mask = masks[step.masks?.[i] ?? -1];
      if (mask === undefined) throw new Error("A drop-path mask is missing.");
      return this.ops.dropPath(term, mask);
    });
    return this.ops.addN(dropped);
  }

  private image(register: Register): Tensor4D {
    return this.value<Tensor4D>(register);
  }

  private value<T extends Tensor>(register: Register): T {
    const value = this.values[register];
    if (value === undefined) throw new Error(`Register ${register} is empty.`);
    return value as T;
  }

  private weight<T extends Tensor = Tensor4D>(slot: ParameterSlot): T {
    return this.weights.get(slot) as T;
  }
}

/** One drop-path mask [n, 1, 1, 1] per application of an operation: 0 with the given probability, else 1 / (1 - probability). */
function dropMasks(program: Program, ops: Ops, n: number, dropPath: ForwardOptions["dropPath"]): Tensor4D[] | null {
  if (dropPath === undefined || dropPath.probability <= 0 || program.masks === 0) return null;
  const { probability, rng } = dropPath;
  if (probability >= 1) throw new Error(`The drop-path probability must be below 1 but is ${probability}.`);
  const kept = 1 / (1 - probability);
  const values = Float32Array.from({ length: program.masks * n }, () => (rng.bernoulli(probability) ? 0 : kept));
  const all = tf.tensor(values, [program.masks, n, 1, 1, 1]);
  const masks = ops.unstack(all) as Tensor4D[];
  all.dispose();
  return masks;
}
