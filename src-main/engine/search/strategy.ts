import type { SearchSettings } from "../../../src-shared/domain/config/run-config.ts";
import { UserError } from "../../lib/errors.ts";
import { Rng, type RngState } from "../random.ts";
import type { SearchSpace } from "../spaces/shared/search-space.ts";
import type { SpaceTypes } from "../spaces/shared/space-types.ts";
import { Evolution } from "./evolution.ts";
import { LocalSearch } from "./local-search.ts";
import type { Proposer, ScoredArchitecture, StrategyInput } from "./proposer.ts";

/** Proposes architectures, each at most once (by canonical form), and learns from their scores. */
export interface SearchStrategy<A> {
  /** Up to `count` new architectures that satisfy the constraints. Each counts as a sample of the search, whatever it was proposed for. */
  propose(count: number): Proposal<A>[];
  observe(scored: readonly ScoredArchitecture<A>[]): void;
  /** Plain JSON; passing it to `createStrategy` continues with the same proposals. */
  state(): unknown;
}

export interface Proposal<A> {
  /** Name of a given architecture; all others are numbered. */
  readonly name?: string;
  readonly architecture: A;
  readonly canonical: string;
}

interface StrategyState {
  readonly rng: RngState;
  readonly seen: readonly string[];
  readonly proposer: unknown;
}

/** Random draws without a new, allowed architecture before the space counts as exhausted. */
const MAX_ATTEMPTS = 20_000;

/**
 * Creates the strategy named in a config, new or from a saved state.
 * @throws Error for a strategy that mutates architectures, in a space without mutations
 */
export function createStrategy<T extends SpaceTypes>(input: StrategyInput<T>, saved: unknown): SearchStrategy<T["architecture"]> {
  const state = saved as StrategyState | null;
  return new DistinctArchitectures(
    state === null ? input : { ...input, rng: Rng.fromState(state.rng) },
    proposerOf(input.space, input.search, state?.proposer ?? null),
    state?.seen ?? [],
  );
}

function proposerOf<T extends SpaceTypes>(space: SearchSpace<T>, search: SearchSettings, saved: unknown): Proposer<T> {
  if (search.strategy === "random") return { proposals: () => [], observe: () => undefined, exhausted: () => false, state: () => null };
  if (space.mutation === null) throw new Error(`The strategy ${search.strategy} needs mutations, which this space does not support.`);
  switch (search.strategy) {
    case "evolution":
      return new Evolution(space, space.mutation, search, saved);
    case "local-search":
      return new LocalSearch(space, space.mutation, saved);
  }
}

/** Proposes what its proposer suggests, otherwise random architectures; none of them twice. */
class DistinctArchitectures<T extends SpaceTypes> implements SearchStrategy<T["architecture"]> {
  private readonly input: StrategyInput<T>;
  private readonly proposer: Proposer<T>;
  private readonly seen: Set<string>;

  constructor(input: StrategyInput<T>, proposer: Proposer<T>, seen: readonly string[]) {
    this.input = input;
    this.proposer = proposer;
    this.seen = new Set(seen);
  }

  propose(count: number): Proposal<T["architecture"]>[] {
    const proposals: Proposal<T["architecture"]>[] = [];
    while (proposals.length < count) {
      const before = proposals.length;
      for (const architecture of this.proposer.proposals(this.input)) {
        const proposal = this.taken(architecture);
        if (proposal !== null) proposals.push(proposal);
        if (proposals.length === count) break;
      }
      // A proposer may have further suggestions once these are used up; after the last one, architectures are drawn at random.
      if (proposals.length === before && !this.proposer.exhausted()) break;
    }
    while (proposals.length < count) {
      const proposal = this.random();
      if (proposal === null) break;
      proposals.push(proposal);
    }
    if (proposals.length === 0)
      throw new UserError(`No other ${this.input.space.noun.toLowerCase()} fits the search space and its limits.`, {
        code: "space-exhausted",
        remedy: "Reduce the number of samples, allow more operations or nodes, or widen the limits on parameters and multiply-adds.",
        field: "search.samples",
      });
    return proposals;
  }

  observe(scored: readonly ScoredArchitecture<T["architecture"]>[]): void {
    this.proposer.observe(scored);
  }

  state(): StrategyState {
    return { rng: this.input.rng.state(), seen: [...this.seen], proposer: this.proposer.state() };
  }

  private random(): Proposal<T["architecture"]> | null {
    const { space, settings, rng } = this.input;
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      const proposal = this.taken(space.sample(settings, rng));
      if (proposal !== null) return proposal;
    }
    return null;
  }

  /** The architecture as a proposal; null if it was seen before or is not allowed. */
  private taken(architecture: T["architecture"]): Proposal<T["architecture"]> | null {
    const canonical = this.input.space.canonical(architecture);
    if (this.seen.has(canonical) || !this.input.allowed(architecture)) return null;
    this.seen.add(canonical);
    return { architecture, canonical };
  }
}
