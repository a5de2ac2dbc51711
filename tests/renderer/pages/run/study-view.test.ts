import { describe, expect, it } from "vitest";
import { ablationView, cellRows, cellsNote, inReadingOrder, leaderWords, studyPlot, whiskerOf } from "../../../../src-renderer/pages/run/study/study-view.ts";
import { analyseStudy, type PredictorData, type StudyData, type VariantFacts } from "../../../../src-shared/analysis/study/study.ts";
import { leaderOf } from "../../../../src-shared/analysis/study/study-leader.ts";
import { findings } from "../../../../src-shared/analysis/study/study-report.ts";

const predictor: PredictorData = {
  name: "GHN",
  kind: "generator",
  runs: [
    { seed: 1, values: [0.1, 0.2, null, 0.4] },
    { seed: 2, values: [0.3, 0.2, null, 0.6] },
  ],
  generationMs: null,
  evaluationMs: null,
};
const data: StudyData = {
  title: "Test",
  protocol: [],
  cells: ["Cell 0", "Cell 1", "Cell 2", "Cell 3"],
  truth: [0.5, 0.6, 0.7, 0.8],
  repetitions: [],
  predictors: [predictor],
};

describe("a whisker", () => {
  it("is placed on a scale from -1 to 1", () => {
    expect(whiskerOf({ value: 0, deviation: null, interval: [-0.5, 0.5], n: 9 })).toEqual({ value: 50, from: 25, to: 75 });
    expect(whiskerOf({ value: 0.5, deviation: null, interval: null, n: 3 })).toEqual({ value: 75, from: 75, to: 75 });
    expect(whiskerOf({ value: null, deviation: null, interval: null, n: 0 })).toBeNull();
  });
});

describe("the plot of a predictor", () => {
  it("shows the mean over seeds of each cell that has both values", () => {
    const { points } = studyPlot(data, predictor, false);
    expect(points.map(({ label, y }) => [label, y])).toEqual([
      ["Cell 0", 0.5],
      ["Cell 1", 0.6],
      ["Cell 3", 0.8],
    ]);
    expect(points.map(({ x }) => x)).toEqual([0.2, 0.2, 0.5].map((value) => expect.closeTo(value, 12)));
  });

  it("shows the better half by accuracy when asked to", () => {
    expect(studyPlot(data, predictor, true).points.map(({ label }) => label)).toEqual(["Cell 3"]);
  });
});

describe("the variants of a study", () => {
  const truth = [0.5, 0.6, 0.7, 0.8, 0.9, 0.95];
  const generator = (name: string, ...seeds: number[][]): PredictorData => ({ ...predictor, name, runs: seeds.map((values, i) => ({ seed: i + 1, values })) });
  const rising = [1, 2, 3, 4, 5, 6];
  const falling = [...rising].reverse();
  const study = (variants: readonly VariantFacts[], predictors: readonly PredictorData[]) =>
    analyseStudy(
      {
        ...data,
        cells: truth.map((_, i) => `Cell ${i}`),
        truth,
        repetitions: truth.map((value, i) => (i < 4 ? [value, value] : [value])),
        predictors,
        variants,
      },
      { resamples: 50 },
    );

  it("are plotted over the number in which they differ, one line per value of another setting, with seeds", () => {
    const variants = [
      { name: "A", settings: { T: 5, Propagation: "synchronous" } },
      { name: "B", settings: { T: 1, Propagation: "synchronous" } },
      { name: "C", settings: { T: 5, Propagation: "forward-backward" } },
    ];
    const shape = ablationView(study(variants, [generator("A", rising, falling), generator("B", falling), generator("C", rising)]), "spearman", false);
    expect(shape?.title).toBe("T");
    expect(shape?.categories).toEqual(["1", "5"]);
    expect(shape?.lines.map(({ name, points }) => [name, points.map(({ place, variant }) => [place, variant])])).toEqual([
      [
        "synchronous",
        [
          [0, "B"],
          [1, "A"],
        ],
      ],
      ["forward-backward", [[1, "C"]]],
    ]);
    const both = shape?.lines[0]?.points[1];
    expect(both?.seeds).toEqual([1, -1]);
    expect(both?.value).toBe(0);
    expect(shape?.ceiling).toBeCloseTo(1, 12);
  });

  it("are listed side by side if they differ in several ways", () => {
    const variants = [
      { name: "A", settings: { T: 5, N: 3 } },
      { name: "B", settings: { T: 1, N: 4 } },
    ];
    const shape = ablationView(study(variants, [generator("A", rising), generator("B", falling)]), "kendall", false);
    expect(shape?.joined).toBe(false);
    expect(shape?.categories).toEqual(["A", "B"]);
    expect(shape?.lines[0]?.points.map(({ value }) => value)).toEqual([1, -1]);
  });

  it("are not plotted while fewer than two have a coefficient", () => {
    const variants = [
      { name: "A", settings: { T: 5 } },
      { name: "B", settings: { T: 1 } },
    ];
    expect(ablationView(study(variants, [generator("A", rising)]), "pearson", false)).toBeNull();
  });
});

