import { areaUnderCurve, exitUnderBudget, PAPER_BUDGET } from "../../../../src-shared/analysis/curves/anytime-curve.ts";
import type { AnytimeArchitecture } from "../../../../src-shared/domain/architecture/anytime.ts";
import type { AnytimeCandidate, AnytimeTraining, MeasuredExit } from "../../../../src-shared/domain/records/anytime-records.ts";
import { usableTrainings } from "../../../../src-shared/domain/records/divergence.ts";
import type { StepSpec } from "../../../widgets/charts/options/step-option.ts";

/** Accuracies shown: predicted with generated weights, or of trained networks on validation or test images. */
export type AnytimeSight = "predicted" | "validation" | "test";

/** A network with early exits, as shown on the page. */
export interface AnytimeRow {
  readonly id: string;
  readonly label: string;
  readonly role: AnytimeTraining["role"];
  readonly rank: number | null;
  readonly parameters: number;
  readonly multiplyAdds: number;
  /** Area under the displayed curve. */
  readonly area: number;
  /** Area predicted by the search, for a trained network. */
  readonly predicted: number | null;
  /** Exits with the displayed accuracies. */
  readonly exits: readonly MeasuredExit[];
  /** Null for references, whose structure is fixed. */
  readonly architecture: AnytimeArchitecture | null;
  readonly maxBudget: number;
  readonly chance: number;
}

export function candidateRows(candidates: readonly AnytimeCandidate[]): AnytimeRow[] {
  return candidates.map((candidate) => ({
    id: `c${candidate.id}`,
    label: candidate.name,
    role: candidate.role,
    rank: candidate.rank,
    parameters: candidate.parameters,
    multiplyAdds: candidate.multiplyAdds,
    area: candidate.score,
    predicted: null,
    exits: candidate.exits,
    architecture: candidate.architecture,
    maxBudget: candidate.maxBudget,
    chance: candidate.chance,
  }));
}

/** Trainings with their validation or test accuracies, best area first; trainings without test accuracies and diverged ones are omitted. */
export function trainingRows(trainings: readonly AnytimeTraining[], sight: "validation" | "test"): AnytimeRow[] {
  const repeated = new Set(trainings.filter((training) => training.repetition > 0).map((training) => training.name));
  return usableTrainings(trainings)
    .flatMap((training): AnytimeRow[] => {
      const exits: MeasuredExit[] = [];
      for (const exit of training.exits) {
        const accuracy = sight === "test" ? exit.testAccuracy : exit.accuracy;
        if (accuracy === null) return [];
        exits.push({ ...exit, accuracy });
      }
      return [
        {
          id: `t${training.id}`,
          label: repeated.has(training.name) ? `${training.name}, repetition ${training.repetition + 1}` : training.name,
          role: training.role,
          rank: null,
          parameters: training.parameters,
          multiplyAdds: training.multiplyAdds,
          area: areaUnderCurve(exits, { maxMultiplyAdds: training.maxBudget, chance: training.chance }),
          predicted: training.score,
          exits,
          architecture: training.model.kind === "cells" ? training.model.architecture : null,
          maxBudget: training.maxBudget,
          chance: training.chance,
        },
      ];
    })
    .sort((a, b) => b.area - a.area);
}

/** Networks plotted by default: all trainings if there are few; for a search, the three best and two random networks. */
export function defaultRows(rows: readonly AnytimeRow[], sight: AnytimeSight): readonly string[] {
  if (sight !== "predicted") return rows.slice(0, 8).map((row) => row.id);
  const ranked = rows.filter((row) => row.rank !== null).slice(0, 3);
  return [...ranked, ...rows.filter((row) => row.role === "random").slice(0, 2)].map((row) => row.id);
}

/**
 * Networks plotted by default, with their colour slots. A training uses the slot of its series, as in its learning curves, unless another
 * plotted network already has it.
 */
export function defaultSlots(rows: readonly AnytimeRow[], sight: AnytimeSight): ReadonlyMap<string, number> {
  const shown = defaultRows(rows, sight);
  if (sight === "predicted") return new Map(shown.map((id, slot) => [id, slot]));
  const series = [...rows].sort((a, b) => Number(a.id.slice(1)) - Number(b.id.slice(1))).map((row) => row.id);
  const slots = new Map<string, number>();
  for (const id of series) if (shown.includes(id) && series.indexOf(id) < SLOTS) slots.set(id, series.indexOf(id));
  for (const id of shown) if (!slots.has(id)) slots.set(id, freeSlot(slots) ?? 0);
  return slots;
}

const SLOTS = 8;

/** The first free colour slot; null if all are taken. */
export function freeSlot(drawn: ReadonlyMap<string, number>): number | null {
  const taken = new Set(drawn.values());
  return Array.from({ length: SLOTS }, (_, slot) => slot).find((slot) => !taken.has(slot)) ?? null;
}

export function specsOf(rows: readonly AnytimeRow[], drawn: ReadonlyMap<string, number>): StepSpec[] {
  return rows.flatMap((row) => {
    const slot = drawn.get(row.id);
    return slot === undefined ? [] : [{ id: row.id, label: row.label, slot, exits: row.exits }];
  });
}

/** The budget range of these networks: the largest range over which an area was computed. */
export function rangeOf(rows: readonly AnytimeRow[]): { readonly maxBudget: number; readonly chance: number } {
  return {
    maxBudget: rows.length === 0 ? PAPER_BUDGET : Math.max(...rows.map((row) => row.maxBudget)),
    chance: rows[0]?.chance ?? 0.1,
  };
}

/** The exit that a network uses within a budget, counted from 1, and its accuracy; null if the budget is below the first exit. */
export function answerUnder(row: AnytimeRow, budget: number): { readonly exit: number | null; readonly accuracy: number; readonly spent: number } {
  const at = exitUnderBudget(row.exits, budget);
  const exit = row.exits[at];
  return exit === undefined ? { exit: null, accuracy: row.chance, spent: 0 } : { exit: at + 1, accuracy: exit.accuracy, spent: exit.multiplyAdds };
}
