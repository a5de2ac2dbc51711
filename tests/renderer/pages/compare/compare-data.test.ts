import { describe, expect, it } from "vitest";
import { axisChoices, defaultAxes } from "../../../../src-renderer/pages/compare/parallel/parallel-data.ts";
import { configRows, isObjective, metricsOf, runsInQuery, valueAtEpoch, verdict } from "../../../../src-renderer/pages/compare/selection/compare-data.ts";
import { categoriesOf, parallelOption } from "../../../../src-renderer/widgets/charts/options/parallel-option.ts";
import { seriesFrom } from "../../../../src-renderer/widgets/charts/options/series.ts";
import { config, detail } from "../../dev/data.ts";

const summary = (best: number) => ({ last: best, best, bestStep: 1, count: 1 });
const a = detail({ id: "a", name: "a", config: config("ghn-training"), metrics: { "ghn/validation-accuracy": summary(0.7) }, activeSeconds: 10 });
const b = detail({
  id: "b",
  name: "b",
  config: config("ghn-training", { seed: 2, ghn: { propagation: "synchronous" } }),
  metrics: { "ghn/validation-accuracy": summary(0.6) },
  activeSeconds: 20,
});

describe("comparing runs", () => {
  it("parses run ids in a URL: no duplicates, valid characters only, eight at most", () => {
    expect(runsInQuery("a,b,a,../x,,c")).toEqual(["a", "b", "c"]);
    expect(runsInQuery(Array.from({ length: 12 }, (_, i) => `r${i}`).join())).toHaveLength(8);
    expect(runsInQuery(undefined)).toEqual([]);
  });

  it("marks differences from any chosen baseline", () => {
    const differing = configRows([a, b], 1).filter((row) => row.differs);
    expect(differing.map((row) => [row.path, row.changed])).toEqual([
      ["seed", [true, false]],
      ["ghn.propagation", [true, false]],
    ]);
  });

  it("takes the metrics of a pipeline from its stages", () => {
    const pipeline = detail({ id: "p", name: "p", config: config("pipeline"), children: [a], metrics: { "search/best": summary(0.9) } });
    expect(Object.keys(metricsOf(pipeline)).sort()).toEqual(["ghn/validation-accuracy", "search/best"]);
  });

  it("takes a metric of several stages from the last one, the training of the winner", () => {
    const stage = (id: string, best: number) =>
      detail({ id, name: id, config: config("cell-training"), metrics: { "train/validation-accuracy": summary(best) } });
    const pipeline = detail({ id: "p", name: "p", config: config("pipeline"), children: [stage("compare", 0.82), stage("final", 0.98)] });
    expect(metricsOf(pipeline)["train/validation-accuracy"]?.best).toBe(0.98);
  });

  it("reads the last value at or before an epoch, none before the first", () => {
    const series = seriesFrom(
      "a",
      { name: "m", series: 0, step: [1, 2, 3], epoch: [1, 2, 3], wall: [1, 2, 3], active: [1, 2, 3], value: [0.1, null, 0.3] },
      3,
      false,
    );
    expect([0.5, 1, 2.5, 3, 9].map((epoch) => valueAtEpoch(series, epoch))).toEqual([null, 0.1, 0.1, 0.3, 0.3]);
  });

  it.each([
    ["ghn/loss", true],
    ["train/validation-accuracy", true],
    ["train/validation-top5", true],
    ["anytime/area", true],
    ["search/best", true],
    ["ghn/gradient-norm", false],
    ["ghn/skipped", false],
    ["images-per-second", false],
    ["learning-rate", false],
    ["system/memory", false],
    ["unknown/accuracy", false],
  ])("treats %s as an objective: %s", (name, objective) => {
    expect(isObjective(name)).toBe(objective);
  });

  it("judges better and worse by the direction of the metric", () => {
    expect([verdict(0.9, 0.8, "higher"), verdict(0.9, 0.8, "lower"), verdict(1, 1, "lower"), verdict(null, 1, "lower"), verdict(2, 1, "none")]).toEqual([
      1, -1, 0, 0, 0,
    ]);
  });
});

describe("many runs", () => {
  it("offers differing settings and results as axes", () => {
    const choices = axisChoices([a, b]);
    expect(choices.map(({ id, kind }) => [id, kind])).toEqual([
      ["seed", "number"],
      ["ghn.propagation", "category"],
      ["best:ghn/validation-accuracy", "number"],
      ["time", "number"],
    ]);
    expect(defaultAxes(choices, [a, b])).toEqual(["seed", "ghn.propagation", "best:ghn/validation-accuracy", "time"]);
  });

  it("draws one line per run, with gaps at missing values and sorted categories", () => {
    const rows = [
      { id: "a", label: "a", color: "#1", values: [1, "10 nodes"] },
      { id: "b", label: "b", color: "#2", values: [null, "9 nodes"] },
    ];
    expect(categoriesOf(rows, 1)).toEqual(["9 nodes", "10 nodes"]);
    const axes = [
      { id: "x", title: "x", kind: "number" as const, format: String },
      { id: "y", title: "y", kind: "category" as const, format: String },
    ];
    const theme = { text: "", faint: "", line: "", gridLine: "", surface: "", accent: "", warn: "", good: "", bad: "", font: "", runs: [] };
    const option = parallelOption(rows, axes, theme, { highlighted: "b", emphasised: new Set() }) as unknown as {
      series: { data: { value: unknown[]; lineStyle: { width: number } }[] }[];
    };
    expect(option.series[0]?.data.map((entry) => entry.value)).toEqual([
      [1, "10 nodes"],
      ["-", "9 nodes"],
    ]);
    expect(option.series[0]?.data.map((entry) => entry.lineStyle.width)).toEqual([1.3, 4]);
  });
});
