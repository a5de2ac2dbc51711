import { describe, expect, it } from "vitest";
import { columns, newProject, newRun, range } from "../support/store-support.ts";

describe("metrics", () => {
  it("are read as they were written, including gaps", () => {
    const { store } = newProjectWithRun();
    const sent = columns("ghn/loss", [1, 2, 3], (step) => (step === 2 ? null : 1 / step));
    store.metrics.append(store.id, [sent]);
    expect(store.metrics.all(store.id)).toEqual([sent]);
  });

  it("keep last and best value, best step and count, according to their direction", () => {
    const { store } = newProjectWithRun();
    store.metrics.append(store.id, [
      columns("ghn/loss", [1, 2, 3], (step) => [5, 1, 4][step - 1] ?? 0),
      columns("ghn/accuracy", [1, 2, 3], (step) => [0.5, 0.9, 0.9][step - 1] ?? 0),
    ]);
    store.metrics.append(store.id, [columns("ghn/loss", [4], () => null), columns("ghn/accuracy", [4], () => 0.7)]);
    expect(store.runs.get(store.id)?.metrics).toEqual({
      "ghn/loss": { last: 4, best: 1, bestStep: 2, count: 3 },
      "ghn/accuracy": { last: 0.7, best: 0.9, bestStep: 2, count: 4 },
    });
  });

  it("stay correct over thousands of small and large batches, in few rows", () => {
    const { store } = newProjectWithRun();
    let next = 1;
    store.transaction(() => {
      // Small batches mixed with large ones, as after a slow moment of the disk.
      for (let i = 0; i < 800; i++) {
        const size = i % 97 === 50 ? 1500 : 1 + (i % 7);
        store.metrics.append(store.id, [columns("ghn/loss", range(next, next + size - 1), Math.sqrt)]);
        next += size;
      }
    });
    const [whole] = store.metrics.all(store.id);
    expect(whole?.step).toEqual(range(1, next - 1));
    expect(whole?.value).toEqual(range(1, next - 1).map(Math.sqrt));
    expect(store.pieces()).toBeLessThan(next / 100);
  });

  it("are read by range, thinned to minimum and maximum pairs that keep every peak", () => {
    const { store } = newProjectWithRun();
    store.metrics.append(store.id, [
      columns("ghn/loss", range(1, 20_000), (step) => (step === 12_345 ? 1000 : step === 12_346 ? -1000 : step % 10)),
      columns("ghn/accuracy", [1]),
    ]);
    const [answer, none] = store.metrics.series(store.id, ["ghn/loss"], { buckets: 100 });
    expect(none).toBeUndefined();
    expect(answer).toMatchObject({ runId: store.id, thinned: true, totalPoints: 20_000, cursor: 1 });
    expect(answer?.columns.step.length).toBeLessThanOrEqual(302);
    expect(answer?.columns.value).toContain(1000);
    expect(answer?.columns.value).toContain(-1000);
    expect(answer?.columns.step.at(-1)).toBe(20_000);
    const at = answer?.columns.step.indexOf(12_345) ?? -1;
    expect(answer?.columns.wall[at]).toBe(24_690);
    const [zoom] = store.metrics.series(store.id, ["ghn/loss"], { buckets: 100, fromStep: 12_300, toStep: 12_350 });
    expect(zoom?.columns.step).toEqual(range(12_300, 12_350));
    expect(zoom).toMatchObject({ thinned: false, totalPoints: 51 });
  });

  it("return exactly the points after a cursor, whatever was merged meanwhile", () => {
    const { store } = newProjectWithRun();
    for (let step = 1; step <= 100; step++)
      store.metrics.append(store.id, [columns("ghn/loss", [step]), ...(step % 10 === 0 ? [columns("ghn/accuracy", [step])] : [])]);
    for (const cursor of [0, 1, 31, 32, 33, 95, 99, 100]) {
      const { columns: found, cursor: next } = store.metrics.since(store.id, cursor);
      expect(next).toBe(100);
      expect(found.find(({ name }) => name === "ghn/loss")?.step ?? []).toEqual(range(cursor + 1, 100));
      expect(found.find(({ name }) => name === "ghn/accuracy")?.step ?? []).toEqual(
        range(1, 10)
          .map((i) => i * 10)
          .filter((step) => step > cursor),
      );
    }
  });
});

