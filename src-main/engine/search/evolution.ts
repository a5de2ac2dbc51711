import { crowdingDistances, frontNumbers } from "../../../src-shared/analysis/statistics/non-dominated.ts";
import type { SearchSettings } from "../../../src-shared/domain/config/run-config.ts";
import type { Mutation, SearchSpace } from "../spaces/shared/search-space.ts";
import type { SpaceTypes } from "../spaces/shared/space-types.ts";
import { type Proposer, type ScoredArchitecture, type StrategyInput, savedArchitectures } from "./proposer.ts";

interface EvolutionState<A> {
  readonly population: readonly ScoredArchitecture<A>[];
}

/** Mutants tried per batch before falling back to random draws; most are new. */
const MAX_MUTANTS = 1000;

/**
 * Regularised evolution (Real et al., 2018, algorithm 1): the best of a random tournament, drawn with replacement, is mutated; the child joins the population and
 * the oldest member is removed, however good it is. The first members are random. With several objectives, the better of two members is the one on the better front of the
 * population, then the one in the less crowded region (Deb et al., 2002).
 */
export class Evolution<T extends SpaceTypes> implements Proposer<T> {
  private readonly mutation: Mutation<T>;
  private readonly search: SearchSettings;
  private population: readonly ScoredArchitecture<T["architecture"]>[];
  private standing: readonly Standing[] | null = null;

  constructor(space: SearchSpace<T>, mutation: Mutation<T>, search: SearchSettings, saved: unknown) {
    this.mutation = mutation;
    this.search = search;
    this.population = savedArchitectures(space, (saved as EvolutionState<unknown> | null)?.population);
  }

  *proposals({ rng, settings }: StrategyInput<T>): Iterable<T["architecture"]> {
    const { populationSize, tournamentSize } = this.search;
    if (this.population.length < populationSize) return;
    const standing = this.standings();
    for (let i = 0; i < MAX_MUTANTS; i++) {
      let winner = rng.int(this.population.length);
      for (let drawn = 1; drawn < tournamentSize; drawn++) {
        const rival = rng.int(this.population.length);
        if (isBetter(standing[rival], standing[winner])) winner = rival;
      }
      const parent = this.population[winner];
      if (parent !== undefined) yield this.mutation.mutate(parent.architecture, settings, rng);
    }
  }

  observe(scored: readonly ScoredArchitecture<T["architecture"]>[]): void {
    this.population = [...this.population, ...scored].slice(-this.search.populationSize);
    this.standing = null;
  }

  exhausted(): boolean {
    return false;
  }

  state(): EvolutionState<T["architecture"]> {
    return { population: this.population };
  }

  private standings(): readonly Standing[] {
    if (this.standing === null) {
      const points = this.population.map(({ objectives }) => objectives);
      const fronts = frontNumbers(points);
      const crowding = crowdingDistances(points, fronts);
      this.standing = fronts.map((front, i) => ({ front, crowding: crowding[i] ?? 0 }));
    }
    return this.standing;
  }
}

interface Standing {
  readonly front: number;
  readonly crowding: number;
}

function isBetter(a: Standing | undefined, b: Standing | undefined): boolean {
  if (a === undefined || b === undefined) return false;
  return a.front < b.front || (a.front === b.front && a.crowding > b.crowding);
}
