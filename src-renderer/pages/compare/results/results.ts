import type { RunDetail } from "../../../../src-shared/domain/records/run.ts";
import { factTitle, factValue } from "../../../features/runs/run-facts.ts";
import { leads } from "../../../features/runs/stages.ts";
import { coefficient, count, duration, percent, percentWithDeviation, whole } from "../../../lib/format.ts";

type Facts = RunDetail["summary"];
type Verdict = -1 | 0 | 1;

export interface ResultCell {
  /** Null if the run has no such result. */
  readonly text: string | null;
  /** Against the baseline: −1 worse, 1 better, 0 equal, unknown, or not distinguishable. */
  readonly verdict: Verdict;
}

export interface ResultRow {
  readonly title: string;
  readonly hint: string;
  readonly cells: readonly ResultCell[];
}

/** A mean with its spread, for verdicts. */
interface Measured {
  readonly mean: number;
  readonly deviation: number | null;
  readonly n: number;
}

interface Line {
  readonly title: string;
  readonly hint?: string;
  /** Facts that the line shows, so that they are not listed again. */
  readonly keys: readonly string[];
  text(facts: Facts, run: RunDetail): string | null;
  /** Only for results with a direction; higher is better. */
  measured?(facts: Facts): Measured | null;
}

const numberIn = (facts: Facts, key: string): number | null => (typeof facts[key] === "number" ? facts[key] : null);

function moments(title: string, key: string, hint: string): Line {
  const of = (facts: Facts): Measured | null => {
    const mean = numberIn(facts, `${key}Mean`);
    return mean === null ? null : { mean, deviation: numberIn(facts, `${key}Deviation`), n: numberIn(facts, `${key}Count`) ?? 1 };
  };
  return {
    title,
    hint,
    keys: [`${key}Mean`, `${key}Deviation`, `${key}Count`],
    text: (facts) => {
      const found = of(facts);
      return found === null ? null : `${percentWithDeviation(found.mean, found.deviation)}${found.n > 1 ? ` (n = ${found.n})` : ""}`;
    },
    measured: of,
  };
}

function value(title: string, key: string, format: (number: number) => string): Line {
  return {
    title,
    keys: [key],
    text: (facts) => {
      const found = numberIn(facts, key);
      return found === null ? null : format(found);
    },
  };
}

const LINES: readonly Line[] = [
  { title: "Winner", keys: ["winner", "winnerRunId"], text: (facts) => (typeof facts["winner"] === "string" ? facts["winner"] : null) },
  moments("Test accuracy", "testAccuracy", "Of the winner; mean ± standard deviation over repetitions"),
  moments("Validation accuracy", "finalValidationAccuracy", "Of the winner; mean ± standard deviation over repetitions"),
  moments("Shortlist (GHN Top)", "ghnValidationAccuracy", "Validation accuracy of the trained shortlist; mean ± standard deviation over cells"),
  moments("Random cells", "randomValidationAccuracy", "Validation accuracy of the trained random cells; mean ± standard deviation over cells"),
  {
    title: "Rank correlation",
    hint: "Spearman correlation of scores and trained accuracy, with 95 % interval",
    keys: ["spearmanCorrelation", "spearmanLow", "spearmanHigh", "correlationCells"],
    text: (facts) => {
      const found = numberIn(facts, "spearmanCorrelation");
      if (found === null) return null;
      const [low, high] = [numberIn(facts, "spearmanLow"), numberIn(facts, "spearmanHigh")];
      return `${coefficient(found)}${low === null || high === null ? "" : `, ${coefficient(low)} to ${coefficient(high)}`} (n = ${facts["correlationCells"] ?? "?"})`;
    },
  },
  value("Test area", "winnerTestArea", percent),
  value("Validation area", "winnerArea", percent),
  value("Parameters", "winnerParameters", count),
  value("Multiply-adds", "winnerMultiplyAdds", count),
  value("Cells ranked", "cellsRanked", whole),
  value("Networks ranked", "networksRanked", whole),
  { title: "Process time", keys: [], text: (_facts, run) => (run.activeSeconds > 0 ? duration(run.activeSeconds) : null) },
];
const DETAILS = /^(pearson|kendall)|(RunId|Low|High|Count|Deviation)$/;

/** Whether a comparison starts with results: some run consists of stages, whose curves alone would mislead. */
export function hasResults(runs: readonly RunDetail[]): boolean {
  return runs.some((run) => leads(run.kind) && Object.keys(run.summary).length > 0);
}

/** Results of runs side by side: the winner and its accuracy first, then other facts that the runs report. Rows without a value in any run are omitted. */
export function resultRows(runs: readonly RunDetail[], baseline: string | null): ResultRow[] {
  const base = runs.find((run) => run.id === baseline);
  const known = new Set(LINES.flatMap((line) => line.keys));
  const rest = new Set(runs.flatMap((run) => Object.keys(run.summary)).filter((key) => !known.has(key) && !DETAILS.test(key)));
  const lines: Line[] = [...LINES, ...[...rest].map((key): Line => ({ title: factTitle(key), keys: [key], text: (facts) => factText(key, facts) }))];
  return lines
    .map((line) => ({
      title: line.title,
      hint: line.hint ?? "",
      cells: runs.map(
        (run): ResultCell => ({
          text: line.text(run.summary, run),
          verdict: base === undefined || run.id === base.id ? 0 : verdictOf(line.measured?.(run.summary) ?? null, line.measured?.(base.summary) ?? null),
        }),
      ),
    }))
    .filter((row) => row.cells.some((cell) => cell.text !== null));
}

function factText(key: string, facts: Facts): string | null {
  const fact = facts[key];
  return fact === undefined || fact === null ? null : factValue(key, fact);
}

/** Better or worse only if the means differ by more than two standard errors; single measurements are not judged. */
function verdictOf(one: Measured | null, other: Measured | null): Verdict {
  if (one === null || other === null || one.deviation === null || other.deviation === null) return 0;
  const error = Math.sqrt(one.deviation ** 2 / one.n + other.deviation ** 2 / other.n);
  const difference = one.mean - other.mean;
  return Math.abs(difference) <= 2 * error ? 0 : difference > 0 ? 1 : -1;
}
