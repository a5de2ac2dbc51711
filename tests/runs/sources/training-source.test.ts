import { describe, expect, it } from "vitest";
import { isUserError } from "../../../src-main/lib/errors.ts";
import { ghnArtifact } from "../../../src-main/runs/sources/ghn-source.ts";
import { resolveCells } from "../../../src-main/runs/sources/training-source.ts";
import { candidate, config, newProject, newRun, training } from "../../store/support/store-support.ts";

function fieldOf(work: () => unknown): string | undefined {
  try {
    work();
  } catch (error) {
    if (isUserError(error)) return `${error.code} ${error.field}`;
    throw error;
  }
  return undefined;
}

describe("cells of a training run", () => {
  it("of a search: the best by rank, then the baseline in its order", () => {
    const project = newProject();
    const { store } = project;
    const search = newRun(project, "s", { kind: "search", ghnRunId: "x" });
    store.candidates.append(search, [
      ...[0.3, 0.9, 0.6].map((score, i) => candidate(i, score)),
      candidate(3, 0.99, { role: "random" }),
      candidate(4, 0.1, { role: "random" }),
    ]);
    const source = { from: "search" as const, runId: search, top: 2, random: 2 };
    expect(fieldOf(() => resolveCells(store, source))).toBe("run-unfinished source.runId");
    store.runs.update(search, { status: "completed" });
    expect(resolveCells(store, source).map(({ name, role, score }) => [name, role, score])).toEqual([
      ["Cell 1", "shortlist", 0.9],
      ["Cell 2", "shortlist", 0.6],
      ["Cell 3", "random", 0.99],
      ["Cell 4", "random", 0.1],
    ]);
    expect(resolveCells(store, source).every(({ candidateId }) => candidateId !== null)).toBe(true);
    expect(fieldOf(() => resolveCells(store, { ...source, random: 3 }))).toBe("cells-missing source.random");
    expect(fieldOf(() => resolveCells(store, { ...source, top: 0, random: 0 }))).toBe("cells-missing source.top");
    expect(fieldOf(() => resolveCells(store, { ...source, runId: "nobody" }))).toBe("run-missing source.runId");
    expect(fieldOf(() => resolveCells(store, { from: "training", runId: search, best: 1 }))).toBe("run-kind source.runId");
  });

  it("of a search with several objectives: its shortlist before better scores", () => {
    const project = newProject();
    const { store } = project;
    const search = newRun(project, "s", { kind: "search", ghnRunId: "x" });
    store.candidates.append(
      search,
      [0.3, 0.9, 0.6].map((score, i) => candidate(i, score)),
    );
    store.candidates.setRoles(search, [0, 2], []);
    store.runs.update(search, { status: "completed" });
    const names = (top: number): string[] => resolveCells(store, { from: "search", runId: search, top, random: 0 }).map(({ name }) => name);
    expect(names(2)).toEqual(["Cell 2", "Cell 0"]);
    expect(names(3)).toEqual(["Cell 2", "Cell 0", "Cell 1"]);
  });

  it("of a training: the best by mean validation accuracy; the baseline wins only if there are no others", () => {
    const project = newProject();
    const { store } = project;
    const run = newRun(project, "t", { kind: "cell-training", source: { from: "search", runId: "x", top: 1, random: 1 } });
    store.trainings.append(run, [
      training("lucky", 0.95, { role: "shortlist", repetition: 0 }),
      training("lucky", 0.55, { role: "shortlist", repetition: 1 }),
      training("steady", 0.8, { role: "shortlist", repetition: 0 }),
      training("steady", 0.8, { role: "shortlist", repetition: 1 }),
      training("random", 0.99, { role: "random" }),
    ]);
    store.runs.update(run, { status: "completed" });
    const names = (best: number): string[] => resolveCells(store, { from: "training", runId: run, best }).map((cell) => cell.name);
    expect(names(1)).toEqual(["steady"]);
    expect(names(5)).toEqual(["steady", "lucky"]);
  });

  it("given directly get their canonical form", () => {
    const { store } = newProject();
    const architecture = { normal: { nodes: [{ operation: "conv3x3" as const, inputs: [0] }] } } as never;
    const [cell] = resolveCells(store, { from: "cells", cells: [{ name: "mine", architecture }] });
    expect(cell).toMatchObject({ name: "mine", role: "none", candidateId: null, score: null });
    expect(cell?.canonical.length).toBeGreaterThan(0);
  });
});

it("the GHN of a search is that of its source run, or of that pipeline's stage", () => {
  const project = newProject();
  const { store } = project;
  const pipeline = newRun(project, "p", { kind: "pipeline" });
  const stage = store.runs.create({ name: "ghn", config: config(), codeVersion: "1", parentId: pipeline, stage: "ghn" });
  expect(fieldOf(() => ghnArtifact(store, stage))).toBe("ghn-missing ghnRunId");
  store.artifacts.add(stage, { kind: "ghn", name: "ghn.safetensors", path: `artifacts/${stage}/ghn.safetensors`, bytes: 1, sha256: "s" });
  expect(ghnArtifact(store, stage).path).toBe(`artifacts/${stage}/ghn.safetensors`);
  expect(ghnArtifact(store, pipeline).path).toBe(`artifacts/${stage}/ghn.safetensors`);
  expect(fieldOf(() => ghnArtifact(store, "nobody"))).toBe("ghn-missing ghnRunId");
  expect(fieldOf(() => ghnArtifact(store, newRun(project, "s", { kind: "search", ghnRunId: "x" })))).toBe("ghn-missing ghnRunId");
});
