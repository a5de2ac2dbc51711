/** Networks with random weights and statistics, as an export reads them, and the studio's own answer. */
import { type Backend, type Tensor4D, tf } from "../../../../src-main/engine/backend/index.ts";
import type { NamedArray } from "../../../../src-main/engine/backend/ops/types.ts";
import { outputsOf } from "../../../../src-main/engine/evaluation/output-counter.ts";
import type { ExportedNetwork } from "../../../../src-main/engine/formats/exported-network.ts";
import { forward } from "../../../../src-main/engine/network/forward.ts";
import type { BuiltPlan } from "../../../../src-main/engine/network/program.ts";
import { RunningStatistics } from "../../../../src-main/engine/network/running-statistics.ts";
import { VariableWeights } from "../../../../src-main/engine/network/weights.ts";
import { Rng } from "../../../../src-main/engine/random.ts";
import type { NetworkInput } from "../../../../src-shared/domain/architecture/network.ts";

export interface Made {
  readonly network: ExportedNetwork;
  /** Logits of each output for images [n, height, width, channels]. */
  logits(images: Float32Array, count: number): readonly Float32Array[];
}

/** Every parameter and statistic of a plan, random, so that a wrong one shows. */
export function randomArrays(plan: BuiltPlan, seed = 3): Map<string, NamedArray> {
  const rng = Rng.fromSeed(seed, "exported");
  const arrays = new Map<string, NamedArray>();
  const random = (name: string, shape: readonly number[], value: () => number): void => {
    const values = Float32Array.from({ length: shape.reduce((product, length) => product * length, 1) }, value);
    arrays.set(name, { shape, values });
  };
  for (const { id, shape, role, fanIn } of plan.slots) {
    if (role === "scale") random(id, shape, () => 0.8 + 0.4 * rng.uniform());
    else if (role === "shift" || role === "bias") random(id, shape, () => 0.2 * rng.normal());
    else random(id, shape, () => Math.sqrt(1.5 / fanIn) * rng.normal());
  }
  for (const { id, channels } of plan.program.norms) {
    random(`${id}/mean`, [channels], () => 0.2 * rng.normal());
    random(`${id}/variance`, [channels], () => 0.5 + rng.uniform());
  }
  return arrays;
}

/** A network with random arrays. */
export function randomNetwork(backend: Backend, plan: BuiltPlan, seed = 3): Made {
  const arrays = randomArrays(plan, seed);
  const { channels, classes } = plan.program.input;
  const network: ExportedNetwork = {
    plan,
    arrays,
    input: plan.program.input,
    normalisation: { mean: Array.from({ length: channels }, (_, i) => 0.4 + 0.05 * i), std: Array.from({ length: channels }, (_, i) => 0.25 + 0.02 * i) },
    classNames: Array.from({ length: classes }, (_, i) => `class ${i}`),
  };
  return { network, logits: (images, count) => studioLogits(backend, network, images, count) };
}

/** What the studio computes. */
export function studioLogits(backend: Backend, { plan, arrays, input }: ExportedNetwork, images: Float32Array, count: number): readonly Float32Array[] {
  const named = Object.fromEntries(arrays);
  const weights = new VariableWeights(plan, Rng.fromSeed(0, "unused"));
  const running = new RunningStatistics(plan);
  try {
    weights.import(named);
    running.import(named);
    return tf.tidy(() => {
      const x = tf.tensor(images, [count, input.height, input.width, input.channels]) as Tensor4D;
      const results = outputsOf(forward(plan, backend.ops, weights, x, { statistics: "running", running }));
      return results.map((logits) => Float32Array.from(logits.dataSync()));
    });
  } finally {
    weights.dispose();
    running.dispose();
  }
}

/** Normalised images from random bytes; and the bytes. */
export function randomImages({ input, normalisation }: ExportedNetwork, count: number): { readonly pixels: Uint8Array; readonly images: Float32Array } {
  const rng = Rng.fromSeed(1, "images");
  const pixels = Uint8Array.from({ length: count * input.height * input.width * input.channels }, () => rng.int(256));
  return {
    pixels,
    images: Float32Array.from(pixels, (byte, i) => (byte / 255 - (normalisation.mean[i % input.channels] ?? 0)) / (normalisation.std[i % input.channels] ?? 1)),
  };
}

/** [n, height, width, channels] as [n, channels, height, width]. */
export function channelsFirst(images: Float32Array, { height, width, channels }: NetworkInput): Float32Array {
  const result = new Float32Array(images.length);
  const pixels = height * width;
  for (let i = 0; i < images.length; i++) {
    const image = Math.floor(i / (pixels * channels));
    const pixel = Math.floor(i / channels) % pixels;
    result[(image * channels + (i % channels)) * pixels + pixel] = images[i] ?? 0;
  }
  return result;
}

export function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) throw new Error(`${a.length} and ${b.length} values cannot be compared.`);
  let most = 0;
  for (let i = 0; i < a.length; i++) {
    const difference = Math.abs((a[i] ?? Number.NaN) - (b[i] ?? Number.NaN));
    if (!(difference <= most)) most = difference;
  }
  return most;
}
