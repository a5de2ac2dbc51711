/** Predictors of a study that are computed from others, without labels. Pure. */
import { averageRanks } from "../statistics/coefficients.ts";
import type { PredictorData } from "./study.ts";

/**
 * Regularised SWAP (Peng et al., 2024): SWAP · exp(−(p − μ)² / σ) for a network with p parameters. The authors choose μ and σ for each search space; here, μ is the mean of the
 * parameter counts of the cells and σ twice their variance.
 */
export function regularisedSwap(swap: readonly (number | null)[], parameters: readonly (number | null)[]): (number | null)[] {
  const known = parameters.filter((count): count is number => count !== null);
  const mean = known.reduce((sum, count) => sum + count, 0) / known.length;
  const variance = known.reduce((sum, count) => sum + (count - mean) ** 2, 0) / known.length;
  return swap.map((value, i) => {
    const count = parameters[i] ?? null;
    if (value === null || count === null) return null;
    return variance === 0 ? value : value * Math.exp(-((count - mean) ** 2) / (2 * variance));
  });
}

/** Mean rank in several lists over the cells that all of them know; higher is better. */
export function rankAverage(lists: readonly (readonly (number | null)[])[], cells: number): (number | null)[] {
  const common = Array.from({ length: cells }, (_, i) => i).filter((i) => lists.length > 0 && lists.every((list) => Number.isFinite(list[i] ?? Number.NaN)));
  const ranks = lists.map((list) => averageRanks(common.map((i) => list[i] ?? 0)));
  const averages: (number | null)[] = Array.from({ length: cells }, () => null);
  for (const [at, i] of common.entries()) averages[i] = ranks.reduce((sum, list) => sum + (list[at] ?? 0), 0) / lists.length;
  return averages;
}

/** The rank average as a predictor: one list for each seed; predictors without seeds are the same in all. Null if a name is unknown or there is none. */
export function rankAveragePredictor(names: readonly string[], predictors: readonly PredictorData[], cells: number): PredictorData | null {
  const used = names.flatMap((name) => predictors.filter((one) => one.name === name && one.runs.length > 0));
  if (names.length === 0 || used.length < names.length) return null;
  const longest = used.reduce((most, { runs }) => (runs.length > most.length ? runs : most), used[0]?.runs ?? []);
  return {
    name: `rank average (${names.join(" + ")})`,
    kind: "proxy",
    runs: longest.map(({ seed }, s) => ({
      seed,
      values: rankAverage(
        used.map(({ runs }) => runs[s % runs.length]?.values ?? []),
        cells,
      ),
    })),
    generationMs: null,
    evaluationMs: null,
  };
}
