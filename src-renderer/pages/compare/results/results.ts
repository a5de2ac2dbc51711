import { FIGURE_IDS, FIGURES, type FigureId, figureMoments, figureText, isFigureFact } from "../../../../src-shared/analysis/figures/figure-list.ts";
import type { Moments } from "../../../../src-shared/domain/records/figures.ts";
import type { RunDetail } from "../../../../src-shared/domain/records/run.ts";
import { factTitle, factValue } from "../../../features/runs/run-facts.ts";
import { leads } from "../../../features/runs/stages.ts";
import { duration } from "../../../lib/format.ts";

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

/** Whether a comparison starts with results: some run consists of stages, whose curves alone would mislead. */
export function hasResults(runs: readonly RunDetail[]): boolean {
  return runs.some((run) => leads(run.kind) && (Object.keys(run.figures).length > 0 || Object.keys(run.summary).length > 0));
}

/** Results of runs side by side: figures first, then process time, then other facts that the runs recorded. Rows without a value in any run are omitted. */
export function resultRows(runs: readonly RunDetail[], baseline: string | null): ResultRow[] {
  const base = runs.find((run) => run.id === baseline);
  const facts = new Set(
    runs.flatMap((run) => Object.keys(run.summary)).filter((key) => !isFigureFact(key) && !/^(pearson|kendall)|(RunId|Low|High|Count|Deviation)$/.test(key)),
  );
  const plain = (title: string, hint: string, text: (run: RunDetail) => string | null): ResultRow => ({
    title,
    hint,
    cells: runs.map((run) => ({ text: text(run), verdict: 0 })),
  });
  return [
    ...FIGURE_IDS.map((id): ResultRow => ({ title: FIGURES[id].title, hint: FIGURES[id].hint, cells: runs.map((run) => figureCell(run, base, id)) })),
    plain("Process time", "Running time over all stages and attempts, without pauses", (run) => (run.activeSeconds > 0 ? duration(run.activeSeconds) : null)),
    ...[...facts].map((key) =>
      plain(factTitle(key), "", ({ summary }) => (summary[key] === undefined || summary[key] === null ? null : factValue(key, summary[key]))),
    ),
  ].filter((row) => row.cells.some((cell) => cell.text !== null));
}

function figureCell(run: RunDetail, base: RunDetail | undefined, id: FigureId): ResultCell {
  const own = figureMoments(run.figures, id);
  const other = base === undefined || base.id === run.id ? null : figureMoments(base.figures, id);
  return { text: figureText(run.figures, id, true), verdict: verdictOf(own, other) };
}

/** Better or worse only if the means differ by more than two standard errors; single measurements are not judged. */
function verdictOf(one: Moments | null, other: Moments | null): Verdict {
  if (one === null || other === null || one.deviation === null || other.deviation === null) return 0;
  const error = Math.sqrt(one.deviation ** 2 / one.n + other.deviation ** 2 / other.n);
  const difference = one.mean - other.mean;
  return Math.abs(difference) <= 2 * error ? 0 : difference > 0 ? 1 : -1;
}
