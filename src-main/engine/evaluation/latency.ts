import type { Ops } from "../backend/index.ts";
import { type Tensor4D, tf } from "../backend/ops/tf.ts";
import { forward } from "../network/forward.ts";
import type { NetworkPlan } from "../network/plan-types.ts";
import { programOf } from "../network/program.ts";
import { RunningStatistics } from "../network/running-statistics.ts";
import type { WeightSource } from "../network/weights.ts";

/** Number of warm-up passes, during which kernels are selected and memory is allocated. */
const WARM_UP = 2;

/**
 * Milliseconds of a forward pass of one image on this device, the median of `runs` passes. Batch norm uses running statistics, as in deployment. Times depend on the load of the
 * machine and are the only figure of a search that a seed does not reproduce.
 */
export function measureLatency(ops: Ops, plan: NetworkPlan, weights: WeightSource, runs: number): number {
  const { height, width, channels } = programOf(plan).input;
  const running = new RunningStatistics(plan);
  const image: Tensor4D = tf.zeros([1, height, width, channels]);
  try {
    const once = (): number => {
      const start = performance.now();
      // Reading the result waits for the device.
      tf.tidy(() => forward(plan, ops, weights, image, { statistics: "running", running }).logits.dataSync());
      return performance.now() - start;
    };
    for (let i = 0; i < WARM_UP; i++) once();
    return median(Array.from({ length: runs }, once));
  } finally {
    running.dispose();
    image.dispose();
  }
}

/** Median; the mean of the two middle values for an even number of values, NaN for none. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  const upper = sorted[half] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[half - 1] ?? Number.NaN)) / 2;
}
