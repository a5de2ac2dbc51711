import { describe, expect, it } from "vitest";
import { runQuerySchema } from "../../../src-shared/domain/records/run-history.ts";
import { candidate, columns, config, newProject, newRun, training } from "../support/store-support.ts";

const parentless = config();
const names = (project: ReturnType<typeof newProject>, query: object): string[] =>
  project.store.runs.query(runQuerySchema.parse(query)).rows.map((run) => run.name);

describe("runs", () => {
  it("are found by words, status, kind, dataset, tags and view, and sorted by fields and metrics", () => {
    const project = newProject();
    const { runs, metrics } = project.store;
    const a = newRun(project, "Alpha 100%", { seed: 3 });
    const b = newRun(project, "beta", { seed: 1, dataset: { id: "cifar10" } });
    const c = newRun(project, "Gamma", { kind: "search", ghnRunId: a, seed: 2 });
    runs.setTags(a, ["paper", "x"]);
    runs.setTags(b, ["x"]);
    runs.update(b, { status: "completed", notes: "long and slow" });
    metrics.append(a, [columns("train/validation-accuracy", [1, 2], (step) => [0.9, 0.6][step - 1] ?? 0)]);
    metrics.append(b, [columns("train/validation-accuracy", [1, 2], (step) => [0.7, 0.8][step - 1] ?? 0)]);
    expect(names(project, {})).toEqual(["Gamma", "beta", "Alpha 100%"]);
    expect(names(project, { search: "100%" })).toEqual(["Alpha 100%"]);
    expect(names(project, { search: "SLOW beta" })).toEqual(["beta"]);
    expect(names(project, { search: "paper" })).toEqual(["Alpha 100%"]);
    expect(names(project, { search: "_" })).toEqual([]);
    expect(names(project, { status: ["completed", "failed"] })).toEqual(["beta"]);
    expect(names(project, { kind: ["search"] })).toEqual(["Gamma"]);
    expect(names(project, { dataset: ["cifar10"] })).toEqual(["beta"]);
    expect(names(project, { tags: ["x"] })).toEqual(["beta", "Alpha 100%"]);
    expect(names(project, { tags: ["x", "paper"] })).toEqual(["Alpha 100%"]);
    expect(names(project, { sort: [{ key: "name", descending: false }] })).toEqual(["Alpha 100%", "beta", "Gamma"]);
    expect(names(project, { sort: [{ key: "seed", descending: true }] })).toEqual(["Alpha 100%", "Gamma", "beta"]);
    // Runs without a value come last in both directions.
    expect(names(project, { sort: [{ key: "metric:train/validation-accuracy:last", descending: true }] })).toEqual(["beta", "Alpha 100%", "Gamma"]);
    expect(names(project, { sort: [{ key: "metric:train/validation-accuracy:best", descending: false }] })).toEqual(["beta", "Alpha 100%", "Gamma"]);
    expect(names(project, { expression: 'best("train/validation-accuracy") > 85%' })).toEqual(["Alpha 100%"]);
    expect(names(project, { expression: 'config.dataset.id == "cifar10" or kind == "search"' })).toEqual(["Gamma", "beta"]);
    expect(runs.query(runQuerySchema.parse({ expression: "seed >" }))).toMatchObject({ total: 3, expressionError: { position: 6 } });
    runs.update(c, { archived: true });
    runs.update(b, { trashedAt: "2026-01-01T00:00:00Z" });
    expect(names(project, {})).toEqual(["Alpha 100%"]);
    expect(names(project, { view: "archived" })).toEqual(["Gamma"]);
    expect(names(project, { view: "trash" })).toEqual(["beta"]);
    expect(runs.overview("active")).toEqual({
      counts: { queued: 1, "ghn-training": 1, digits: 1 },
      tags: ["paper", "x"],
      metricNames: ["train/validation-accuracy"],
    });
    expect(runs.count()).toBe(2);
  });

  it("are sorted by figures in every place of the order; runs without one come last", () => {
    const project = newProject();
    const add = (name: string, seed: number, accuracy?: number): void => {
      const id = newRun(project, name, { kind: "cell-training", source: { from: "search", runId: "abc", top: 2, random: 0 }, seed });
      project.store.runs.update(id, { startedAt: "2026-01-01T00:00:00Z" });
      if (accuracy !== undefined) project.store.trainings.append(id, [training("Cell", accuracy)]);
    };
    add("first 0.7", 1, 0.7);
    add("second none", 2);
    add("first 0.9", 1, 0.9);
    add("second 0.8", 2, 0.8);
    add("second 0.7", 2, 0.7);
    const figure = (descending: boolean) => ({ key: "figure:validationAccuracy", descending });
    const seed = { key: "seed", descending: false };
    expect(names(project, { sort: [seed, figure(true)] })).toEqual(["first 0.9", "first 0.7", "second 0.8", "second 0.7", "second none"]);
    expect(names(project, { sort: [seed, figure(false)] })).toEqual(["first 0.7", "first 0.9", "second 0.7", "second 0.8", "second none"]);
    expect(names(project, { sort: [figure(true), { ...seed, descending: true }] })).toEqual([
      "first 0.9",
      "second 0.8",
      "second 0.7",
      "first 0.7",
      "second none",
    ]);
    expect(names(project, { sort: [seed, figure(true)], expression: "seed == 2", limit: 2 })).toEqual(["second 0.8", "second 0.7"]);
  });

  it("are paged without gaps or duplicates with ten thousand runs", () => {
    const project = newProject();
    const { store } = project;
    store.transaction(() => {
      for (let i = 0; i < 10_000; i++) {
        const id = newRun(project, `run ${i}`, { seed: i });
        if (i % 2 === 0) store.metrics.append(id, [columns("ghn/loss", [1], () => (i * 7919) % 10_007)]);
      }
    });
    const sort = [{ key: "metric:ghn/loss:best", descending: true }];
    const pages = [0, 100, 4950].map((offset) => store.runs.query(runQuerySchema.parse({ sort, offset })));
    expect(pages.map((page) => page.total)).toEqual([10_000, 10_000, 10_000]);
    const expected = Array.from({ length: 5000 }, (_, i) => (2 * i * 7919) % 10_007).sort((x, y) => y - x);
    expect(pages.map((page) => page.rows.map((run) => run.metrics["ghn/loss"]?.best))).toEqual([
      expected.slice(0, 100),
      expected.slice(100, 200),
      [...expected.slice(4950), ...Array<undefined>(50).fill(undefined)],
    ]);
    const filtered = store.runs.query(runQuerySchema.parse({ expression: 'best("ghn/loss") >= 5000 and seed < 2000', limit: 10_000 }));
    expect(filtered.total).toBe(Array.from({ length: 1000 }, (_, i) => (2 * i * 7919) % 10_007).filter((value) => value >= 5000).length);
    expect(filtered.rows).toHaveLength(filtered.total);
  });

  it("return configs, facts and stages, which are removed with them", () => {
    const project = newProject();
    const { store } = project;
    const parent = newRun(project, "parent", { kind: "pipeline" });
    const stage = store.runs.create({ name: "stage", config: { ...parentless }, codeVersion: "2", parentId: parent, stage: "ghn", first: true });
    expect(store.runs.children(parent).map((run) => run.id)).toEqual([stage]);
    expect(store.runs.queued().map((run) => run.id)).toEqual([stage, parent]);
    expect(names(project, { topLevelOnly: true })).toEqual(["parent"]);
    store.runs.update(stage, { summary: { a: 1, b: "x", c: null, d: true }, resumedFrom: [5], datasetFingerprint: "f" });
    expect(store.runs.record(stage)).toMatchObject({
      config: parentless,
      codeVersion: "2",
      summary: { a: 1, b: "x", c: null, d: true },
      resumedFrom: [5],
      datasetFingerprint: "f",
      subjects: null,
    });
    store.metrics.append(stage, [columns("ghn/loss", [1])]);
    store.candidates.append(stage, [candidate(0, 0.5)]);
    store.artifacts.add(stage, { kind: "ghn", name: "g", path: `artifacts/${stage}/g`, bytes: 3, sha256: "s" });
    store.runs.delete(parent);
    expect([store.runs.get(stage), store.runs.record(stage), store.metrics.all(stage), store.candidates.count(stage), store.artifacts.bytes()]).toEqual([
      null,
      null,
      [],
      0,
      0,
    ]);
  });
});

