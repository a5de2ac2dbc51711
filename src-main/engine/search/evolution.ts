import { crowdingDistances, frontNumbers } from "../../../src-shared/analysis/statistics/non-dominated.ts";
import type { Cell } from "../../../src-shared/domain/architecture/cell.ts";
import type { SearchSettings } from "../../../src-shared/domain/config/run-config.ts";
import { mutateCell } from "../spaces/cell/mutation.ts";
import type { Proposer, ScoredCell, StrategyInput } from "./strategy.ts";

export interface EvolutionState {
  readonly population: readonly ScoredCell[];
}

/** Mutants tried for each batch before chance takes over; most are new. */
const MAX_IDEAS = 1000;

/**
 * Regularised evolution (Real et al., 2018, algorithm 1): the best of a random tournament, drawn with replacement, is mutated; the child joins the population and
 * the oldest member leaves, however good it is. The first members are random cells. With several objectives the better of two is the one on the better front of the
 * population, then the one in the less crowded place (Deb et al., 2002).
 */
export class Evolution implements Proposer {
  private readonly settings: SearchSettings;
  private population: readonly ScoredCell[];
  private standing: readonly Standing[] | null = null;

  constructor(settings: SearchSettings, saved: EvolutionState | null) {
    this.settings = settings;
    this.population = saved?.population ?? [];
  }

  *ideas({ rng, space }: StrategyInput): Iterable<Cell> {
    const { populationSize, tournamentSize } = this.settings;
    if (this.population.length < populationSize) return;
    const standing = this.standings();
    for (let i = 0; i < MAX_IDEAS; i++) {
      let winner = rng.int(this.population.length);
      for (let drawn = 1; drawn < tournamentSize; drawn++) {
        const rival = rng.int(this.population.length);
        if (isBetter(standing[rival], standing[winner])) winner = rival;
      }
      const parent = this.population[winner];
      if (parent !== undefined) yield mutateCell(parent.cell, space, rng);
    }
  }

  observe(cells: readonly ScoredCell[]): void {
    this.population = [...this.population, ...cells].slice(-this.settings.populationSize);
    this.standing = null;
  }

  exhausted(): boolean {
    return false;
  }

  state(): EvolutionState {
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
