import { describe, expect, it } from "vitest";
import { configGroups } from "../../../../src-renderer/features/runs/config-rows.ts";
import { liveStage, withArtifact, withChange } from "../../../../src-renderer/features/runs/run-changes.ts";
import { factTitle, factValue } from "../../../../src-renderer/features/runs/run-facts.ts";
import { candidatePlot } from "../../../../src-renderer/pages/run/candidates/candidate-points.ts";
import { agreementPlot, agreements, protocolsOf, roleMeans, trainedCells } from "../../../../src-renderer/pages/run/correlation/correlation-data.ts";
import { ranked, sortCandidates } from "../../../../src-renderer/pages/run/data/ranking.ts";
import { overviewTiles, progressWords } from "../../../../src-renderer/pages/run/overview/overview-tiles.ts";
import { sparkPath } from "../../../../src-renderer/pages/run/overview/spark.ts";
import { tabsOf } from "../../../../src-renderer/pages/run/tabs.ts";
import { sortTrainings } from "../../../../src-renderer/pages/run/trainings/training-columns.ts";
import { runConfigSchema } from "../../../../src-shared/domain/config/run-config.ts";
import { divergedWords, usableTrainings } from "../../../../src-shared/domain/records/divergence.ts";
import type { Candidate, RunDetail, RunProgress, Training } from "../../../../src-shared/domain/records/run.ts";
import { config, detail } from "../../dev/data.ts";

const cell = { normal: { nodes: [{ operation: "identity" as const, inputs: [0] }] } };

function candidate(index: number, score: number | null, parameters = 1000 + index): Candidate {
  return {
    id: index,
    runId: "r",
    index,
    name: `cell-${index}`,
    canonical: `c${index}`,
    architecture: cell,
    parameters,
    multiplyAdds: parameters * 10,
    score,
    scoreLoss: null,
    rank: null,
    role: "none",
    generationMs: null,
    evaluationMs: null,
  };
}

function training(id: number, part: Partial<Training> = {}): Training {
  return {
    id,
    runId: "t",
    candidateId: id,
    name: `cell-${id}`,
    canonical: `c${id}`,
    architecture: cell,
    role: "none",
    repetition: 0,
    seed: 1,
    epochs: 5,
    parameters: 1000,
    multiplyAdds: 10_000,
    score: 0.5,
    validationAccuracy: 0.8,
    testAccuracy: null,
    trainLoss: 0.1,
    seconds: 1,
    ...part,
  };
}

describe("candidates", () => {
  it("ranks by score, then loss and order, like the store; random cells and cells without a score have no rank", () => {
    const list = ranked([
      candidate(0, 0.3),
      candidate(1, null),
      { ...candidate(2, 0.9), role: "random" },
      candidate(3, 0.3),
      { ...candidate(4, 0.3), scoreLoss: 1.5 },
      candidate(5, 0.6),
    ]);
    expect(list.map(({ index, rank }) => [index, rank])).toEqual([
      [2, null],
      [5, 1],
      [4, 2],
      [0, 3],
      [3, 4],
      [1, null],
    ]);
  });

  it("sorts by any column, missing values last in both directions", () => {
    const list = [candidate(0, 0.3, 50), candidate(1, null, 20), candidate(2, 0.9, 50)];
    expect(sortCandidates(list, [{ key: "score", descending: true }]).map((c) => c.index)).toEqual([2, 0, 1]);
    expect(sortCandidates(list, [{ key: "score", descending: false }]).map((c) => c.index)).toEqual([0, 2, 1]);
    expect(
      sortCandidates(list, [
        { key: "parameters", descending: false },
        { key: "score", descending: true },
      ]).map((c) => c.index),
    ).toEqual([1, 2, 0]);
  });

  it("draws the Pareto front of score against cost", () => {
    const { points, shape } = candidatePlot([candidate(0, 0.5, 100), candidate(1, 0.4, 200), candidate(2, 0.7, 300), candidate(3, null, 1)], "parameters");
    expect(shape.front).toEqual([
      [100, 0.5],
      [300, 0.7],
    ]);
    expect(points.map((point) => point.group)).toEqual(["front", "none", "front"]);
  });
});

