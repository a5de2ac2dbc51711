import { describe, expect, it } from "vitest";
import { ablationAxis } from "../../../../src-shared/analysis/study/ablation-axis.ts";
import { analyseStudy, type VariantFacts } from "../../../../src-shared/analysis/study/study.ts";
import { ablationPlot } from "../../../../src-shared/analysis/study/study-plots.ts";

const variant = (name: string, settings: VariantFacts["settings"]): VariantFacts => ({ name, settings });
const FIGURE_5 = [
  variant("none", { T: 0, Propagation: "forward-backward" }),
  variant("fb 5", { T: 5, Propagation: "forward-backward" }),
  variant("fb 1", { T: 1, Propagation: "forward-backward" }),
  variant("sync 1", { T: 1, Propagation: "synchronous" }),
];

describe("what an ablation is drawn over", () => {
  it("is the one number that differs, with a line for each value of one other setting", () => {
    expect(ablationAxis(FIGURE_5)).toEqual({
      title: "T",
      lines: [
        {
          name: "forward-backward",
          points: [
            { x: 0, variant: "none" },
            { x: 1, variant: "fb 1" },
            { x: 5, variant: "fb 5" },
          ],
        },
        { name: "synchronous", points: [{ x: 1, variant: "sync 1" }] },
      ],
    });
    expect(ablationAxis([variant("4", { N: 4 }), variant("7", { N: 7 })])?.lines).toEqual([
      {
        name: "",
        points: [
          { x: 4, variant: "4" },
          { x: 7, variant: "7" },
        ],
      },
    ]);
  });

  it("is nothing where variants differ in no number, in two, or in more settings besides", () => {
    expect(ablationAxis([variant("a", { SP: true }), variant("b", { SP: false })])).toBeNull();
    expect(ablationAxis([variant("a", { T: 1, N: 4 }), variant("b", { T: 2, N: 7 })])).toBeNull();
    expect(ablationAxis([variant("a", { T: 1, SP: true, PE: true }), variant("b", { T: 2, SP: false, PE: false })])).toBeNull();
    expect(ablationAxis([])).toBeNull();
  });

  it("shows a mark with a whisker for each variant", () => {
    const truth = Array.from({ length: 20 }, (_, i) => i);
    const predictors = FIGURE_5.map(({ name }, v) => ({
      name,
      kind: "generator" as const,
      runs: [{ seed: 1, values: truth.map((value, i) => value + ((i * (v + 3)) % 7)) }],
      generationMs: null,
      evaluationMs: null,
    }));
    const data = { title: "", protocol: [], cells: truth.map(String), truth, repetitions: [], predictors, variants: FIGURE_5 };
    const plot = ablationPlot(analyseStudy(data, { resamples: 100 }));
    expect(plot.match(/<title>/g)).toHaveLength(4);
    expect(plot.match(/class="whisker"/g)).toHaveLength(4);
    expect(plot).toContain("synchronous");
  });
});
