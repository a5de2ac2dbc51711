import type { Training } from "../../../../src-shared/domain/records/run.ts";
import type { GridColumn, GridState, SortKey } from "../../../widgets/grid/grid.ts";

export const TRAINING_COLUMNS: readonly GridColumn[] = [
  { id: "name", title: "Cell", width: 180, sortKey: "name" },
  { id: "role", title: "Role", hint: "Shortlist or random baseline", width: 96, sortKey: "role" },
  { id: "stage", title: "Stage", width: 170, sortKey: "runId" },
  {
    id: "validationAccuracy",
    title: "Validation",
    hint: "Validation accuracy after training",
    width: 104,
    align: "right",
    sortKey: "validationAccuracy",
    descendingFirst: true,
  },
  {
    id: "testAccuracy",
    title: "Test",
    hint: "Test accuracy, measured once at the end",
    width: 96,
    align: "right",
    sortKey: "testAccuracy",
    descendingFirst: true,
  },
  { id: "score", title: "Score", hint: "Validation accuracy with generated weights", width: 96, align: "right", sortKey: "score", descendingFirst: true },
  { id: "trainLoss", title: "Training loss", width: 116, align: "right", sortKey: "trainLoss" },
  { id: "parameters", title: "Parameters", width: 110, align: "right", sortKey: "parameters" },
  { id: "multiplyAdds", title: "Multiply-adds", width: 122, align: "right", sortKey: "multiplyAdds" },
  { id: "epochs", title: "Epochs", width: 82, align: "right", sortKey: "epochs" },
  { id: "repetition", title: "Repetition", width: 100, align: "right", sortKey: "repetition" },
  { id: "seed", title: "Seed", width: 76, align: "right", sortKey: "seed" },
  { id: "seconds", title: "Time", width: 104, align: "right", sortKey: "seconds", descendingFirst: true },
];

export const DEFAULT_TRAINING_COLUMNS: GridState = {
  order: TRAINING_COLUMNS.map((column) => column.id),
  hidden: ["stage", "repetition"],
  pinned: ["name"],
  widths: {},
};

/** A copy sorted by columns; missing values come last in both directions. */
export function sortTrainings(trainings: readonly Training[], sort: readonly SortKey[]): Training[] {
  return [...trainings].sort((a, b) => {
    for (const { key, descending } of sort) {
      const [x, y] = [valueFor(a, key), valueFor(b, key)];
      if (x === y) continue;
      if (x === null) return 1;
      if (y === null) return -1;
      const order = typeof x === "number" && typeof y === "number" ? x - y : String(x).localeCompare(String(y), "en", { numeric: true });
      return descending ? -order : order;
    }
    return a.id - b.id;
  });
}

function valueFor(training: Training, key: string): number | string | null {
  // The accuracies of a diverged training are not results: it comes last.
  if (training.divergence !== undefined && (key === "validationAccuracy" || key === "testAccuracy")) return null;
  const value: unknown = Object.hasOwn(training, key) ? training[key as keyof Training] : null;
  return typeof value === "number" || typeof value === "string" ? value : null;
}
