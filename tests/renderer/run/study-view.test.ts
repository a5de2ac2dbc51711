import { describe, expect, it } from "vitest";
import { studyPlot, whiskerOf } from "../../../src-renderer/components/run/study-view.ts";
import type { PredictorData, StudyData } from "../../../src-shared/analysis/study.ts";

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
  it("lies on a scale from -1 to 1", () => {
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
