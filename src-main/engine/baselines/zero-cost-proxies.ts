/** Zero-cost proxies: predictors without training. They are reported with their signs, not as absolute values. */
import { EigenvalueDecomposition, Matrix } from "ml-matrix";
import { type Tensor1D, type Tensor2D, type Tensor4D, tf } from "../backend/ops/tf.ts";
import type { Ops } from "../backend/ops/types.ts";
import { forward } from "../network/forward.ts";
import type { NetworkPlan } from "../network/plan-types.ts";
import { VariableWeights } from "../network/weights.ts";
import { Rng } from "../random.ts";
import { nwot, swap } from "./activation-codes.ts";
import { ScaledOps } from "./scaled-ops.ts";

export interface ProxyScores {
  /** Number of weights. */
  readonly parameters: number;
  /** Multiply-adds for one image. */
  readonly multiplyAdds: number;
  /** Sum of the L2 norms of the loss gradient over all convolution and classifier weights, on one batch (Abdelfattah et al., 2021). */
  readonly gradientNorm: number;
  /** Natural logarithm of synaptic flow (Tanaka et al., 2020): log Σ w · dR/dw for the network with weights |w| and without batch norm. */
  readonly synflow: number;
  /** Jacobian covariance (Mellor et al., 2020, first version): −Σ(log(λ + k) + 1 / (λ + k)) over the eigenvalues λ of the correlations between the examples' input gradients. */
  readonly jacobianCovariance: number;
  /** Log-determinant of the kernel of ReLU codes. @see nwot */
  readonly nwot: number;
  /** Number of sample-wise activation patterns. @see swap */
  readonly swap: number;
  /** Time of each proxy in milliseconds. Counts are not timed. */
  readonly milliseconds: Readonly<Record<"gradientNorm" | "synflow" | "jacobianCovariance" | "nwot" | "swap", number>>;
}

/**
 * Computes all proxies of one architecture at initialisation. Leaves no tensor behind.
 * @param images a batch [n, h, w, c], n ≥ 2, the same for all architectures that are compared
 * @param rng draws the initial weights
 */
export function proxyScores(plan: NetworkPlan, ops: Ops, images: Tensor4D, labels: Tensor1D, rng: Rng): ProxyScores {
  const weights = new VariableWeights(plan, rng);
  try {
    const gradient = timed(() => gradientNorm(plan, ops, weights, images, labels));
    const jacobian = timed(() => jacobianCovariance(plan, ops, weights, images));
    const codes = timed(() => nwot(plan, ops, weights, images));
    const patterns = timed(() => swap(plan, ops, weights, images, Rng.fromSeed(0, "swap")));
    // Last, because it makes all weights positive.
    const flow = timed(() => synflow(plan, ops, weights, [images.shape[1], images.shape[2], images.shape[3]]));
    return {
      parameters: plan.counts.parameters,
      multiplyAdds: plan.counts.multiplyAdds,
      gradientNorm: gradient.value,
      jacobianCovariance: jacobian.value,
      nwot: codes.value,
      swap: patterns.value,
      synflow: flow.value,
      milliseconds: { gradientNorm: gradient.ms, jacobianCovariance: jacobian.ms, nwot: codes.ms, swap: patterns.ms, synflow: flow.ms },
    };
  } finally {
    weights.dispose();
  }
}

function timed(work: () => number): { readonly value: number; readonly ms: number } {
  const from = performance.now();
  const value = work();
  return { value, ms: performance.now() - from };
}

function decaying(weights: VariableWeights) {
  return weights.entries().flatMap(({ variable, decays }) => (decays ? [variable] : []));
}

function gradientNorm(plan: NetworkPlan, ops: Ops, weights: VariableWeights, images: Tensor4D, labels: Tensor1D): number {
  return tf.tidy(() => {
    const { grads } = tf.variableGrads(
      () =>
        ops
          .softmaxCrossEntropy(forward(plan, ops, weights, images, { statistics: "batch" }).logits, labels)
          .mean()
          .asScalar(),
      decaying(weights),
    );
    return tf.addN(Object.values(grads).map((gradient) => gradient.square().sum().sqrt())).dataSync()[0] ?? Number.NaN;
  });
}

/** Replaces `weights` by their absolute values. */
function synflow(plan: NetworkPlan, ops: Ops, weights: VariableWeights, [height, width, channels]: readonly [number, number, number]): number {
  return tf.tidy(() => {
    const variables = decaying(weights);
    for (const variable of variables) variable.assign(tf.abs(variable));
    const scaled = new ScaledOps(ops);
    let log = 0;
    const { grads } = tf.variableGrads(() => {
      const { logits } = forward(plan, scaled, weights, scaled.register(tf.ones([1, height, width, channels]) as Tensor4D), { statistics: "batch" });
      log = scaled.lastProductLog;
      return logits.sum().asScalar();
    }, variables);
    const flow = tf.addN(variables.map((variable) => tf.mul(variable, grads[variable.name] ?? tf.zerosLike(variable)).sum())).dataSync()[0] ?? Number.NaN;
    return log + Math.log(flow);
  });
}

/** k: keeps eigenvalues away from 0, as the authors do. */
const EIGENVALUE_FLOOR = 1e-5;

function jacobianCovariance(plan: NetworkPlan, ops: Ops, weights: VariableWeights, images: Tensor4D): number {
  const jacobian = tf.tidy(() => {
    const gradient = tf.grad((x) => forward(plan, ops, weights, x as Tensor4D, { statistics: "batch" }).logits.sum())(images) as Tensor4D;
    const rows = gradient.reshape([images.shape[0], -1]) as Tensor2D;
    const centred = rows.sub(rows.mean(1, true));
    return tf.div(centred, centred.norm("euclidean", 1, true).add(1e-20)) as Tensor2D;
  });
  const correlations = tf.tidy(() => (tf.matMul(jacobian, jacobian, false, true) as Tensor2D).arraySync());
  jacobian.dispose();
  if (correlations.some((row) => row.some((value) => !Number.isFinite(value)))) return Number.NaN;
  const eigenvalues = new EigenvalueDecomposition(new Matrix(correlations), { assumeSymmetric: true }).realEigenvalues;
  return -eigenvalues.reduce((sum, value) => sum + Math.log(Math.max(0, value) + EIGENVALUE_FLOOR) + 1 / (Math.max(0, value) + EIGENVALUE_FLOOR), 0);
}
