import type { CellTraining, RunConfig } from "../../../src-shared/domain/config/run-config.ts";

/** How a run trains cells from scratch to compare them; null if it does not. */
export function cellTrainingOf(config: RunConfig): CellTraining | null {
  if (config.kind === "pipeline") return config.compare;
  return config.kind === "cell-training" ? config.training : config.kind === "study" ? config.truth : null;
}
