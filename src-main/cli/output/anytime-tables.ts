/** Tables of anytime networks: rankings, trainings and curves. */

import { rangeWords } from "../../../src-shared/analysis/curves/anytime-curve.ts";
import { count, percent, whole } from "../../../src-shared/analysis/format.ts";
import type { AnytimeCandidate, AnytimeTraining, MeasuredExit } from "../../../src-shared/domain/records/anytime-records.ts";
import type { StoreReader } from "../../store/store.ts";
import type { Io } from "./io.ts";
import { table } from "./tables.ts";

/** A section of the output with its heading. */
export interface OutputSection {
  readonly title: string;
  readonly text: string;
}

/** The sections of an anytime run; empty for other runs. @param limit maximum number of ranked networks */
export function anytimeSections(io: Io, store: StoreReader, runId: string, limit: number): OutputSection[] {
  const candidates = store.candidates.in("anytime").list(runId, { limit: Math.max(1, limit), stages: true }).rows;
  const trainings = store.trainings.in("anytime").listAll(runId);
  const [first] = [...trainings, ...candidates];
  if (first === undefined) return [];
  const range = rangeWords({ maxMultiplyAdds: first.maxBudget, chance: first.chance });
  return [
    ...(candidates.length === 0 || limit === 0 ? [] : [{ title: `Networks by predicted area (${range})`, text: rankingTable(io, candidates.slice(0, limit)) }]),
    ...(trainings.length === 0 ? [] : [{ title: `Trainings by area (${range})`, text: trainingsTable(io, trainings) }]),
    ...trainings
      .filter(({ divergence }) => divergence === undefined)
      .map((training) => ({ title: `Curve of ${training.name}`, text: curveTable(io, training.exits) })),
    ...(trainings.length > 0 || candidates[0] === undefined || limit === 0
      ? []
      : [{ title: `Predicted curve of ${candidates[0].name}`, text: curveTable(io, candidates[0].exits) }]),
  ];
}

function rankingTable(io: Io, candidates: readonly AnytimeCandidate[]): string {
  return table(
    io,
    [
      { title: "Rank", align: "right" },
      { title: "Network", align: "right" },
      { title: "Name" },
      { title: "Area", align: "right" },
      { title: "Parameters", align: "right" },
      { title: "First exit", align: "right" },
      { title: "Last exit", align: "right" },
      { title: "Role" },
    ],
    candidates.map((c) => [
      c.rank === null ? "" : String(c.rank),
      String(c.id),
      c.name,
      percent(c.score),
      count(c.parameters),
      count(c.exits[0]?.multiplyAdds ?? 0),
      count(c.multiplyAdds),
      c.role === "none" ? "" : c.role,
    ]),
  );
}

function trainingsTable(io: Io, trainings: readonly AnytimeTraining[]): string {
  return table(
    io,
    [
      { title: "Training", align: "right" },
      { title: "Network" },
      { title: "Role" },
      { title: "F", align: "right" },
      { title: "Parameters", align: "right" },
      { title: "Last exit", align: "right" },
      { title: "Predicted", align: "right" },
      { title: "Area, validation", align: "right" },
      { title: "Area, test", align: "right" },
    ],
    trainings.map((t) => [
      String(t.id),
      t.repetition === 0 ? t.name : `${t.name} (${t.repetition + 1})`,
      t.role === "none" ? "" : t.role,
      t.initialChannels === null ? "" : String(t.initialChannels),
      count(t.parameters),
      count(t.multiplyAdds),
      percent(t.score),
      t.divergence === undefined ? percent(t.area) : io.style("red", "diverged"),
      t.divergence === undefined ? percent(t.testArea) : "",
    ]),
  );
}

/** One row per exit: multiply-adds spent so far, and accuracy. */
function curveTable(io: Io, exits: readonly MeasuredExit[]): string {
  return table(
    io,
    [
      { title: "Exit", align: "right" },
      { title: "At" },
      { title: "Multiply-adds", align: "right" },
      { title: "Validation", align: "right" },
      { title: "Test", align: "right" },
    ],
    exits.map(({ node, multiplyAdds, accuracy, testAccuracy }, i) => [
      String(i + 1),
      node === null ? "" : `cell ${node.cell + 1}, node ${node.node}`,
      whole(multiplyAdds),
      percent(accuracy),
      percent(testAccuracy),
    ]),
  );
}
