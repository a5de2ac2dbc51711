import type { NetworkInput } from "../../../src-shared/domain/architecture/network.ts";
import type { CellSource, RunConfig } from "../../../src-shared/domain/config/run-config.ts";
import { fittedNetwork } from "../../engine/spaces/cell/budget.ts";
import type { StoreReader } from "../../store/store.ts";
import { resolveCells } from "./training-source.ts";

/** True if the F of a config depends on its cell. */
export function hasBudget(config: RunConfig): boolean {
  return config.kind === "cell-training" && config.network.multiplyAddBudget !== undefined;
}

/**
 * The config to freeze: if it has a multiply-add budget, F is set to the largest value that the budget allows for its cell. Other configs are returned unchanged.
 * @param store null if there is no project yet; the cell must then be in the config
 * @throws UserError if the cell cannot be found or no F fits the budget
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
