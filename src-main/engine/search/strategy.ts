import type { Cell } from "../../../src-shared/domain/architecture/cell.ts";
import type { Architecture } from "../../../src-shared/domain/architecture/network.ts";
import type { SearchSpace } from "../../../src-shared/domain/architecture/search-space.ts";
import type { SearchSettings } from "../../../src-shared/domain/config/run-config.ts";
import { UserError } from "../../lib/errors.ts";
import { Rng, type RngState } from "../random.ts";
import { canonicalForm } from "../spaces/cell/canonical.ts";
import { sampleCell } from "../spaces/cell/sampler.ts";
import { Evolution, type EvolutionState } from "./evolution.ts";
import { LocalSearch, type LocalSearchState } from "./local-search.ts";

export { mutateCell } from "../spaces/cell/mutation.ts";

/** A cell with what a strategy needs to know about it. */
export interface ScoredCell {
  readonly cell: Cell;
  readonly canonical: string;
  /** The objectives as numbers that are to be small (`objectiveValues`). */
  readonly objectives: readonly number[];
}

/** Proposes cells, each only once (by canonical form), and learns from what they are worth. */
export interface SearchStrategy {
  /** Up to `count` new cells that fit the constraints. Every one counts as a sample of the search, whatever it was proposed for. */
  propose(count: number): Proposal[];
  observe(cells: readonly ScoredCell[]): void;
  /** Plain JSON; `createStrategy` with it continues with the same proposals. */
  state(): unknown;
}

export interface Proposal {
  /** Of a cell that was given; others are numbered. */
  readonly name?: string;
  readonly architecture: Architecture;
  readonly cell: Cell;
  readonly canonical: string;
}

export interface StrategyInput {
  readonly space: SearchSpace;
  readonly settings: SearchSettings;
  readonly rng: Rng;
  /** True when the counts of the cell are within the limits. */
  readonly allowed: (cell: Cell) => boolean;
  /** Canonical forms that are never proposed. */
  readonly seen: Set<string>;
}

/** What a strategy decides; drawing new cells and keeping them distinct is common to all. */
export interface Proposer {
  /** Cells to be tried next, best first, as many as it likes; those seen before are passed over. None: random cells are drawn. */
  ideas(input: StrategyInput): Iterable<Cell>;
  observe(cells: readonly ScoredCell[]): void;
  /** None of the last ideas was new. Answers whether there are others. */
  exhausted(): boolean;
  state(): unknown;
}

interface StrategyState {
  readonly rng: RngState;
  readonly seen: readonly string[];
  readonly proposer: unknown;
}

/** Random cells drawn for one more new, allowed one before the space counts as exhausted. */
const MAX_ATTEMPTS = 20_000;

/** Makes the strategy that a config names, anew or from a saved state. */
export function createStrategy(input: StrategyInput, saved: unknown): SearchStrategy {
  const state = saved as StrategyState | null;
  const resumed: StrategyInput = state === null ? input : { ...input, rng: Rng.fromState(state.rng), seen: new Set([...input.seen, ...state.seen]) };
  return new DistinctCells(resumed, proposerOf(input.settings, state?.proposer ?? null));
}

function proposerOf(settings: SearchSettings, saved: unknown): Proposer {
  switch (settings.strategy) {
    case "random":
      return RANDOM;
    case "evolution":
      return new Evolution(settings, saved as EvolutionState | null);
    case "local-search":
      return new LocalSearch(saved as LocalSearchState | null);
  }
}

const RANDOM: Proposer = { ideas: () => [], observe: () => undefined, exhausted: () => false, state: () => null };

/** Proposes what its proposer thinks of, or random cells, none of them twice. */
class DistinctCells implements SearchStrategy {
  private readonly input: StrategyInput;
  private readonly proposer: Proposer;

  constructor(input: StrategyInput, proposer: Proposer) {
    this.input = input;
    this.proposer = proposer;
  }

  propose(count: number): Proposal[] {
    const proposals: Proposal[] = [];
    while (proposals.length < count) {
      const before = proposals.length;
      for (const cell of this.proposer.ideas(this.input)) {
        const proposal = this.taken(cell);
        if (proposal !== null) proposals.push(proposal);
        if (proposals.length === count) break;
      }
      // A proposer whose ideas are used up may have others; after the last of them chance goes on.
      if (proposals.length === before && !this.proposer.exhausted()) break;
    }
    while (proposals.length < count) {
      const proposal = this.random();
      if (proposal === null) break;
      proposals.push(proposal);
    }
    if (proposals.length === 0)
      throw new UserError("No further cell fits the search space and its limits.", {
        code: "space-exhausted",
        remedy: "Ask for fewer cells, allow more operations or nodes, or widen the limits on parameters and multiply-adds.",
        field: "search.samples",
      });
    return proposals;
  }

  observe(cells: readonly ScoredCell[]): void {
    this.proposer.observe(cells);
  }

  state(): StrategyState {
    return { rng: this.input.rng.state(), seen: [...this.input.seen], proposer: this.proposer.state() };
  }

  private random(): Proposal | null {
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      const proposal = this.taken(sampleCell(this.input.space, this.input.rng));
      if (proposal !== null) return proposal;
    }
    return null;
  }

  /** The cell as a proposal, unless it is known or not allowed. */
  private taken(cell: Cell): Proposal | null {
    const canonical = canonicalForm(cell);
    if (this.input.seen.has(canonical) || !this.input.allowed(cell)) return null;
    this.input.seen.add(canonical);
    return { architecture: { normal: cell }, cell, canonical };
  }
}
