import { describe, expect, it } from "vitest";
import {
  answerUnder,
  candidateRows,
  defaultRows,
  defaultSlots,
  rangeOf,
  specsOf,
  trainingRows,
} from "../../../../src-renderer/pages/run/anytime/anytime-view.ts";
import type { AnytimeCandidate, AnytimeTraining } from "../../../../src-shared/domain/records/anytime-records.ts";

const architecture = { scales: 1, cells: [{ nodes: [{ operation: "conv3x3" as const, inputs: [0], scale: 0, exit: true }] }] };
const range = { maxBudget: 100, chance: 0.1 };

function candidate(id: number, rank: number | null, role: AnytimeCandidate["role"]): AnytimeCandidate {
  const exits = [{ node: { cell: 0, node: 2 }, multiplyAdds: 40, accuracy: 0.5, testAccuracy: null }];
  return {
    ...range,
    id,
    runId: "r",
    index: id,
    name: `Network ${id}`,
    canonical: `${id}`,
    architecture,
    parameters: 10,
    multiplyAdds: 40,
    score: 0.34,
    scoreLoss: null,
    exits,
    rank,
    role,
    generationMs: null,
    evaluationMs: null,
  };
}

function training(id: number, role: AnytimeTraining["role"], accuracies: readonly [number, number], test: number | null, repetition = 0): AnytimeTraining {
  return {
    ...range,
    id,
    runId: "r",
    candidateId: null,
    name: role === "reference" ? "MSDNet" : "Winner",
    canonical: `${id}`,
    model: role === "reference" ? ({ kind: "msdnet" } as AnytimeTraining["model"]) : { kind: "cells", architecture },
    role,
    repetition,
    seed: 1,
    epochs: 1,
    initialChannels: 8,
    parameters: 10,
    multiplyAdds: 80,
    score: 0.3,
    exits: [
      { node: { cell: 0, node: 2 }, multiplyAdds: 20, accuracy: accuracies[0], testAccuracy: test },
      { node: null, multiplyAdds: 80, accuracy: accuracies[1], testAccuracy: test },
    ],
    area: 0,
    testArea: test,
    trainLoss: 1,
    seconds: 1,
  };
}

describe("early-exit networks", () => {
  it("are sorted by the area under the displayed curve", () => {
    const rows = trainingRows([training(1, "shortlist", [0.4, 0.6], 0.9), training(2, "reference", [0.5, 0.9], 0.2)], "validation");
    // Manually: 0.2 · 0.1 + 0.6 · 0.5 + 0.2 · 0.9 and 0.2 · 0.1 + 0.6 · 0.4 + 0.2 · 0.6.
    expect(rows.map((row) => [row.id, Number(row.area.toFixed(6))])).toEqual([
      ["t2", 0.5],
      ["t1", 0.38],
    ]);
    expect(rows.map((row) => row.architecture === null)).toEqual([true, false]);
    const test = trainingRows([training(1, "shortlist", [0.4, 0.6], 0.9), training(2, "reference", [0.5, 0.9], 0.2)], "test");
    expect(test.map((row) => row.id)).toEqual(["t1", "t2"]);
    expect(trainingRows([training(1, "shortlist", [0.4, 0.6], null)], "test")).toEqual([]);
  });

  it("are distinguishable when trained several times", () => {
    const rows = trainingRows([training(1, "shortlist", [0.4, 0.6], null), training(2, "shortlist", [0.4, 0.5], null, 1)], "validation");
    expect(rows.map((row) => row.label)).toEqual(["Winner, repetition 1", "Winner, repetition 2"]);
  });

  it("use the last exit within the budget, and chance accuracy before the first", () => {
    const [row] = trainingRows([training(1, "shortlist", [0.4, 0.6], null)], "validation");
    if (row === undefined) throw new Error("There is a training.");
    expect(answerUnder(row, 19)).toEqual({ exit: null, accuracy: 0.1, spent: 0 });
    expect(answerUnder(row, 20)).toEqual({ exit: 1, accuracy: 0.4, spent: 20 });
    expect(answerUnder(row, 79)).toEqual({ exit: 1, accuracy: 0.4, spent: 20 });
    expect(answerUnder(row, 80)).toEqual({ exit: 2, accuracy: 0.6, spent: 80 });
  });

  it("are plotted by default: three best and two random of a search, all of a training", () => {
    const rows = candidateRows([...[1, 2, 3, 4].map((rank) => candidate(rank, rank, "shortlist")), ...[7, 8, 9].map((id) => candidate(id, null, "random"))]);
    expect(defaultRows(rows, "predicted")).toEqual(["c1", "c2", "c3", "c7", "c8"]);
    expect([...defaultSlots(rows, "predicted").values()]).toEqual([0, 1, 2, 3, 4]);
    expect(specsOf(rows, new Map([["c7", 5]]))).toEqual([{ id: "c7", label: "Network 7", slot: 5, exits: rows[4]?.exits }]);
    expect(rangeOf(rows)).toEqual(range);
    expect(rangeOf([])).toEqual({ maxBudget: 1.2e8, chance: 0.1 });
  });

  it("have the colours of their learning curves, regardless of their order by area", () => {
    const accuracy = [0.3, 0.9, 0.5, 0.4, 0.6, 0.7, 0.35, 0.45, 0.8, 0.1];
    const rows = trainingRows(
      accuracy.map((value, i) => training(10 + i, "shortlist", [value, value], null)),
      "validation",
    );
    const slots = defaultSlots(rows, "validation");
    expect(rows[0]?.id).toBe("t11");
    expect(slots.get("t11")).toBe(1);
    expect(slots.get("t12")).toBe(2);
    // The ninth series is among the eight best; it takes the slot of the worst, which is not plotted.
    expect(slots.get("t18")).toBe(0);
    expect(slots.has("t10")).toBe(false);
    expect(new Set(slots.values()).size).toBe(8);
  });
});
