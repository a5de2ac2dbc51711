import type { RunKind } from "../../../../src-shared/domain/config/run-config.ts";
import type { Preset, RunEstimate } from "../../../../src-shared/domain/records/drafts.ts";

type Cost = Pick<RunEstimate, "seconds" | "memoryBytes">;

const DAY = 86_400;

/** What is wrong with the cost of a run; empty if it is reasonable. */
export interface Judgement {
  readonly long: boolean;
  readonly tooBig: boolean;
}

/** A run of more than a day is usually a mistake on this computer; one that exceeds its memory fails. @param memoryBytes of the computer; null if unknown */
export function judge(estimate: Cost, memoryBytes: number | null): Judgement {
  return { long: estimate.seconds > DAY, tooBig: memoryBytes !== null && estimate.memoryBytes > memoryBytes };
}

export function isReasonable(judgement: Judgement): boolean {
  return !judgement.long && !judgement.tooBig;
}

export interface EstimatedPreset {
  readonly preset: Preset;
  readonly estimate: Cost;
}

/** The preset of a kind that fits this computer and is nearest to what was configured: the same dataset first, then the one that takes longest. */
export function nearestFitting(
  candidates: readonly EstimatedPreset[],
  wanted: { readonly kind: RunKind; readonly dataset: unknown },
  memoryBytes: number | null,
): EstimatedPreset | null {
  const same = ({ preset }: EstimatedPreset): number => Number(preset.config.dataset.id === wanted.dataset);
  return (
    candidates
      .filter(({ preset, estimate }) => preset.config.kind === wanted.kind && isReasonable(judge(estimate, memoryBytes)))
      .toSorted((a, b) => same(b) - same(a) || b.estimate.seconds - a.estimate.seconds)[0] ?? null
  );
}
