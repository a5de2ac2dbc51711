import { describe, expect, it } from "vitest";
import { correlate } from "../../../../src-shared/analysis/statistics/correlation.ts";
import { compareGroups } from "../../../../src-shared/analysis/statistics/group-difference.ts";
import { analyseTop, topFindings, topHtml, topMarkdown } from "../../../../src-shared/analysis/study/top-report.ts";

describe("two groups", () => {
  it("have the exact permutation p of a case counted by hand", () => {
    // Of the 20 partitions of 1..6 into threes, only {4, 5, 6} and {1, 2, 3} differ by 3.
    const result = compareGroups([4, 5, 6], [1, 2, 3]);
    expect(result?.difference).toBe(3);
    expect(result?.p).toBeCloseTo(2 / 20, 12);
    expect(result?.interval[0]).toBeGreaterThanOrEqual(1);
    expect(result?.interval[1]).toBeLessThanOrEqual(5);
    expect(compareGroups([2, 2], [2, 2])).toMatchObject({ difference: 0, p: 1 });
    expect(compareGroups([1], [2, 3])).toBeNull();
  });

  it("have nearly the exact p where divisions are drawn", () => {
    const first = Array.from({ length: 12 }, (_, i) => i);
    const same = compareGroups(
      first,
      first.map((value) => value + 0.5),
    );
    expect(same?.p).toBeGreaterThan(0.6);
    const far = compareGroups(
      first,
      first.map((value) => value + 20),
    );
    expect(far?.p).toBeLessThan(0.001);
  });
});

describe("the report of GHN Top against Random", () => {
  const cell = (name: string, group: "top" | "random", accuracy: number) => ({
    name,
    group,
    score: accuracy - 0.3,
    accuracy,
    test: accuracy - 0.02,
    parameters: 2e6,
    multiplyAdds: 3e6,
  });
  const result = analyseTop({
    title: "Top <1>",
    protocol: [["Seed", "1"]],
    cells: [
      cell("Cell 1", "top", 0.8),
      cell("Cell 2", "top", 0.82),
      cell("Cell 3", "top", 0.81),
      cell("Random 1", "random", 0.6),
      cell("Random 2", "random", 0.7),
      cell("Random 3", "random", 0.65),
    ],
    cost: [
      { name: "search", hours: 20.16 },
      { name: "comparison", hours: 0.5 },
    ],
    agreement: correlate("spearman", [1, 2, 3], [1, 2, 3]),
    best: { name: "Cell 2", parameters: 2e6, multiplyAdds: 3e6, validation: [0.9, 0.92], test: [0.88, 0.9] },
  });

  it("says which group is better, by how much, and what the best reaches", () => {
    expect(topFindings(result)[0]).toContain("are better than random cells");
    expect(topFindings(result)[0]).toContain("16.00 percentage points");
    expect(topMarkdown(result)).toContain("| GHN Top-Best | 2 | 91.00 ± 1.41 | 89.00 ± 1.41 | 2.00 | 3.00 |");
    expect(topMarkdown(result)).toContain("| Random | 3 | 65.00 ± 5.00 | 63.00 ± 5.00 |");
  });

  it("has what the paper's Table 1 has: test accuracy of both groups and the cost of the search", () => {
    const findings = topFindings(result).join("\n");
    expect(findings).toContain("Mean test accuracy is 79.00 ± 1.00 % for the cells chosen by the GHN and 63.00 ± 5.00 % for random cells.");
    expect(findings).toContain("The search, training of the GHN and ranking together, took 20.2 hours (0.84 days) on one device.");
    expect(findings).toContain("The same validation images rank the cells and choose the winner");
    expect(topMarkdown(result)).toContain("| Search: training of the GHN and ranking | 20.16 | 0.840 |");
    const untested = analyseTop({ ...result.data, cells: result.data.cells.map((one) => ({ ...one, test: null })) });
    expect(topFindings(untested).join("\n")).not.toContain("Mean test accuracy");
    expect(topMarkdown(untested)).toContain("| Random | 3 | 65.00 ± 5.00 | – |");
  });

  it("draws every cell on a page without scripts or outside references", () => {
    const page = topHtml(result);
    expect(page.match(/<circle/g)).toHaveLength(6);
    expect(page).toContain("Top &lt;1&gt;");
    expect(page).not.toMatch(/<script|https?:/);
  });
});
