import type { NetworkInput } from "../../../src-shared/domain/architecture/network.ts";
import type { CellSource, RunConfig } from "../../../src-shared/domain/config/run-config.ts";
import { fittedNetwork } from "../../engine/spaces/cell/budget.ts";
import type { StoreReader } from "../../store/store.ts";
import { resolveCells } from "./training-source.ts";

/** True for a config whose F depends on its cell. */
export function hasBudget(config: RunConfig): boolean {
  return config.kind === "cell-training" && config.network.multiplyAddBudget !== undefined;
}

/**
 * A config as it is frozen: where it names a budget of multiply-adds, its F is the one that the budget allows its cell. All others come back as they are.
 * @param store null where there is no project yet; the cell must then lie in the config
 * @throws UserError when the cell cannot be had or no F fits
 */
export function fitBudget(config: RunConfig, input: NetworkInput, store: StoreReader | null): RunConfig {
  if (config.kind !== "cell-training" || !hasBudget(config)) return config;
  const { source } = config;
  const architecture = source.from === "cells" ? source.cells[0]?.architecture : firstOf(source, store);
  return architecture === undefined ? config : { ...config, network: fittedNetwork(architecture, config.network, input) };
}

function firstOf(source: CellSource, store: StoreReader | null): ReturnType<typeof resolveCells>[number]["architecture"] | undefined {
  return store === null ? undefined : resolveCells(store, source)[0]?.architecture;
}