describe("candidates", () => {
  it("have a latency where one was measured", () => {
    const project = newProject();
    const id = newRun(project, "s", { kind: "search", ghnRunId: "x" });
    project.store.candidates.append(id, [candidate(0, 0.5, { latencyMs: 1.25 }), candidate(1, 0.4)]);
    const [timed, other] = project.store.candidates.list(id).rows;
    expect(timed?.latencyMs).toBe(1.25);
    expect(other).not.toHaveProperty("latencyMs");
  });

  it("are ranked by score, then loss, then order; the baseline has no rank", () => {
    const { store, id } = withRun();
    store.candidates.append(id, [
      candidate(0, 0.5, { scoreLoss: 2 }),
      candidate(1, 0.9),
      candidate(2, 0.5, { scoreLoss: 1 }),
      candidate(3, null),
      candidate(4, 0.5, { scoreLoss: 2 }),
      candidate(5, 0.95, { role: "random" }),
    ]);
    const ranks = (rows: readonly { index: number; rank: number | null }[]): [number, number | null][] => rows.map((row) => [row.index, row.rank]);
    const { rows, total } = store.candidates.list(id);
    expect(total).toBe(6);
    expect(ranks(rows)).toEqual([
      [1, 1],
      [2, 2],
      [0, 3],
      [4, 4],
      [5, null],
      [3, null],
    ]);
    expect(rows.map((row) => store.candidates.get(row.id)?.rank)).toEqual([1, 2, 3, 4, null, null]);
    expect(ranks(store.candidates.from(id, 4))).toEqual([
      [4, 4],
      [5, null],
    ]);
    expect(rows[0]).toMatchObject({ runId: id, multiplyAdds: 4_999_999_999, generationMs: 1.5, architecture: { normal: { nodes: [{ inputs: [0, 1] }] } } });
    expect(store.candidates.list(id, { sort: "parameters", descending: true, limit: 2, offset: 1 }).rows.map((row) => row.index)).toEqual([4, 3]);
    store.candidates.setRoles(id, [1, 2], [5]);
    expect(store.candidates.list(id).rows.map((row) => row.role)).toEqual(["shortlist", "shortlist", "none", "none", "random", "none"]);
    expect(store.candidates.truncate(id, 2)).toBe(4);
    expect(ranks(store.candidates.list(id).rows)).toEqual([
      [1, 1],
      [0, 2],
    ]);
  });
});

