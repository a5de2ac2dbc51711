import { describe, expect, it } from "vitest";
import {
  bytes,
  coefficient,
  configValue,
  count,
  duration,
  percent,
  percentWithDeviation,
  plainSpaces,
  signedCoefficient,
  significant,
  whole,
} from "../../../src-shared/analysis/format.ts";
import { architectureDescription, cellSentences, operationCounts } from "../../../src-shared/drawing/words.ts";

const plain = (text: string): string => plainSpaces(text);

describe("numbers for people", () => {
  it.each<[string, string]>([
    [whole(1234567), "1,234,567"],
    [whole(null), "–"],
    [count(4_680_000), "4.68 M"],
    [count(999_999), "1.00 M"],
    [count(12), "12.0"],
    [percent(0.94321), "94.32 %"],
    [percent(Number.NaN), "–"],
    [percentWithDeviation(0.957, 0.001), "95.70 ± 0.10 %"],
    [percentWithDeviation(0.957, null), "95.70 %"],
    [bytes(999), "999 B"],
    [bytes(1_250_000), "1.25 MB"],
    [bytes(853e6), "853 MB"],
    [duration(0.0421), "42 ms"],
    [duration(9.96), "10.0 s"],
    [duration(59.7), "1 min 00 s"],
    [duration(3599), "59 min 59 s"],
    [duration(3600 * 50), "2 d 2 h"],
    [significant(0.000012345), "1.234e−5"],
    [significant(-3.14259, 3), "−3.14"],
    [significant(0), "0"],
    [coefficient(-0.684), "−0.68"],
    [coefficient(-0.004), "0.00"],
    [signedCoefficient(0.004), "0.00"],
    [signedCoefficient(0.31), "+0.31"],
    [signedCoefficient(-0.31), "−0.31"],
    [configValue([1, 2]), "1, 2"],
    [configValue([]), "none"],
    [configValue(true), "on"],
    [configValue(undefined), "–"],
    [configValue(100_000), "100,000"],
  ])("%s", (text, expected) => {
    expect(plain(text)).toBe(expected);
  });
});

describe("cells in words", () => {
  const normal = {
    nodes: [
      { operation: "sepConv3x3" as const, inputs: [0, 1] },
      { operation: "identity" as const, inputs: [2] },
      { operation: "sepConv3x3" as const, inputs: [0] },
    ],
  };

  it("names operations, inputs and the output", () => {
    expect(cellSentences(normal)).toEqual([
      "node 2: 3×3 sep of block i − 1 plus block i − 2",
      "node 3: identity of node 2",
      "node 4: 3×3 sep of block i − 1",
      "output: node 3, node 4, concatenated",
    ]);
    expect(operationCounts(normal)).toBe("2 × 3×3 sep, 1 × identity");
    expect(architectureDescription({ normal, reduction: normal })).toMatch(/^Normal cell of 3 operation nodes\. .* Reduction cell of 3 operation nodes\./);
  });
});