describe("correlation", () => {
  const many = Array.from({ length: 12 }, (_, i) =>
    training(i, {
      canonical: `c${i}`,
      score: i / 20,
      validationAccuracy: 0.5 + i / 40,
      parameters: 1000 + ((i * 7) % 12),
      role: i < 6 ? "random" : "shortlist",
    }),
  );

  it("averages repetitions of a cell and separates protocols", () => {
    const cells = trainedCells([
      training(1, { validationAccuracy: 0.8 }),
      training(2, { canonical: "c1", repetition: 1, validationAccuracy: 0.9, testAccuracy: 0.7 }),
      training(3, { canonical: "c1", epochs: 600, validationAccuracy: 0.99 }),
    ]);
    expect(
      cells.map(({ validationAccuracy, testAccuracy, repetitions, epochs }) => [Number(validationAccuracy.toFixed(6)), testAccuracy, repetitions, epochs]),
    ).toEqual([
      [0.85, 0.7, 2, 5],
      [0.99, null, 1, 600],
    ]);
    expect(protocolsOf(cells).map(({ epochs, cells: n }) => [epochs, n])).toEqual([
      [5, 1],
      [600, 1],
    ]);
  });

  it("computes three coefficients with n and interval per predictor, for all cells or the better half", () => {
    const all = agreements(trainedCells(many), "validationAccuracy", { half: false, interval: "fisher" });
    const score = all.rows.find((row) => row.predictor === "score");
    expect(score?.coefficients.pearson.value).toBeCloseTo(1, 9);
    expect(score?.coefficients.kendall).toMatchObject({ n: 12, value: 1 });
    expect(Math.abs(all.rows.find((row) => row.predictor === "parameters")?.coefficients.spearman.value ?? 1)).toBeLessThan(0.8);
    const half = agreements(trainedCells(many), "validationAccuracy", { half: true, interval: "fisher" });
    expect(half.cells.map((entry) => entry.name)).toEqual(["cell-6", "cell-7", "cell-8", "cell-9", "cell-10", "cell-11"]);
  });

  it("draws the full regression line and circles outliers", () => {
    const off = [...many, training(99, { score: 0.5, validationAccuracy: 0.2 })];
    const answer = agreements(trainedCells(off), "validationAccuracy", { half: false, interval: "fisher" });
    const row = answer.rows[0];
    if (row === undefined) throw new Error("No row.");
    const { points, shape } = agreementPlot(answer.cells, row, "validationAccuracy");
    expect(points.filter((point) => point.group === "outlier").map((point) => point.label)).toEqual(["cell-99"]);
    expect(shape.line?.map(([x]) => x)).toEqual([0, 0.55]);
  });

  it("compares the shortlist with random cells", () => {
    const means = roleMeans(trainedCells(many), "validationAccuracy");
    expect(means.map(({ role, n }) => [role, n])).toEqual([
      ["shortlist", 6],
      ["random", 6],
    ]);
    expect((means[0]?.mean ?? 0) - (means[1]?.mean ?? 0)).toBeCloseTo(6 / 40, 9);
    expect(roleMeans([], "validationAccuracy")).toEqual([]);
  });
});

describe("a run and its events", () => {
  const stage = detail({ id: "s1", name: "stage", parentId: "p", stage: "ghn", config: config("ghn-training") });
  const pipeline: RunDetail = detail({ id: "p", name: "pipeline", config: config("pipeline"), children: [stage] });

  it("applies changes of the run, its stages and new stages, and nothing else", () => {
    expect(withChange(pipeline, { ...pipeline, status: "stopped" }).status).toBe("stopped");
    expect(withChange(pipeline, { ...stage, status: "running" }).children.map((child) => child.status)).toEqual(["running"]);
    expect(withChange(pipeline, { ...stage, id: "s2" }).children.map((child) => child.id)).toEqual(["s1", "s2"]);
    expect(withChange(pipeline, { ...stage, id: "x", parentId: "other" })).toBe(pipeline);
  });

  it("adds an artifact only once", () => {
    const artifact = { id: 1, runId: "s1", kind: "ghn" as const, name: "GHN", path: "a", bytes: 1, sha256: "", createdAt: "" };
    const once = withArtifact(pipeline, artifact);
    expect(once.artifacts).toEqual([artifact]);
    expect(withArtifact(once, artifact)).toBe(once);
    expect(withArtifact(pipeline, { ...artifact, runId: "x" })).toBe(pipeline);
  });

  it("shows the running stage, else the last started one", () => {
    const waiting = { ...stage, id: "s2", status: "queued" as const, startedAt: null };
    expect(liveStage({ ...pipeline, children: [stage, waiting] })?.id).toBe("s1");
    expect(liveStage({ ...pipeline, children: [stage, { ...waiting, status: "running", startedAt: "2026" }] })?.id).toBe("s2");
    expect(liveStage({ ...pipeline, children: [] })).toBeNull();
  });

  it("has the tabs of its kind", () => {
    expect(tabsOf(stage, { candidates: 0, trainings: 0 }).map((tab) => tab.value)).toEqual(["overview", "curves", "config", "log", "artifacts"]);
    expect(tabsOf(pipeline, { candidates: 3, trainings: 0 }).find((tab) => tab.value === "candidates")?.count).toBe(3);
  });
});