describe("the cells of a study", () => {
  it("are sorted best first, with predictor means and the second training", () => {
    const rows = cellRows({ ...data, truth: [0.5, null, 0.7, 0.8], repetitions: [[0.5], [], [0.7, 0.6], [0.8]] });
    expect(rows.map(({ label }) => label)).toEqual(["Cell 3", "Cell 2", "Cell 0", "Cell 1"]);
    expect(rows[1]?.second).toBe(0.6);
    expect(rows[1]?.values).toEqual([null]);
    expect(rows[0]?.values).toEqual([expect.closeTo(0.5, 12)]);
  });
});

describe("the stages of a study", () => {
  it("are ordered generator by generator, each before its scores, the ground truth last", () => {
    const stages = ["truth-2", "score-1-1", "prediction", "generator-10-1", "truth-1", "generator-1-2", "generator-1-1", "score-0-1", "generator-0-1"];
    expect(inReadingOrder(stages.map((stage) => ({ stage }))).map(({ stage }) => stage)).toEqual([
      "generator-0-1",
      "score-0-1",
      "generator-1-1",
      "score-1-1",
      "generator-1-2",
      "generator-10-1",
      "prediction",
      "truth-1",
      "truth-2",
    ]);
  });
});

describe("the best predictor of a study", () => {
  const cells = Array.from({ length: 40 }, (_, i) => i);
  const truth = cells.map((i) => 0.5 + i / 100);
  const predictorOf = (name: string, values: readonly number[]): PredictorData => ({ ...predictor, name, runs: [{ seed: 1, values }] });
  // A permutation without relation to the accuracy, and one that follows it closely.
  const unrelated = cells.map((i) => (i * 17) % 40);
  const close = cells.map((i) => i + ((i * 7) % 5));
  const study = (predictors: readonly PredictorData[], known = 40) =>
    analyseStudy({ ...data, cells: cells.map((i) => `Cell ${i}`), truth: truth.map((value, i) => (i < known ? value : null)), predictors }, { resamples: 100 });
  const words = (result: ReturnType<typeof study>, active = false) => leaderWords(leaderOf(result), active, "Spearman", (row) => row.all.spearman);

  it("is named only if its interval is apart from the others and all cells are trained", () => {
    const apart = study([predictorOf("A", unrelated), predictorOf("B", close)]);
    expect(leaderOf(apart)).toMatchObject({ type: "best", row: { name: "B" } });
    expect(words(apart).value).toBe("B");
    expect(words(apart, true)).toEqual({ value: "Not decided", note: "the study is running" });
    expect(findings(apart).join(" ")).toContain("“B” has the highest rank correlation");
    const partial = study([predictorOf("A", unrelated), predictorOf("B", close)], 13);
    expect(leaderOf(partial).type).toBe("open");
    expect(words(partial).value).toBe("Not decided");
    expect(findings(partial)).toEqual([expect.any(String), "No conclusion yet: 13 of 40 cells are trained so far."]);
  });

  it("does not wait for a cell whose training diverged", () => {
    const values = truth.map((value, i) => (i === 7 ? null : value));
    const cell = (diverged: number) =>
      analyseStudy(
        { ...data, cells: cells.map((i) => `Cell ${i}`), truth: values, diverged, predictors: [predictorOf("A", unrelated), predictorOf("B", close)] },
        { resamples: 100 },
      );
    const ended = cell(1);
    expect(leaderOf(ended)).toMatchObject({ type: "best", row: { name: "B" } });
    expect(words(ended).value).toBe("B");
    expect(findings(ended).join(" ")).toContain("“B” has the highest rank correlation");
    expect(cellsNote(ended)).toBe("1 diverged");
    // A cell without a ground truth that did not diverge is still to be trained.
    expect(cellsNote(cell(0))).toBe("others not trained yet");
    expect(findings(cell(0))[1]).toBe("No conclusion yet: 39 of 40 cells are trained so far.");
    expect(cellsNote(study([predictorOf("A", close)]))).toBe("all trained");
    // If all of them diverged, there is nothing to wait for.
    const all = analyseStudy({
      ...data,
      truth: truth.map(() => null),
      cells: cells.map((i) => `Cell ${i}`),
      diverged: 40,
      predictors: [predictorOf("A", close)],
    });
    expect(words(all)).toEqual({ value: "Not decided", note: "no predictor has a coefficient" });
    expect(findings(all)[1]).toBe("No conclusion: no predictor has a rank correlation.");
  });

  it("is not decided with too few cells for intervals", () => {
    const few = [0, 1, 2, 3];
    const result = analyseStudy({
      ...data,
      cells: few.map((i) => `Cell ${i}`),
      truth: few.map((i) => 0.5 + i / 10),
      predictors: [predictorOf("A", [1, 2, 3, 4]), predictorOf("B", [4, 1, 3, 2])],
    });
    expect(leaderOf(result)).toEqual({ type: "few" });
    expect(words(result)).toEqual({ value: "Not decided", note: "too few cells" });
    expect(findings(result)).toEqual([expect.any(String), "No conclusion: too few cells for intervals."]);
  });

  it("is nobody while intervals overlap", () => {
    const same = study([predictorOf("A", close), predictorOf("B", [...close.slice(1), 3]), predictorOf("C", unrelated)]);
    expect(leaderOf(same)).toMatchObject({ type: "overlap", others: [{ name: expect.stringMatching(/A|B/) }] });
    expect(words(same)).toEqual({ value: "None stands out", note: "2 intervals overlap" });
    expect(findings(same).join(" ")).toMatch(/No predictor is best: the interval of “[AB]” .* overlaps that of “[AB]”/);
  });
});
