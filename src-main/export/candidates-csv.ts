/** Candidates as comma-separated values (RFC 4180), for spreadsheets and notebooks. */
import type { Candidate, Training } from "../../src-shared/domain/records/run.ts";

/** Header of {@link candidatesCsv}. Accuracies are fractions from 0 to 1, times are milliseconds. */
export const CANDIDATE_CSV_COLUMNS = [
  "rank",
  "index",
  "name",
  "role",
  "score",
  "score_loss",
  "parameters",
  "multiply_adds",
  "nodes",
  "trainings",
  "diverged_trainings",
  "validation_accuracy_mean",
  "test_accuracy_mean",
  "generation_ms",
  "evaluation_ms",
  "latency_ms",
  "canonical",
  "architecture",
] as const;

/** One line per candidate, best first, with the results of its trainings if there are any. Diverged trainings are only counted. */
export function candidatesCsv(candidates: readonly Candidate[], trainings: readonly Training[] = []): string {
  const byCanonical = Map.groupBy(trainings, (training) => training.canonical);
  const ordered = [...candidates].sort((a, b) => (a.rank ?? Infinity) - (b.rank ?? Infinity) || a.index - b.index);
  const lines = ordered.map((candidate) => {
    const all = byCanonical.get(candidate.canonical) ?? [];
    const own = all.filter(({ divergence }) => divergence === undefined);
    const cells: readonly (string | number | null)[] = [
      candidate.rank,
      candidate.index,
      candidate.name,
      candidate.role,
      candidate.score,
      candidate.scoreLoss,
      candidate.parameters,
      candidate.multiplyAdds,
      candidate.architecture.normal.nodes.length,
      own.length,
      all.length - own.length,
      mean(own.map((training) => training.validationAccuracy)),
      mean(own.flatMap((training) => training.testAccuracy ?? [])),
      candidate.generationMs,
      candidate.evaluationMs,
      candidate.latencyMs ?? null,
      candidate.canonical,
      JSON.stringify(candidate.architecture),
    ];
    return cells.map(csvField).join(",");
  });
  return `${[CANDIDATE_CSV_COLUMNS.join(","), ...lines].join("\r\n")}\r\n`;
}

/** One field. Text that a spreadsheet would interpret as a formula is prefixed with a quote mark. */
export function csvField(value: string | number | null): string {
  if (value === null) return "";
  if (typeof value === "number") return Number.isFinite(value) ? String(value) : "";
  const harmless = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}

function mean(values: readonly number[]): number | null {
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
}