describe("trainings, files, logs and settings", () => {
  it("keep trainings in order, those of stages under their pipeline, and those of a purged search", () => {
    const { project, store, id } = withRun();
    const parent = newRun(project, "p", { kind: "pipeline" });
    const stage = store.runs.create({ name: "s", config: parentless, codeVersion: "1", parentId: parent, stage: "compare" });
    store.candidates.append(id, [candidate(0, 0.5)]);
    const candidateId = store.candidates.list(id).rows[0]?.id ?? null;
    store.trainings.append(stage, [training("a", 0.5, { candidateId }), training("b", 0.6, { testAccuracy: 0.55, trainLoss: Number.NaN })]);
    expect(store.trainings.list(parent)).toEqual(store.trainings.list(stage));
    expect(store.trainings.list(stage)).toMatchObject([
      { name: "a", candidateId, epochs: 0.5 },
      { name: "b", testAccuracy: 0.55, trainLoss: Number.NaN },
    ]);
    store.runs.delete(id);
    expect(store.trainings.list(stage)[0]?.candidateId).toBeNull();
    store.trainings.append(stage, [training("c", 0.7, { candidateId: 999 })]);
    expect(store.trainings.from(stage, 2)).toMatchObject([{ name: "c", candidateId: null }]);
    expect(store.trainings.truncate(stage, 1)).toBe(2);
  });

  it("replace a file of the same name, and know checkpoints by step", () => {
    const { store, id } = withRun();
    const file = (name: string, sha256: string) => ({ kind: "checkpoint" as const, name, path: `artifacts/${id}/${name}`, bytes: 10, sha256 });
    for (const step of [10, 30, 20]) store.artifacts.add(id, file(`c${step}`, "x"), step);
    store.artifacts.add(id, file("c30", "y"), 30);
    expect(store.artifacts.checkpoints(id).map(({ step, sha256 }) => [step, sha256])).toEqual([
      [30, "y"],
      [20, "x"],
      [10, "x"],
    ]);
    expect(store.artifacts.latest(id, "ghn")).toBeNull();
  });

  it("return logs by id and by tail", () => {
    const { store, id } = withRun();
    const lines = store.logs.append(
      id,
      ["a", "b", "c"].map((text) => ({ time: "2026-01-01T00:00:00Z", level: "info" as const, text })),
    );
    expect(store.logs.list(id, lines[0]?.id).map((line) => line.text)).toEqual(["b", "c"]);
    expect(store.logs.tail(id, 2).map((line) => line.text)).toEqual(["b", "c"]);
  });

  it("store settings and the draft separately", () => {
    const { store } = withRun();
    store.settings.set("draft", { columns: ["a"] });
    store.settings.saveDraft({ config: { kind: "search" }, name: "n", clonedFrom: null });
    expect(store.settings.all()).toEqual({ draft: { columns: ["a"] } });
    expect(store.settings.draft()).toMatchObject({ config: { kind: "search" }, name: "n" });
    store.settings.clearDraft();
    store.settings.set("draft", undefined);
    expect([store.settings.draft(), store.settings.get("draft")]).toEqual([null, undefined]);
  });
});

function withRun() {
  const project = newProject();
  return { project, store: project.store, id: newRun(project) };
}

it("a config has a bounded size", () => {
  const project = newProject();
  const huge = { ...config(), note: "x".repeat(9_000_000) };
  expect(() => project.store.runs.create({ name: "Huge", config: huge, codeVersion: "1" })).toThrow("the limit is 8000000");
  expect(project.store.runs.newest()).toBeNull();
});
