import { describe, expect, it } from "vitest";
import { hasResults, resultRows } from "../../../../src-renderer/pages/compare/results/results.ts";
import type { Figures } from "../../../../src-shared/domain/records/figures.ts";
import type { RunDetail } from "../../../../src-shared/domain/records/run.ts";
import { config, detail } from "../../dev/data.ts";

const figures = (test: number, deviation: number | null, n = 3): Figures => ({
  winner: "Cell 7",
  winnerRunId: "x",
  parameters: 1_200_000,
  testAccuracy: { mean: test, deviation, n },
  rankCorrelation: { value: 0.61, interval: [0.2, 0.83], n: 20 },
});
/** As recorded at the end of a run; only what is not a figure gets a row of its own. */
const summary: RunDetail["summary"] = { winner: "Cell 7", testAccuracyMean: 0.5, spearmanCorrelation: 0.5, pearsonCorrelation: 0.5, batchesSkipped: 4 };
const pipeline = (id: string, of: Figures): RunDetail => detail({ id, name: id, config: config("pipeline"), figures: of, summary, activeSeconds: 60 });
const rowOf = (runs: readonly RunDetail[], title: string, baseline = runs[0]?.id ?? null) =>
  resultRows(runs, baseline).find((row) => row.title === title)?.cells;

describe("comparing results", () => {
  it("comes first only if a run consists of stages and has results", () => {
    expect(hasResults([pipeline("a", figures(0.97, 0.001))])).toBe(true);
    expect(hasResults([detail({ id: "a", name: "a", config: config("pipeline") })])).toBe(false);
    expect(hasResults([detail({ id: "g", name: "g", config: config("ghn-training"), summary: { ghnParameters: 3 } })])).toBe(false);
  });

  it("shows winner, accuracy with deviation and n, and correlation with interval, in this order", () => {
    const rows = resultRows([pipeline("a", figures(0.97, 0.001))], "a");
    expect(rows.map((row) => row.title)).toEqual(["Winner", "Test accuracy", "Rank correlation", "Parameters", "Process time", "Batches skipped"]);
    expect(rows.slice(0, 3).map((row) => row.cells[0]?.text)).toEqual(["Cell 7", "97.00 ± 0.10\u202f% (n = 3)", "0.61 [0.20, 0.83], n = 20"]);
  });

  it("judges only differences of more than two standard errors, in the right direction", () => {
    const base = pipeline("a", figures(0.97, 0.001));
    const verdicts = (other: RunDetail): readonly number[] | undefined => rowOf([base, other], "Test accuracy")?.map((cell) => cell.verdict);
    expect(verdicts(pipeline("b", figures(0.98, 0.001)))).toEqual([0, 1]);
    expect(verdicts(pipeline("b", figures(0.96, 0.001)))).toEqual([0, -1]);
    expect(verdicts(pipeline("b", figures(0.971, 0.001)))).toEqual([0, 0]);
    expect(verdicts(pipeline("b", figures(0.99, null, 1)))).toEqual([0, 0]);
  });

  it("leaves missing results empty instead of comparing something else", () => {
    const running = pipeline("b", { ranked: 12 });
    expect(rowOf([pipeline("a", figures(0.97, 0.001)), running], "Test accuracy")).toEqual([
      { text: "97.00 ± 0.10\u202f% (n = 3)", verdict: 0 },
      { text: null, verdict: 0 },
    ]);
    expect(rowOf([running], "Test accuracy")).toBeUndefined();
  });
});
