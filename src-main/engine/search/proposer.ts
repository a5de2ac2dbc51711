import type { SearchSettings } from "../../../src-shared/domain/config/run-config.ts";
import type { Rng } from "../random.ts";
import type { SearchSpace } from "../spaces/shared/search-space.ts";
import type { SpaceTypes } from "../spaces/shared/space-types.ts";

/** An architecture with what a strategy needs to know about it. */
export interface ScoredArchitecture<A> {
  readonly architecture: A;
  readonly canonical: string;
  /** The objectives as numbers to be minimised (`objectiveValues`). */
  readonly objectives: readonly number[];
}

export interface StrategyInput<T extends SpaceTypes> {
  readonly space: SearchSpace<T>;
  readonly settings: T["settings"];
  readonly search: SearchSettings;
  readonly rng: Rng;
  /** True when the counts of the architecture are within the limits. */
  readonly allowed: (architecture: T["architecture"]) => boolean;
}

/** What differs between strategies; drawing new architectures and keeping them distinct is common to all. */
export interface Proposer<T extends SpaceTypes> {
  /** Architectures to be tried next, best first, any number of them; those seen before are skipped. When there are none, random ones are drawn. */
  proposals(input: StrategyInput<T>): Iterable<T["architecture"]>;
  observe(scored: readonly ScoredArchitecture<T["architecture"]>[]): void;
  /** None of the last proposals was new. Answers whether there are others. */
  exhausted(): boolean;
  /** Plain JSON. */
  state(): unknown;
}

/** Reads what `state` kept. Checkpoints of the first versions hold the architecture as `cell`. */
export function savedArchitectures<T extends SpaceTypes>(
  space: SearchSpace<T>,
  list: readonly (ScoredArchitecture<unknown> & { readonly cell?: unknown })[] | undefined,
): ScoredArchitecture<T["architecture"]>[] {
  return (list ?? []).map(({ architecture, cell, canonical, objectives }) => ({ architecture: space.parse(architecture ?? cell), canonical, objectives }));
}
