import { describe, expect, it } from "vitest";
import { analyseStudy, type StudyData } from "../../../../src-shared/analysis/study/study.ts";
import { findings, studyHtml, studyMarkdown } from "../../../../src-shared/analysis/study/study-report.ts";
import { holm, variantPairs } from "../../../../src-shared/analysis/study/study-variants.ts";

const n = 40;
const truth = Array.from({ length: n }, (_, i) => 0.6 + i / 200);
const noisy = (shift: number): number[] => truth.map((value, i) => value + (((i * 17 + shift) % 11) - 5) / 200);
const data: StudyData = {
  title: "A study <of> cells",
  protocol: [["Images", "digits | 1,437"]],
  cells: truth.map((_, i) => `Cell ${i}`),
  truth,
  repetitions: truth.map((value, i) => [value, value + ((i % 3) - 1) / 1000]),
  predictors: [
    {
      name: "GHN",
      kind: "generator",
      runs: [
        { seed: 1, values: noisy(0) },
        { seed: 2, values: noisy(3) },
      ],
      generationMs: 4.2,
      evaluationMs: 1200,
    },
    { name: "parameters", kind: "proxy", runs: [{ seed: 1, values: truth.map((_, i) => (i * 13) % n) }], generationMs: null, evaluationMs: null },
    { name: "SGD 10", kind: "sgd", runs: [{ seed: 1, values: truth.map((value, i) => (i < 3 ? null : value)) }], generationMs: null, evaluationMs: 50 },
  ],
};

describe("study", () => {
  const result = analyseStudy(data, { resamples: 300 });

  it("measures every predictor on the same cells, with n, interval and spread over seeds", () => {
    const [ghn, parameters, sgd] = result.rows;
    expect(ghn?.all.pearson.n).toBe(n);
    expect(ghn?.topHalf.pearson.n).toBe(n / 2);
    expect(ghn?.seeds).toBe(2);
    expect(ghn?.all.pearson.deviation).toBeGreaterThan(0);
    const [low, high] = ghn?.all.pearson.interval ?? [0, 0];
    expect(low).toBeLessThan(ghn?.all.pearson.value ?? 0);
    expect(high).toBeGreaterThan(ghn?.all.pearson.value ?? 0);
    expect(ghn?.againstParameters?.interval[0]).toBeGreaterThan(0);
    expect(parameters?.againstParameters).toBeNull();
    // Missing values reduce n and are not filled in.
    expect(sgd?.all.pearson.n).toBe(n - 3);
    expect(sgd?.all.pearson.value).toBeCloseTo(1, 10);
    expect(result.noiseCeiling).toBeGreaterThan(0.99);
  });

  it("says in words whether a generator beats the parameter count", () => {
    expect(findings(result).join(" ")).toContain("“GHN” ranks better than the parameter count");
  });

  it("writes a Markdown table whose rows all have as many cells as its head", () => {
    const text = studyMarkdown(result);
    const tables = text.split("\n\n").filter((part) => part.startsWith("|"));
    expect(tables).toHaveLength(4);
    for (const lines of tables) {
      const widths = lines
        .trim()
        .split("\n")
        .map((line) => line.replaceAll("\\|", "").split("|").length);
      expect(new Set(widths).size, lines).toBe(1);
    }
    expect(text).toContain("digits \\| 1,437");
  });

  it("writes a page without scripts or outside references, with everything escaped", () => {
    const page = studyHtml(result);
    expect(page).toContain("A study &lt;of&gt; cells");
    expect(page).not.toMatch(/<script|https?:/);
    // Points of the scatter plots, and two marks for each predictor in the plot of coefficients.
    expect(page.match(/<circle class="dot"[^>]* r="3"/g)?.length).toBe(n + n + n - 3);
    expect(page.match(/r="4.5"/g)?.length).toBe(2 * 3);
  });
});

describe("variants of a study against each other", () => {
  const worse = { name: "T = 0", kind: "generator" as const, runs: [{ seed: 1, values: truth.map((_, i) => (i * 13) % n) }], generationMs: 1, evaluationMs: 1 };
  const variants = ["GHN", "T = 0", "T = 1"].map((name) => ({ name, settings: {} }));
  const like = { ...worse, name: "T = 1", runs: [{ seed: 1, values: truth.map((_, i) => (i * 13 + (i % 2)) % n) }] };
  const ablation: StudyData = { ...data, predictors: [...data.predictors, worse, like], variants };
  const result = analyseStudy(ablation, { resamples: 300 });

  it("corrects p by Holm's procedure: 0.01, 0.04 and 0.03 of three become 0.03, 0.06 and 0.06", () => {
    expect(holm([0.01, 0.04, 0.03]).map((p) => Number(p.toFixed(6)))).toEqual([0.03, 0.06, 0.06]);
    expect(holm([0.6, 0.9])).toEqual([1, 1]);
    expect(holm([])).toEqual([]);
  });

  it("compares every two variants, clearest first, and says who ranks better", () => {
    const pairs = variantPairs(result);
    expect(pairs).toHaveLength(3);
    expect(pairs.at(-1)).toMatchObject({ first: "T = 0", second: "T = 1" });
    const text = findings(result).join(" ");
    expect(text).toContain("“GHN” ranks better than “T = 0” (Spearman +");
    expect(text).toContain("Holm's correction for 3 pairs");
    expect(text).not.toContain("“T = 0” ranks better than “T = 1”");
    expect(text).not.toContain("“T = 1” ranks better than “T = 0”");
    expect(studyMarkdown(result)).toContain("## Comparison of variants");
    expect(studyHtml(result)).toContain("<h2>Comparison of variants</h2>");
  });

  it("says so when none can be told apart, and says nothing where there is one generator", () => {
    const two = analyseStudy({ ...ablation, variants: variants.slice(1) }, { resamples: 300 });
    expect(findings(two).join(" ")).toContain("No two variants differ significantly on these cells (smallest p");
    expect(findings(analyseStudy(data, { resamples: 300 })).join(" ")).not.toContain("on these cells (smallest");
  });

  it("says that the truth is poor where two trainings of a cell agree badly", () => {
    const noise = truth.map((value, i) => [value, value + (((i * 29) % 17) - 8) / 70]);
    const poor = analyseStudy({ ...data, repetitions: noise }, { resamples: 300 });
    expect(poor.noiseCeiling).toBeGreaterThan(0);
    expect(poor.noiseCeiling).toBeLessThan(0.7);
    expect(findings(poor).join(" ")).toContain("The ground truth is poor");
    expect(findings(analyseStudy(data, { resamples: 300 })).join(" ")).not.toContain("poor");
  });
});
