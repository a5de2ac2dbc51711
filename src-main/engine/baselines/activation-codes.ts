/** Proxies of untrained networks that count on which images each ReLU is active. */
import { EigenvalueDecomposition, Matrix } from "ml-matrix";
import { type Tensor, type Tensor4D, tf } from "../backend/ops/tf.ts";
import type { Ops } from "../backend/ops/types.ts";
import { forward } from "../network/forward.ts";
import type { NetworkPlan } from "../network/plan-types.ts";
import type { WeightSource } from "../network/weights.ts";
import type { Rng } from "../random.ts";

/**
 * NWOT, also NASWOT (Mellor et al., 2021): log |K| with K_ij = N − d(c_i, c_j), where c_i is the code of image i: one bit per unit, 1 where its ReLU is active, d the
 * Hamming distance and N the number of units. Each activation counts once, even if several operations apply a ReLU to it.
 *
 * @param images [n, h, w, c]
 * @returns −∞ if K is singular, for example if two images have the same code
 */
export function nwot(plan: NetworkPlan, ops: Ops, weights: WeightSource, images: Tensor4D): number {
  const [n] = images.shape;
  const kernel = new Float64Array(n * n);
  visitRectified(plan, ops, weights, images, (x) => {
    const code = tf.cast(tf.greater(x, 0), "float32").reshape([n, -1]);
    const other = tf.sub(1, code);
    // Counts of units, exact in float32 up to 2^24 units per activation.
    const agreements = tf.add(tf.matMul(code, code, false, true), tf.matMul(other, other, false, true)).dataSync();
    for (let i = 0; i < kernel.length; i++) kernel[i] = (kernel[i] ?? 0) + (agreements[i] ?? Number.NaN);
  });
  if (!kernel.every(Number.isFinite)) return Number.NaN;
  const eigenvalues = new EigenvalueDecomposition(Matrix.from1DArray(n, n, kernel), { assumeSymmetric: true }).realEigenvalues;
  const floor = RELATIVE_ROUNDING * Math.max(...eigenvalues);
  return eigenvalues.some((value) => value <= floor) ? Number.NEGATIVE_INFINITY : eigenvalues.reduce((sum, value) => sum + Math.log(value), 0);
}

/** Eigenvalues below this share of the largest are zero up to rounding: K holds whole numbers. */
const RELATIVE_ROUNDING = 1e-13;

/**
 * SWAP (Peng et al., 2024): the number of different sample-wise activation patterns. The pattern of a unit is the list of images for which its ReLU is active.
 * With more than 53 images, patterns are compared by hashes of 53 bits: two of a million patterns are mistaken for each other with a probability of 10⁻⁴.
 *
 * @param images [n, h, w, c]
 * @param rng draws the hash function
 */
export function swap(plan: NetworkPlan, ops: Ops, weights: WeightSource, images: Tensor4D, rng: Rng): number {
  const [n] = images.shape;
  // Hashes are two halves, the exclusive or of one word per active image. With at most 53 images, each image has a bit of its own.
  const words = Array.from({ length: n }, (_, i) =>
    n <= LOW_BITS + HIGH_BITS
      ? { low: i < LOW_BITS ? 1 << i : 0, high: i < LOW_BITS ? 0 : 1 << (i - LOW_BITS) }
      : { low: rng.int(2 ** LOW_BITS), high: rng.int(2 ** HIGH_BITS) },
  );
  const found: Float64Array[] = [];
  visitRectified(plan, ops, weights, images, (x) => {
    const values = x.dataSync();
    const units = values.length / n;
    const low = new Int32Array(units);
    const high = new Int32Array(units);
    for (const [image, word] of words.entries()) {
      const start = image * units;
      for (let unit = 0; unit < units; unit++) {
        if (!((values[start + unit] ?? 0) > 0)) continue;
        low[unit] = (low[unit] ?? 0) ^ word.low;
        high[unit] = (high[unit] ?? 0) ^ word.high;
      }
    }
    found.push(distinct(Float64Array.from(low, (bits, unit) => (high[unit] ?? 0) * 2 ** LOW_BITS + bits)));
  });
  const all = new Float64Array(found.reduce((sum, list) => sum + list.length, 0));
  let at = 0;
  for (const list of found) {
    all.set(list, at);
    at += list.length;
  }
  return distinct(all).length;
}

/** Bits of the two halves of a hash, together as many as a double holds exactly. */
const LOW_BITS = 27;
const HIGH_BITS = 26;

/** The distinct values of a list, which is sorted in place. */
function distinct(values: Float64Array): Float64Array {
  values.sort();
  let kept = 0;
  for (let i = 0; i < values.length; i++) if (i === 0 || values[i] !== values[i - 1]) values[kept++] = values[i] ?? 0;
  return values.slice(0, kept);
}

/** Computes the network with batch statistics and passes each activation that a ReLU is applied to, once. `visit` runs inside a tidy. Leaves no tensor behind. */
function visitRectified(plan: NetworkPlan, ops: Ops, weights: WeightSource, images: Tensor4D, visit: (x: Tensor) => void): void {
  const seen = new Set<number>();
  const once = (x: Tensor): void => {
    if (seen.has(x.id)) return;
    seen.add(x.id);
    tf.tidy(() => visit(x));
  };
  const recording: Ops = Object.assign(Object.create(ops) as Ops, {
    relu<T extends Tensor>(x: T): T {
      once(x);
      return ops.relu(x);
    },
    depthwiseConv2d(x: Tensor4D, w: Tensor4D, stride: number, dilation: number, relu?: boolean): Tensor4D {
      if (relu === true) once(x);
      return ops.depthwiseConv2d(x, w, stride, dilation, relu);
    },
  });
  tf.tidy(() => void forward(plan, recording, weights, images, { statistics: "batch" }));
}