describe("words", () => {
  it("groups the config and marks non-default settings", () => {
    const groups = configGroups(runConfigSchema.parse({ kind: "ghn-training", ghn: { propagation: "synchronous" } }));
    const changed = groups.flatMap((group) => group.rows.filter((row) => row.changed));
    expect(changed.map(({ path, title, value, defaultValue }) => ({ path, title, value, defaultValue }))).toEqual([
      { path: "ghn.propagation", title: "Propagation", value: "synchronous", defaultValue: "forward-backward" },
    ]);
    expect(groups.map((group) => group.title)).toContain("Augmentation");
  });

  it("formats facts with the unit implied by their name", () => {
    expect(factTitle("ghnParameters")).toBe("GHN parameters");
    expect(factTitle("bestValidationScore")).toBe("Best validation score");
    expect([factValue("bestValidationScore", 0.5), factValue("steps", 12_000), factValue("ghnParameters", 102_334), factValue("x", null)]).toEqual([
      "50.00\u202f%",
      "12,000",
      "102\u202fk",
      "–",
    ]);
  });

  it("describes progress, including an unknown remaining time", () => {
    expect(progressWords(null)).toBeNull();
    expect(progressWords({ phase: "Training", step: 50, totalSteps: 200, secondsLeft: 30 })).toEqual({
      share: 0.25,
      words: "Training · 50 of 200",
      left: "30\u202fs left",
    });
    expect(progressWords({ phase: "Training", step: 5, totalSteps: 0 })).toMatchObject({ share: null, left: "estimating time left" });
  });

  it("shows only the share of a staged run, whose steps are parts of its total work", () => {
    const progress = { phase: "Stage 2 of 4, Search: Scoring", step: 116, totalSteps: 1000 };
    expect(progressWords(progress, true)).toMatchObject({ share: 0.116, words: "Stage 2 of 4, Search: Scoring" });
    expect(progressWords(progress)?.words).toBe("Stage 2 of 4, Search: Scoring · 116 of 1,000");
  });

  it("counts scored cells against all that are scored, and names the best as the table does", () => {
    const search = detail({ id: "s", name: "Search", config: config("search", { search: { samples: 100, randomBaseline: 3 } }) });
    const tile = (id: string, progress: RunProgress | null, best: { name: string; score: number } | null = null): string | undefined =>
      overviewTiles(search, progress, () => null, [], best).find((entry) => entry.id === id)?.note;
    expect(tile("scored", { phase: "Scoring", step: 103, totalSteps: 103 })).toBe("of 103");
    expect(tile("scored", null)).toBe("100 proposed, 3 random");
    expect(tile("best", null, { name: "Cell 49", score: 0.4 })).toBe("Cell 49");
  });

  it("never shows a curve of a diverged training as the best accuracy", () => {
    const curve = { last: 0.1, best: 0.45, bestStep: 3, count: 9 };
    const run = detail({
      id: "t",
      name: "t",
      config: config("cell-training"),
      metrics: { "train/validation-accuracy": curve, "train/diverged": { last: 2, best: 1, bestStep: 1, count: 2 } },
    });
    const tile = (trainings: Training[]): unknown => overviewTiles(run, null, () => null, trainings).find(({ id }) => id === "best");
    expect(tile([])).toMatchObject({ value: "–", note: "2 diverged" });
  });

  it("sorts diverged trainings last and counts them apart", () => {
    const list = [
      training(1, { validationAccuracy: 0.9, divergence: "The loss at the end is not finite." }),
      training(2, { validationAccuracy: 0.2 }),
      training(3),
    ];
    for (const descending of [true, false]) expect(sortTrainings(list, [{ key: "validationAccuracy", descending }]).at(-1)?.id).toBe(1);
    expect(usableTrainings(list).map(({ id }) => id)).toEqual([2, 3]);
    expect(divergedWords(list)).toBe("1 of 3 trainings diverged and is left out of all figures: cell-1. The loss at the end is not finite.");
    expect(divergedWords(usableTrainings(list))).toBeNull();
  });

  it("draws a sparkline that breaks at gaps", () => {
    const box = { width: 100, height: 28, floor: 0, ceiling: 10, points: 100 };
    expect(sparkPath([0, 1, 2, 3], [0, 10, null, 0], box)).toBe("M0.00 26.50L33.33 1.50M100.00 26.50");
    expect(sparkPath([0], [1], box)).toBe("");
  });
});
