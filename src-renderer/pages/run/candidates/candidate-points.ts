import { paretoFront } from "../../../../src-shared/analysis/statistics/pareto.ts";
import type { Candidate } from "../../../../src-shared/domain/records/run.ts";
import { count, percent } from "../../../lib/format.ts";
import type { ScatterPoint, ScatterShape } from "../../../widgets/charts/options/scatter-option.ts";

export type Cost = "parameters" | "multiplyAdds";
export const COST_TITLES: Readonly<Record<Cost, string>> = { parameters: "Parameters", multiplyAdds: "Multiply-adds" };

/** Scored candidates as points of score against cost, with the Pareto front. */
export function candidatePlot(candidates: readonly Candidate[], cost: Cost): { points: ScatterPoint[]; shape: ScatterShape } {
  const scored = candidates.flatMap((candidate) => (candidate.score === null ? [] : [{ candidate, score: candidate.score }]));
  const front = paretoFront(scored.map(({ candidate, score }) => ({ cost: candidate[cost], value: score })));
  const onFront = new Set(front);
  const points = scored.map(
    ({ candidate, score }, i): ScatterPoint => ({
      id: String(candidate.id),
      label: candidate.name,
      x: candidate[cost],
      y: score,
      group: candidate.role === "shortlist" ? "shortlist" : onFront.has(i) ? "front" : candidate.role === "random" ? "random" : "none",
    }),
  );
  const line = front.flatMap((i): (readonly [number, number])[] => {
    const entry = scored[i];
    return entry === undefined ? [] : [[entry.candidate[cost], entry.score]];
  });
  return { points, shape: { xName: COST_TITLES[cost], yName: "Score", formatX: count, formatY: (value) => percent(value, 1), front: line } };
}
