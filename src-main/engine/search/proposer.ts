import type { SearchSettings } from "../../../src-shared/domain/config/run-config.ts";
import type { Rng } from "../random.ts";
import type { SearchSpace } from "../spaces/shared/search-space.ts";
import type { SpaceTypes } from "../spaces/shared/space-types.ts";

/** An architecture and what a strategy needs to know about it. */
export interface ScoredArchitecture<A> {
  readonly architecture: A;
  readonly canonical: string;
  /** The objectives as numbers to minimise (`objectiveValues`). */
  readonly objectives: readonly number[];
}

export interface StrategyInput<T extends SpaceTypes> {
  readonly space: SearchSpace<T>;
  readonly settings: T["settings"];
  readonly search: SearchSettings;
  readonly rng: Rng;
  /** True if the counts of the architecture are within the limits. */
  readonly allowed: (architecture: T["architecture"]) => boolean;
}

/** The part of a strategy that differs between strategies; all share drawing random architectures and removing duplicates. */
export interface Proposer<T extends SpaceTypes> {
  /** Any number of architectures to try next, best first. Those seen before are skipped; if none are left, random ones are drawn. */
  proposals(input: StrategyInput<T>): Iterable<T["architecture"]>;
  observe(scored: readonly ScoredArchitecture<T["architecture"]>[]): void;
  /** Called when none of the last proposals was new. Returns whether there are others. */
  exhausted(): boolean;
  /** Plain JSON. */
  state(): unknown;
}

/** Reads a saved `state`. Checkpoints of the first versions store the architecture as `cell`. */
export function savedArchitectures<T extends SpaceTypes>(
  space: SearchSpace<T>,
  list: readonly (ScoredArchitecture<unknown> & { readonly cell?: unknown })[] | undefined,
): ScoredArchitecture<T["architecture"]>[] {
  return (list ?? []).map(({ architecture, cell, canonical, objectives }) => ({ architecture: space.parse(architecture ?? cell), canonical, objectives }));
}
