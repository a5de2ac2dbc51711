import { METRICS } from "../../../src-shared/domain/metrics.ts";
import type { MetricSummary } from "../../../src-shared/domain/records/run.ts";
import type { PackedPoints } from "./metric-pack.ts";

/** True if smaller values are better. For metrics without a direction (a learning rate), the maximum counts as best. */
function lowerIsBetter(name: string): boolean {
  return Object.hasOwn(METRICS, name) && METRICS[name as keyof typeof METRICS].better === "lower";
}

/**
 * Updates a summary with more points. Non-finite values are ignored; of equal values the first stays the best.
 * @returns null when there is no finite value at all
 */
export function summarise(name: string, before: MetricSummary | null, points: Pick<PackedPoints, "count" | "step" | "value">): MetricSummary | null {
  const lower = lowerIsBetter(name);
  let { last, best, bestStep, count } = before ?? { last: Number.NaN, best: Number.NaN, bestStep: 0, count: 0 };
  for (let i = 0; i < points.count; i++) {
    const value = points.value[i] ?? Number.NaN;
    if (!Number.isFinite(value)) continue;
    last = value;
    if (count === 0 || (lower ? value < best : value > best)) {
      best = value;
      bestStep = points.step[i] ?? 0;
    }
    count += 1;
  }
  return count === 0 ? null : { last, best, bestStep, count };
}