describe("going back to a checkpoint", () => {
  it("removes what came after it in each series, and corrects the summaries", () => {
    const { store } = newProjectWithRun();
    for (let step = 1; step <= 50; step++) store.metrics.append(store.id, [columns("train/accuracy", [step], (s) => s / 100, 0)]);
    for (let step = 1; step <= 50; step++)
      store.metrics.append(store.id, [columns("train/accuracy", [step], (s) => s / 200, 1), columns("system/cpu", [50 + step])]);
    const cursor = store.metrics.cursor(store.id);
    expect(store.truncateAfter(store.id, { stepOfSeries: { "0": 50, "1": 20 }, candidates: 0, trainings: 0 }, 70)).toBe(true);
    const found = store.metrics.all(store.id).map(({ name, series, step }) => [name, series, step.length, step.at(-1)]);
    expect(found).toEqual([
      ["system/cpu", 0, 20, 70],
      ["train/accuracy", 0, 50, 50],
      ["train/accuracy", 1, 20, 20],
    ]);
    expect(store.runs.get(store.id)?.metrics["train/accuracy"]).toEqual({ last: 0.1, best: 0.5, bestStep: 50, count: 70 });
    // Cursors are never reused, so old points of a window are not mistaken for new ones.
    expect(store.metrics.append(store.id, [columns("train/accuracy", [21], () => 1, 1)])).toBe(cursor + 1);
    expect(store.truncateAfter(store.id, { stepOfSeries: { "0": 50, "1": 21 }, candidates: 0, trainings: 0 }, 70)).toBe(false);
  });

  it("without any kept points leaves nothing", () => {
    const { store } = newProjectWithRun();
    store.metrics.append(store.id, [columns("ghn/loss", range(1, 3000)), columns("system/cpu", [0])]);
    store.truncateAfter(store.id, { stepOfSeries: {}, candidates: 0, trainings: 0 }, Number.NEGATIVE_INFINITY);
    expect(store.metrics.all(store.id)).toEqual([]);
    expect(store.runs.get(store.id)?.metrics).toEqual({});
    expect(store.pieces()).toBe(0);
  });
});

describe("a batch that fails", () => {
  it("leaves no trace", () => {
    const { store } = newProjectWithRun();
    store.metrics.append(store.id, [columns("ghn/loss", [1, 2])]);
    const before = [store.metrics.all(store.id), store.runs.get(store.id), store.logs.list(store.id)];
    expect(() =>
      store.transaction(() => {
        store.metrics.append(store.id, [columns("ghn/loss", [3]), columns("ghn/new", [3])]);
        store.logs.append(store.id, [{ time: "2026-01-01T00:00:00Z", level: "info", text: "half" }]);
        throw new Error("in the middle");
      }),
    ).toThrow("in the middle");
    expect([store.metrics.all(store.id), store.runs.get(store.id), store.logs.list(store.id)]).toEqual(before);
    store.metrics.append(store.id, [columns("ghn/new", [3])]);
    expect(store.metrics.names()).toEqual(["ghn/loss", "ghn/new"]);
  });

  it("of a run that does not exist is refused", () => {
    const { store } = newProjectWithRun();
    expect(() => store.metrics.append("nobody", [columns("ghn/loss", [1])])).toThrow("nobody");
  });
});

function newProjectWithRun() {
  const project = newProject();
  const id = newRun(project);
  const { store } = project;
  const db = (store.metrics as unknown as { db: import("better-sqlite3").Database }).db;
  return { project, store: { ...store, id, pieces: () => Number(db.prepare("SELECT COUNT(*) FROM metric_pieces").pluck().get()) } };
}
