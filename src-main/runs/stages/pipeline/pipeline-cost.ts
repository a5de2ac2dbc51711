import type { StoreReader } from "../../../store/store.ts";
import type { StageRuns } from "./pipeline-stages.ts";

/** Hours that one device was busy. */
export interface DeviceHours {
  readonly name: "search" | "comparison" | "final";
  readonly hours: number;
}

/** Cost of a pipeline so far. The search is everything that chooses cells: the training of the GHN and the ranking. */
export function pipelineCost(store: StoreReader, runs: StageRuns): DeviceHours[] {
  const of = (name: DeviceHours["name"], ids: readonly (string | undefined)[]): DeviceHours[] => {
    const done = ids.flatMap((id) => (id === undefined ? [] : (store.runs.get(id) ?? [])));
    return done.length === 0 ? [] : [{ name, hours: done.reduce((sum, run) => sum + run.activeSeconds, 0) / 3600 }];
  };
  return [...of("search", [runs.ghn, runs.search]), ...of("comparison", [runs.compare]), ...of("final", [runs.final])];
}
