/** Curves of networks with several exits as comma-separated values: one line per exit, for plots in spreadsheets and notebooks. */
import type { AnytimeCandidate, AnytimeTraining, MeasuredExit } from "../../src-shared/domain/records/anytime-records.ts";
import { csvField } from "./candidates-csv.ts";

/** Header of {@link anytimeCsv}. Accuracies and areas are fractions from 0 to 1; multiply-adds are counted up to the exit. */
const ANYTIME_COLUMNS = [
  "weights",
  "name",
  "role",
  "rank",
  "repetition",
  "parameters",
  "max_budget",
  "area",
  "test_area",
  "exit",
  "cell",
  "node",
  "multiply_adds",
  "accuracy",
  "test_accuracy",
  "canonical",
] as const;

/** All exits of scored networks (weights "generated") and trained networks (weights "trained"). Of a diverged training, only one line with its name (weights "diverged"). */
export function anytimeCsv(candidates: readonly AnytimeCandidate[], trainings: readonly AnytimeTraining[]): string {
  const lines = [
    ...candidates.flatMap((c) => exitLines(["generated", c.name, c.role, c.rank, null, c.parameters, c.maxBudget, c.score, null], c.exits, c.canonical)),
    ...trainings.flatMap((t) =>
      t.divergence !== undefined
        ? [
            ["diverged", t.name, t.role, null, t.repetition, t.parameters, t.maxBudget, null, null, null, null, null, null, null, null, t.canonical]
              .map(csvField)
              .join(","),
          ]
        : exitLines(["trained", t.name, t.role, null, t.repetition, t.parameters, t.maxBudget, t.area, t.testArea], t.exits, t.canonical),
    ),
  ];
  return `${[ANYTIME_COLUMNS.join(","), ...lines].join("\r\n")}\r\n`;
}

function exitLines(network: readonly (string | number | null)[], exits: readonly MeasuredExit[], canonical: string): string[] {
  return exits.map(({ node, multiplyAdds, accuracy, testAccuracy }, i) =>
    [...network, i + 1, node === null ? null : node.cell + 1, node?.node ?? null, multiplyAdds, accuracy, testAccuracy, canonical].map(csvField).join(","),
  );
}
