import { describe, expect, it } from "vitest";
import { hasResults, resultRows } from "../../../../src-renderer/pages/compare/results/results.ts";
import type { RunDetail } from "../../../../src-shared/domain/records/run.ts";
import { config, detail } from "../../dev/data.ts";

const facts = (test: number, deviation: number | null, n = 3): RunDetail["summary"] => ({
  winner: "Cell 7",
  winnerRunId: "x",
  winnerParameters: 1_200_000,
  testAccuracyMean: test,
  testAccuracyDeviation: deviation,
  testAccuracyCount: n,
  spearmanCorrelation: 0.61,
  spearmanLow: 0.2,
  spearmanHigh: 0.83,
  correlationCells: 20,
  pearsonCorrelation: 0.5,
  batchesSkipped: 4,
});
const pipeline = (id: string, summary: RunDetail["summary"]): RunDetail => detail({ id, name: id, config: config("pipeline"), summary, activeSeconds: 60 });
const rowOf = (runs: readonly RunDetail[], title: string, baseline = runs[0]?.id ?? null) =>
  resultRows(runs, baseline).find((row) => row.title === title)?.cells;

describe("comparing results", () => {
  it("comes first only if a run consists of stages and has results", () => {
    expect(hasResults([pipeline("a", facts(0.97, 0.001))])).toBe(true);
    expect(hasResults([pipeline("a", {})])).toBe(false);
    expect(hasResults([detail({ id: "g", name: "g", config: config("ghn-training"), summary: { ghnParameters: 3 } })])).toBe(false);
  });

  it("shows winner, accuracy with deviation and n, and correlation with interval, in this order", () => {
    const rows = resultRows([pipeline("a", facts(0.97, 0.001))], "a");
    expect(rows.map((row) => row.title)).toEqual(["Winner", "Test accuracy", "Rank correlation", "Parameters", "Process time", "Batches skipped"]);
    expect(rows.slice(0, 3).map((row) => row.cells[0]?.text)).toEqual(["Cell 7", "97.00 ± 0.10\u202f% (n = 3)", "0.61, 0.20 to 0.83 (n = 20)"]);
  });

  it("judges only differences of more than two standard errors, in the right direction", () => {
    const base = pipeline("a", facts(0.97, 0.001));
    const verdicts = (other: RunDetail): readonly number[] | undefined => rowOf([base, other], "Test accuracy")?.map((cell) => cell.verdict);
    expect(verdicts(pipeline("b", facts(0.98, 0.001)))).toEqual([0, 1]);
    expect(verdicts(pipeline("b", facts(0.96, 0.001)))).toEqual([0, -1]);
    expect(verdicts(pipeline("b", facts(0.971, 0.001)))).toEqual([0, 0]);
    expect(verdicts(pipeline("b", facts(0.99, null, 1)))).toEqual([0, 0]);
  });

  it("leaves missing results empty instead of comparing something else", () => {
    const running = pipeline("b", { cellsRanked: 12 });
    expect(rowOf([pipeline("a", facts(0.97, 0.001)), running], "Test accuracy")).toEqual([
      { text: "97.00 ± 0.10\u202f% (n = 3)", verdict: 0 },
      { text: null, verdict: 0 },
    ]);
    expect(rowOf([running], "Test accuracy")).toBeUndefined();
  });
});
