import { dominates, paretoOrder } from "../../../src-shared/analysis/statistics/non-dominated.ts";
import type { Mutation, SearchSpace } from "../spaces/shared/search-space.ts";
import type { SpaceTypes } from "../spaces/shared/space-types.ts";
import { type Proposer, type ScoredArchitecture, type StrategyInput, savedArchitectures } from "./proposer.ts";

/** One climb: the architectures scored since its random start. */
interface LocalSearchState<A> {
  /** Best first. */
  readonly climb: readonly ScoredArchitecture<A>[];
  /** Canonical forms whose neighbourhood is exhausted. */
  readonly explored: readonly string[];
  /** Canonical form of the architecture whose neighbours are proposed; null until a climb has a starting point. */
  readonly current: string | null;
  /** Neighbourhoods exhausted since the climb last improved. */
  readonly inVain: number;
}

/** Random architectures drawn for a climb, which starts at the best of them. */
const STARTS = 8;
/** Neighbourhoods exhausted without improvement (that of the local optimum, then those of the next best architectures) before a climb is abandoned. */
const PATIENCE = 3;
/** Architectures of a climb that are remembered. */
const MEMORY = 200;

/**
 * Local search (as White et al., 2020, with first improvement): proposes neighbours of the current architecture in random order and moves on as soon as one of them is better. When the neighbourhood is
 * exhausted, it moves to the next best architecture of the climb; after several neighbourhoods without improvement, it restarts from random architectures. With several objectives,
 * “better” means that it dominates the current one, and the next best is the first in Pareto order (Pareto local search).
 */
export class LocalSearch<T extends SpaceTypes> implements Proposer<T> {
  private readonly mutation: Mutation<T>;
  private climb: readonly ScoredArchitecture<T["architecture"]>[];
  private explored: Set<string>;
  private current: string | null;
  private inVain: number;

  constructor(space: SearchSpace<T>, mutation: Mutation<T>, saved: unknown) {
    const state = saved as LocalSearchState<unknown> | null;
    this.mutation = mutation;
    this.climb = savedArchitectures(space, state?.climb);
    this.explored = new Set(state?.explored ?? []);
    this.current = state?.current ?? null;
    this.inVain = state?.inVain ?? 0;
  }

  proposals({ rng, settings }: StrategyInput<T>): Iterable<T["architecture"]> {
    const current = this.climb.find(({ canonical }) => canonical === this.current);
    return current === undefined ? [] : shuffled(this.mutation.neighbours(current.architecture, settings), (n) => rng.int(n));
  }

  observe(scored: readonly ScoredArchitecture<T["architecture"]>[]): void {
    const before = this.climb;
    const all = [...before, ...scored];
    this.climb = paretoOrder(all.map(({ objectives }) => objectives))
      .slice(0, MEMORY)
      .flatMap((i) => all[i] ?? []);
    const current = before.find(({ canonical }) => canonical === this.current);
    if (current === undefined) {
      if (this.climb.length >= STARTS) this.current = this.next();
      return;
    }
    const better = this.climb.find((one) => scored.includes(one) && dominates(one.objectives, current.objectives));
    if (better === undefined) return;
    this.current = better.canonical;
    if (!before.some((one) => dominates(one.objectives, better.objectives))) this.inVain = 0;
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

  state(): LocalSearchState<T["architecture"]> {
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
