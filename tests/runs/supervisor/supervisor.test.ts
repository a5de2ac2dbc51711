import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import type Database from "better-sqlite3";
import { describe, expect, it } from "vitest";
import { config, curve, studio, until, untilStatus } from "../support/project.ts";
import { older } from "../support/scripted.ts";

describe("a run in a child process", () => {
  it("runs to its end and leaves metrics, summary, log and files", async () => {
    const s = studio();
    const changes: string[] = [];
    s.supervisor.events.on("run.changed", (run) => changes.push(run.status));
    const { id } = s.supervisor.create("First", config(), ["a", "b"]);
    const run = await untilStatus(s, id, "completed");
    expect(run).toMatchObject({ name: "First", backend: "scripted 1", device: "none", tags: ["a", "b"], failure: null });
    expect(run.activeSeconds).toBeGreaterThan(0);
    expect(curve(s.project, id)).toHaveLength(40);
    expect(run.metrics["ghn/loss"]).toMatchObject({ count: 40 });
    expect(run.metrics["system/cpu"]?.count).toBeGreaterThan(0);
    const detail = s.supervisor.detail(id);
    expect(detail).toMatchObject({ summary: { steps: 40 }, datasetFingerprint: "sha256:images", codeVersion: "1.0.0" });
    expect(detail.artifacts.map((artifact) => artifact.kind)).toEqual(["ghn"]);
    expect(s.project.store.logs.list(id)[0]?.text).toContain("begun");
    expect(changes[0]).toBe("queued");
    expect(changes).toContain("running");
    expect(changes.at(-1)).toBe("completed");
  });

  it("that crashes is interrupted with exit code and last output, and resumes to the numbers of an uninterrupted run", async () => {
    const s = studio("crash:25");
    const { id } = s.supervisor.create("Crash", config({ seed: 7 }));
    const broken = await untilStatus(s, id, "interrupted");
    expect(broken.failure?.message).toContain("exit code 3");
    expect(broken.failure?.detail).toContain("no such kernel");
    expect(curve(s.project, id)).toHaveLength(25);
    const rewound: string[] = [];
    s.supervisor.events.on("run.rewound", ({ runId }) => rewound.push(runId));
    s.supervisor.resume(id);
    await untilStatus(s, id, "completed");
    expect(rewound).toEqual([id]);
    expect(s.supervisor.detail(id).resumedFrom).toEqual([20]);
    s.launcher.script = "complete";
    const untouched = s.supervisor.create("Untouched", config({ seed: 7 })).id;
    await untilStatus(s, untouched, "completed");
    expect(curve(s.project, id)).toEqual(curve(s.project, untouched));
    expect(s.project.store.runs.get(id)?.metrics["ghn/loss"]).toEqual(s.project.store.runs.get(untouched)?.metrics["ghn/loss"]);
  });

  it("that is killed with SIGKILL is interrupted with that reason", async () => {
    const s = studio("wait:15");
    const { id } = s.supervisor.create("Killed", config());
    await until(s.supervisor, () => curve(s.project, id).length === 15);
    process.kill(s.launcher.children[0]?.pid ?? 0, "SIGKILL");
    const run = await untilStatus(s, id, "interrupted");
    expect(run.failure?.message).toContain("SIGKILL");
    s.launcher.script = "complete";
    s.supervisor.resume(id);
    await untilStatus(s, id, "completed");
    expect(curve(s.project, id).map(([step]) => step)).toEqual(Array.from({ length: 40 }, (_, i) => i + 1));
  });

  it("that runs out of memory says so", async () => {
    const s = studio("memory:3");
    const { id } = s.supervisor.create("Memory", config());
    expect((await untilStatus(s, id, "interrupted")).failure?.message).toContain("ran out of memory");
  });

  it("that fails keeps its own message and remedy", async () => {
    const s = studio("fail:3");
    const { id } = s.supervisor.create("Fails", config());
    expect((await untilStatus(s, id, "failed")).failure).toEqual({ message: "The training diverged.", remedy: "Lower the learning rate." });
  });

  it("from before shortBatch existed is repeated as it was executed, and itself resumes with its own config", async () => {
    const s = studio("crash:25");
    const { id } = s.supervisor.create("Older", older());
    await untilStatus(s, id, "interrupted");
    s.launcher.script = "complete";
    expect(s.supervisor.detail(id).config).toMatchObject({ training: { shortBatch: "keep" } });
    const repeated = s.supervisor.retry(id).id;
    await untilStatus(s, repeated, "completed");
    expect(s.project.store.runs.record(repeated)?.config).toMatchObject({ training: { shortBatch: "keep" } });
    // Its checkpoint belongs to the config as it is stored.
    expect(s.project.store.runs.record(id)?.config).toEqual(older());
    s.supervisor.resume(id);
    await untilStatus(s, id, "completed");
  });

  it("that does not respond is terminated", async () => {
    const s = studio("silent", { silenceMs: 700 });
    const { id } = s.supervisor.create("Silent", config());
    expect((await untilStatus(s, id, "interrupted")).failure?.message).toContain("did not respond");
  });

  it("continues only with the images it started with", async () => {
    const s = studio("crash:12");
    const { id } = s.supervisor.create("Images", config());
    await untilStatus(s, id, "interrupted");
    s.launcher.script = "other-images";
    s.supervisor.resume(id);
    const run = await untilStatus(s, id, "failed");
    expect(run.failure?.message).toContain("have changed since this run started");
    expect(s.supervisor.detail(id).datasetFingerprint).toBe("sha256:images");
    expect(curve(s.project, id)).toHaveLength(12);
  });
});

