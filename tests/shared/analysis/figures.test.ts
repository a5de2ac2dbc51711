import { describe, expect, it } from "vitest";
import { type FigureNetwork, type FigureRecords, type FigureTraining, figuresOf } from "../../../src-shared/analysis/figures/figures.ts";
import { scoredCells } from "../../../src-shared/analysis/figures/trained-cells.ts";

const training = (name: string, role: FigureTraining["role"], validationAccuracy: number, more: Partial<FigureTraining> = {}): FigureTraining => ({
  name,
  canonical: name,
  role,
  score: 0.5,
  validationAccuracy,
  testAccuracy: null,
  runId: "r",
  parameters: 10,
  multiplyAdds: 20,
  stage: null,
  ...more,
});
const records = (more: Partial<FigureRecords>): FigureRecords => ({
  kind: "cell-training",
  ended: true,
  trainings: [],
  networks: [],
  top: null,
  ranked: null,
  metrics: {},
  ...more,
});

describe("figures", () => {
  it("of a pipeline are those of its winner, never of the random baseline, whatever trained last or best", () => {
    const trainings = [
      training("Cell 1", "shortlist", 0.82, { stage: "compare" }),
      training("Random 1", "random", 0.99, { stage: "compare" }),
      training("Random 2", "random", 0.7, { stage: "compare" }),
      training("Cell 1", "shortlist", 0.97, { stage: "final", testAccuracy: 0.96, runId: "f" }),
      training("Cell 1", "shortlist", 0.98, { stage: "final", testAccuracy: 0.95, runId: "f" }),
    ];
    const found = figuresOf(records({ kind: "pipeline", trainings }));
    expect(found).toMatchObject({ winner: "Cell 1", winnerRunId: "f", validationAccuracy: { mean: 0.975, n: 2 }, testAccuracy: { mean: 0.955, n: 2 } });
    expect(found.shortlistAccuracy).toEqual({ mean: 0.82, deviation: null, n: 1 });
    expect(found.randomAccuracy).toMatchObject({ n: 2 });
    // Before the winner is trained there is none.
    const before = figuresOf(records({ kind: "pipeline", trainings: trainings.slice(0, 3) }));
    expect(before).not.toHaveProperty("winner");
    expect(before).not.toHaveProperty("validationAccuracy");
  });

  it("of trainings are means over the repetitions of the best cell; while they run nothing is called the winner", () => {
    const trainings = [
      training("A", "shortlist", 0.9),
      training("A", "shortlist", 0.8),
      training("B", "shortlist", 0.87),
      training("B", "shortlist", 0.86),
      training("C", "random", 0.95),
    ];
    const found = figuresOf(records({ trainings }));
    expect(found).toMatchObject({ winner: "B", validationAccuracy: { mean: 0.865, n: 2 }, shortlistAccuracy: { n: 2 }, randomAccuracy: { mean: 0.95, n: 1 } });
    expect(figuresOf(records({ trainings, ended: false }))).toMatchObject({ validationAccuracy: { n: 2 } });
    expect(figuresOf(records({ trainings, ended: false }))).not.toHaveProperty("winner");
  });

  it("of an anytime run are those of the searched network, not of references", () => {
    const network = (name: string, role: FigureNetwork["role"], area: number, testArea: number | null = null): FigureNetwork => ({
      runId: "t",
      name,
      canonical: name,
      role,
      parameters: 1,
      multiplyAdds: 2,
      area,
      testArea,
    });
    const networks = [
      network("Network 3", "shortlist", 0.6, 0.5),
      network("Network 3", "shortlist", 0.7, 0.6),
      network("MSDNet", "reference", 0.9, 0.9),
      network("Random 1", "random", 0.5),
    ];
    expect(figuresOf(records({ kind: "anytime", networks }))).toMatchObject({
      winner: "Network 3",
      area: { mean: expect.closeTo(0.65), n: 2 },
      testArea: { mean: expect.closeTo(0.55), n: 2 },
      randomArea: { mean: 0.5, n: 1 },
    });
  });

  it("count isomorphic cells once, with the mean of all their trainings", () => {
    const trainings = [
      training("Cell 1", "shortlist", 0.9, { canonical: "x" }),
      training("Random 1", "random", 0.7, { canonical: "x" }),
      training("B", "random", 0.5),
    ];
    expect(scoredCells(trainings)).toEqual([
      { score: 0.5, accuracy: 0.8 },
      { score: 0.5, accuracy: 0.5 },
    ]);
  });
});
