import { dominates, paretoOrder } from "../../../src-shared/analysis/statistics/non-dominated.ts";
import type { Cell } from "../../../src-shared/domain/architecture/cell.ts";
import { neighboursOf } from "../spaces/cell/mutation.ts";
import type { Proposer, ScoredCell, StrategyInput } from "./strategy.ts";

/** One climb: what has been scored since its random start. */
export interface LocalSearchState {
  /** Best first. */
  readonly climb: readonly ScoredCell[];
  /** Canonical forms whose neighbourhood is used up. */
  readonly explored: readonly string[];
  /** The cell whose neighbours are proposed; null before a climb has its start. */
  readonly current: string | null;
  /** Neighbourhoods used up since the climb last found something better. */
  readonly inVain: number;
}

/** Random cells at the start of a climb; the best of them is climbed from. */
const STARTS = 8;
/** Neighbourhoods used up in vain, the local optimum's and those of the next best cells, before a climb is given up. */
const PATIENCE = 3;
/** Cells of a climb that are remembered. */
const MEMORY = 200;

/**
 * Local search (as White et al., 2020, with first improvement): proposes neighbours of the current cell in random order and moves on as soon as one of them is better; when the neighbourhood is
 * used up, to the next best cell of the climb; and when several neighbourhoods brought nothing, it starts again from random cells. With several objectives
 * “better” means that it dominates the current cell, and the next best is the first in Pareto order (Pareto local search).
 */
export class LocalSearch implements Proposer {
  private climb: readonly ScoredCell[];
  private explored: Set<string>;
  private current: string | null;
  private inVain: number;

  constructor(saved: LocalSearchState | null) {
    this.climb = saved?.climb ?? [];
    this.explored = new Set(saved?.explored ?? []);
    this.current = saved?.current ?? null;
    this.inVain = saved?.inVain ?? 0;
  }

  ideas({ rng, space }: StrategyInput): Iterable<Cell> {
    const current = this.climb.find(({ canonical }) => canonical === this.current);
    return current === undefined ? [] : shuffled(neighboursOf(current.cell, space), (n) => rng.int(n));
  }

  observe(cells: readonly ScoredCell[]): void {
    const before = this.climb;
    const all = [...before, ...cells];
    this.climb = paretoOrder(all.map(({ objectives }) => objectives))
      .slice(0, MEMORY)
      .flatMap((i) => all[i] ?? []);
    const current = before.find(({ canonical }) => canonical === this.current);
    if (current === undefined) {
      if (this.climb.length >= STARTS) this.current = this.next();
      return;
    }
    const better = this.climb.find((cell) => cells.includes(cell) && dominates(cell.objectives, current.objectives));
    if (better === undefined) return;
    this.current = better.canonical;
    if (!before.some((cell) => dominates(cell.objectives, better.objectives))) this.inVain = 0;
  }

  exhausted(): boolean {
    if (this.current === null) return false;
    this.explored.add(this.current);
    this.inVain += 1;
    const next = this.inVain >= PATIENCE ? null : this.next();
    if (next === null) {
      this.climb = [];
      this.explored = new Set();
      this.inVain = 0;
    }
    this.current = next;
    return next !== null;
  }

  state(): LocalSearchState {
    return { climb: this.climb, explored: [...this.explored], current: this.current, inVain: this.inVain };
  }

  private next(): string | null {
    return this.climb.find(({ canonical }) => !this.explored.has(canonical))?.canonical ?? null;
  }
}

/** In random order (Fisher and Yates), lazily. */
function* shuffled<T>(list: T[], below: (n: number) => number): Iterable<T> {
  for (let left = list.length; left > 0; left--) {
    const at = below(left);
    const chosen = list[at];
    const last = list[left - 1];
    if (chosen === undefined || last === undefined) return;
    list[at] = last;
    yield chosen;
  }
}
