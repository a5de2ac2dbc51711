import type { RunConfig } from "../../../src-shared/domain/config/run-config.ts";
import type { BackendChoice } from "./ops/types.ts";

/** How the backend of a run is started. Configs that were frozen before a setting existed lack it. */
export function backendChoice({ backend, threads, deterministic }: RunConfig["compute"]): BackendChoice {
  return { prefer: backend, ...(threads > 0 ? { threads } : {}), ...(deterministic === true ? { deterministic } : {}) };
}