describe("a full disk", () => {
  it("interrupts the run with that reason, loses nothing that was stored, and lets it resume afterwards", async () => {
    const s = studio("crash:12");
    const { id } = s.supervisor.create("Full", config());
    await untilStatus(s, id, "interrupted");
    const db = (s.project.store.metrics as unknown as { db: Database.Database }).db;
    s.launcher.script = "flood:100";
    const pages = Number(db.pragma("page_count", { simple: true }));
    // SQLite itself refuses to grow, as it does when the disk is full.
    db.pragma(`max_page_count = ${pages + 4}`);
    s.supervisor.resume(id);
    const run = await untilStatus(s, id, "interrupted");
    expect(run.failure?.message).toContain("could not be stored");
    expect(curve(s.project, id).slice(0, 10)).toHaveLength(10);
    db.pragma("max_page_count = 1000000");
    s.launcher.script = "complete";
    s.supervisor.resume(id);
    await untilStatus(s, id, "completed");
    expect(curve(s.project, id).map(([step]) => step)).toEqual(Array.from({ length: 40 }, (_, i) => i + 1));
  });
});

describe("stopping", () => {
  it("keeps a checkpoint, from which the run continues", async () => {
    const s = studio("wait:13");
    const { id } = s.supervisor.create("Stops", config());
    await until(s.supervisor, () => curve(s.project, id).length === 13);
    s.supervisor.stop(id);
    expect(s.project.store.runs.get(id)?.status).toBe("stopping");
    await untilStatus(s, id, "stopped");
    expect(s.project.store.artifacts.checkpoints(id)[0]?.step).toBe(13);
    s.supervisor.resume(id);
    await untilStatus(s, id, "completed");
    expect(s.supervisor.detail(id).resumedFrom).toEqual([13]);
    expect(curve(s.project, id)).toHaveLength(40);
  });

  it("terminates a process that does not stop", async () => {
    const s = studio("ignore-stop:5", { stopGraceMs: 300 });
    const { id } = s.supervisor.create("Stubborn", config());
    await until(s.supervisor, () => curve(s.project, id).length === 5);
    s.supervisor.stop(id);
    expect((await untilStatus(s, id, "interrupted")).failure?.message).toContain("did not stop");
  });

  it("immediately loses only what came after the last checkpoint", async () => {
    const s = studio("ignore-stop:15");
    const { id } = s.supervisor.create("Kill", config());
    await until(s.supervisor, () => curve(s.project, id).length === 15);
    s.supervisor.kill(id);
    expect((await untilStatus(s, id, "interrupted")).failure?.message).toContain("on request");
    s.launcher.script = "complete";
    s.supervisor.resume(id);
    await untilStatus(s, id, "completed");
    expect(s.supervisor.detail(id).resumedFrom).toEqual([10]);
  });

  it("refuses to stop runs that are not running, and to resume completed ones", async () => {
    const s = studio();
    const { id } = s.supervisor.create("Done", config());
    await untilStatus(s, id, "completed");
    expect(() => s.supervisor.stop(id)).toThrow("not running");
    expect(() => s.supervisor.resume(id)).toThrow("nothing to resume");
    expect(() => s.supervisor.stop("nobody")).toThrow("There is no run nobody");
  });
});

describe("checkpoints", () => {
  it("are two at most, and none when the run has completed", async () => {
    const s = studio("wait:35");
    const { id } = s.supervisor.create("Checkpoints", config());
    await until(s.supervisor, () => curve(s.project, id).length === 35);
    expect(s.project.store.artifacts.checkpoints(id).map(({ step }) => step)).toEqual([30, 20]);
    s.supervisor.stop(id);
    await untilStatus(s, id, "stopped");
    expect(s.project.store.artifacts.checkpoints(id).map(({ step }) => step)).toEqual([35, 30]);
    s.supervisor.resume(id);
    await untilStatus(s, id, "completed");
    await expect.poll(() => readdirSync(s.project.artifactFolder(id))).toEqual(["ghn.safetensors"]);
  });

  it("that are damaged are skipped in favour of the previous one, and reported", async () => {
    const s = studio("crash:25");
    const { id } = s.supervisor.create("Damaged", config());
    await untilStatus(s, id, "interrupted");
    const [last] = s.project.store.artifacts.checkpoints(id);
    // One byte differs; the size is still correct.
    const path = s.project.resolvePath(last?.path ?? "");
    writeFileSync(path, readFileSync(path, "utf8").replace("xxx", "xyx"));
    writeFileSync(`${s.project.artifactFolder(id)}/.checkpoint-000000030.safetensors.0.tmp`, "half");
    writeFileSync(`${s.project.artifactFolder(id)}/checkpoint-000000031.safetensors`, "never told of");
    s.supervisor.resume(id);
    await untilStatus(s, id, "completed");
    expect(s.supervisor.detail(id).resumedFrom).toEqual([10]);
    expect(s.project.store.logs.list(id).map(({ text }) => text)).toContain("The checkpoint of step 20 is damaged or missing and is not used.");
    expect(curve(s.project, id)).toHaveLength(40);
    await expect.poll(() => readdirSync(s.project.artifactFolder(id))).toEqual(["ghn.safetensors"]);
  });
});
