import { type Cell, INPUT_NODES } from "../../../src-shared/domain/cell.ts";
import type { Architecture } from "../../../src-shared/domain/network.ts";
import type { SearchSettings } from "../../../src-shared/domain/run-config.ts";
import type { SearchSpace } from "../../../src-shared/domain/search-space.ts";
import { canonicalForm } from "../cells/canonical.ts";
import { sampleCell } from "../cells/sampler.ts";
import { UserError } from "../errors.ts";
import { Rng, type RngState } from "../random.ts";

/** A cell with what a strategy needs to know about it. */
export interface ScoredCell {
  readonly cell: Cell;
  readonly canonical: string;
  /** Validation accuracy with generated weights, 0 to 1. */
  readonly score: number;
}

/** Proposes cells, each only once (by canonical form), and learns from their scores. */
export interface SearchStrategy {
  /** Up to `count` new cells that fit the constraints. */
  propose(count: number): Proposal[];
  observe(cells: readonly ScoredCell[]): void;
  /** Plain JSON; `restore` continues with the same proposals. */
  state(): unknown;
}

export interface Proposal {
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

interface StrategyState {
  readonly rng: RngState;
  readonly seen: readonly string[];
  readonly population: readonly ScoredCell[];
}

/** Attempts to find one more new, allowed cell before the space counts as exhausted. */
const MAX_ATTEMPTS = 20_000;

/** Makes the strategy that a config names, anew or from a saved state. */
export function createStrategy(input: StrategyInput, saved: unknown): SearchStrategy {
  const state = saved as StrategyState | null;
  const resumed: StrategyInput = state === null ? input : { ...input, rng: Rng.fromState(state.rng), seen: new Set([...input.seen, ...state.seen]) };
  const population = [...(state?.population ?? [])];
  switch (input.settings.strategy) {
    case "random":
      return new PopulationStrategy(resumed, population, (shared) => shared.fresh());
    case "evolution":
      return new PopulationStrategy(resumed, population, proposeByTournament);
    case "local-search":
      return new PopulationStrategy(resumed, population, proposeNeighbourOfBest);
  }
}

/** How one cell is proposed; null means that nothing new was found this way. */
type Proposer = (shared: PopulationStrategy) => Cell | null;

/** Random search, regularised evolution and local search differ only in how they propose. */
class PopulationStrategy implements SearchStrategy {
  readonly input: StrategyInput;
  readonly population: ScoredCell[];
  private readonly proposer: Proposer;

  constructor(input: StrategyInput, population: ScoredCell[], proposer: Proposer) {
    this.input = input;
    this.population = population;
    this.proposer = proposer;
  }

  propose(count: number): Proposal[] {
    const proposals: Proposal[] = [];
    for (let i = 0; i < count; i++) {
      const proposal = this.one();
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
    if (this.input.settings.strategy === "random") return;
    this.population.push(...cells);
    // Regularised evolution: the oldest leave. Local search keeps the best instead.
    const limit = this.input.settings.populationSize;
    if (this.input.settings.strategy === "local-search") this.population.sort((a, b) => b.score - a.score);
    if (this.population.length > limit) {
      if (this.input.settings.strategy === "local-search") this.population.length = limit;
      else this.population.splice(0, this.population.length - limit);
    }
  }

  state(): StrategyState {
    return { rng: this.input.rng.state(), seen: [...this.input.seen], population: this.population };
  }

  /** A random cell of the space. */
  fresh(): Cell {
    return sampleCell(this.input.space, this.input.rng);
  }

  private one(): Proposal | null {
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      // A neighbourhood that is used up falls back to fresh cells.
      const cell = (attempt < MAX_ATTEMPTS / 20 ? this.proposer(this) : null) ?? this.fresh();
      const canonical = canonicalForm(cell);
      if (this.input.seen.has(canonical) || !this.input.allowed(cell)) continue;
      this.input.seen.add(canonical);
      return { architecture: { normal: cell }, cell, canonical };
    }
    return null;
  }
}

/** Regularised evolution (Real et al., 2018): the best of a random tournament is mutated. */
function proposeByTournament(shared: PopulationStrategy): Cell | null {
  const { rng, settings, space } = shared.input;
  if (shared.population.length < settings.populationSize) return null;
  let best: ScoredCell | null = null;
  for (let i = 0; i < settings.tournamentSize; i++) {
    const candidate = rng.choice(shared.population);
    if (best === null || candidate.score > best.score) best = candidate;
  }
  return best === null ? null : mutateCell(best.cell, space, rng);
}

/** Local search: one change to one of the best cells so far. */
function proposeNeighbourOfBest(shared: PopulationStrategy): Cell | null {
  const { rng, settings, space } = shared.input;
  if (shared.population.length < Math.min(settings.populationSize, 10)) return null;
  const top = shared.population.slice(0, Math.max(1, Math.min(5, shared.population.length)));
  return mutateCell(rng.choice(top).cell, space, rng);
}

/** One random change: another operation for a node, or another input. The result is always a valid cell. */
export function mutateCell(cell: Cell, space: SearchSpace, rng: Rng): Cell {
  const nodes = cell.nodes.map((node) => ({ operation: node.operation, inputs: [...node.inputs] }));
  const index = rng.int(nodes.length);
  const node = nodes[index];
  if (node === undefined) return cell;
  const others = space.operations.filter((operation) => operation !== node.operation);
  const canRewire = INPUT_NODES + index > node.inputs.length;
  if (others.length > 0 && (!canRewire || rng.bernoulli(0.5))) {
    node.operation = rng.choice(others);
  } else if (canRewire) {
    const used = new Set(node.inputs);
    const free = Array.from({ length: INPUT_NODES + index }, (_, i) => i).filter((i) => !used.has(i));
    const move = rng.int(3);
    if (move === 0 && node.inputs.length > 1) node.inputs.splice(rng.int(node.inputs.length), 1);
    else if (move === 1 && node.inputs.length < space.maxInputs) node.inputs.push(rng.choice(free));
    else node.inputs[rng.int(node.inputs.length)] = rng.choice(free);
    node.inputs.sort((a, b) => a - b);
  }
  return { nodes };
}
