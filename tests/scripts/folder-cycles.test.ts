import { expect, it } from "vitest";
import { folderCycles } from "../../scripts/checks/folder-cycles.ts";

it("finds a cycle between a folder and its own subfolder", () => {
  const down = { from: "a/index.ts", to: "a/b/part.ts" };
  const up = { from: "a/b/other.ts", to: "a/types.ts" };
  expect(folderCycles([down, up])).toEqual([[down, up]]);
});

it("finds longer cycles, each once", () => {
  const imports = [
    { from: "a/1.ts", to: "b/1.ts" },
    { from: "b/2.ts", to: "c/1.ts" },
    { from: "c/2.ts", to: "a/2.ts" },
    { from: "c/2.ts", to: "d/1.ts" },
  ];
  expect(folderCycles(imports)).toEqual([imports.slice(0, 3)]);
});

it("returns only the shortest of the cycles that one import closes", () => {
  const [low, middle, high, bad] = [
    { from: "c/1.ts", to: "b/1.ts" },
    { from: "b/1.ts", to: "a/1.ts" },
    { from: "c/1.ts", to: "a/1.ts" },
    { from: "a/1.ts", to: "c/1.ts" },
  ];
  expect(folderCycles([low, middle, high, bad])).toEqual([[high, bad]]);
});

it("accepts imports inside a folder and one-way imports between folders", () => {
  expect(
    folderCycles([
      { from: "a/1.ts", to: "a/2.ts" },
      { from: "a/1.ts", to: "a/b/1.ts" },
      { from: "a/b/1.ts", to: "c/1.ts" },
      { from: "a/2.ts", to: "c/1.ts" },
    ]),
  ).toEqual([]);
});
