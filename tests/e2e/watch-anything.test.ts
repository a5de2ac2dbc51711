/** One project, a command line that executes a run, and two browsers of a web host that came second: they see everything live, can ask, and take over. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { type Served, startServe } from "../../src-main/hosts/web/serve.ts";
import { createProject, viewProject } from "../../src-main/store/project/project.ts";
import { launchBrowser, whyNoBrowser } from "./support/chromium.ts";
import { buildPage } from "./support/serve.ts";
import { Visitor } from "./support/visitor.ts";

const CLI = join(import.meta.dirname, "..", "..", "src-main", "cli.ts");
const LOSS = '[data-testid="chart-ghn/loss"]';
const eventually = <T>(read: () => T | Promise<T>, timeout = 90_000) => expect.poll(read, { timeout, interval: 100 });

/** A GHN training that runs longer than the test. */
const LONG = {
  kind: "ghn-training",
  dataset: { id: "digits", validationImages: 237, trainImages: 1000 },
  network: { blocks: 1, initialChannels: 4, reductions: [] },
  compute: { backend: "wasm" },
  space: { nodes: 3 },
  ghn: { hiddenSize: 8, messageHiddenSize: 8, decoderHiddenSize: 8, propagationSteps: 1 },
  training: { nodes: 2, epochs: 2000, batchSize: 10, validationCells: 1, validationImages: 100, augmentation: { cropPadding: 0, horizontalFlip: false } },
};

describe.skipIf(whyNoBrowser() !== null)("a run of the command line in two browsers", { timeout: 300_000 }, () => {
  let folder: string;
  let project: string;
  let browser: Browser;
  let served: Served;
  let child: ChildProcess;
  let output = "";
  let runId = "";
  const visitors: Visitor[] = [];
  const before = process.env["GHN_STUDIO_DATA"];

  const run = (...args: string[]): ChildProcess => {
    const started = spawn(process.execPath, [CLI, ...args], { cwd: folder, env: process.env, stdio: ["ignore", "pipe", "pipe"] });
    for (const stream of [started.stdout, started.stderr]) stream.on("data", (text: Buffer) => (output += String(text)));
    return started;
  };
  const both = <T>(read: (visitor: Visitor) => Promise<T>): Promise<T[]> => Promise.all(visitors.map(read));
  const statuses = (): Promise<(string | null)[]> => both((visitor) => visitor.id("run-status").getAttribute("data-status"));
  const points = (visitor: Visitor): Promise<number> => visitor.page.locator(LOSS).first().getAttribute("data-points").then(Number);

  beforeAll(async () => {
    buildPage();
    folder = mkdtempSync(join(tmpdir(), "ghn-watch-"));
    process.env["GHN_STUDIO_DATA"] = join(folder, "settings");
    project = join(folder, "project");
    createProject(project, "Watched").close();
    writeFileSync(join(folder, "long.json"), JSON.stringify(LONG));
    child = run("run", join(folder, "long.json"), "--name", "From the terminal", "--project", project);
    await vi.waitFor(
      () => {
        const view = viewProject(project);
        const newest = view.store.runs.newest();
        view.close();
        if (newest?.status !== "running") throw new Error(output);
        runId = newest.id;
      },
      { timeout: 90_000, interval: 100 },
    );
    [served, browser] = await Promise.all([startServe({ project, roots: [folder], port: 0 }), launchBrowser()]);
    for (let i = 0; i < 2; i++) visitors.push(await Visitor.at(browser, served.host.link()));
    for (const visitor of visitors) {
      await visitor.id("nav-runs").waitFor();
      await visitor.go(`/runs/${runId}`);
      await visitor.page.locator(LOSS).first().waitFor();
    }
  }, 400_000);

  afterAll(async () => {
    child?.kill("SIGKILL");
    await browser?.close();
    await served?.close();
    if (before === undefined) delete process.env["GHN_STUDIO_DATA"];
    else process.env["GHN_STUDIO_DATA"] = before;
    rmSync(folder, { recursive: true, force: true });
  });

  it("both see who executes it, and new points as they come", async () => {
    for (const text of await both((visitor) => visitor.id("leader").textContent())) expect(text).toContain(`process ${child.pid}`);
    const first = await both(points);
    await eventually(async () => (await both(points)).every((count, i) => count > (first[i] ?? 0) + 20)).toBe(true);
    expect(await statuses()).toEqual(["running", "running"]);
  });

  it("a window can queue a run in the terminal's process, and cannot change what only that process may change", async () => {
    const created = await served.session.call("runs.create", { name: "From the window", config: LONG, tags: [] });
    if (!created.ok) throw new Error(created.error.message);
    const { id } = created.value as { id: string };
    const [first] = visitors;
    await first?.go("/runs");
    await eventually(async () => (await first?.page.getByText("From the window").count()) ?? 0).toBeGreaterThan(0);
    await first?.go(`/runs/${runId}`);
    expect(await served.session.call("runs.update", { runId, starred: true })).toMatchObject({ ok: false, error: { code: "project-viewed" } });
    expect(await served.session.call("runs.stop", { runId: id })).toMatchObject({ ok: true });
    const statusOf = async (): Promise<unknown> => {
      const answer = await served.session.call("runs.get", { runId: id });
      return answer.ok ? (answer.value as { status: string }).status : null;
    };
    await eventually(statusOf).toBe("stopped");
  });

  it("a stop asked for in one browser stops the run of the terminal with a checkpoint; both see it", async () => {
    await visitors[1]?.click("run-stop");
    await eventually(statuses).toEqual(["stopped", "stopped"]);
    await eventually(() => child.exitCode).not.toBeNull();
    const view = viewProject(project);
    expect(view.store.artifacts.checkpoints(runId).length).toBeGreaterThan(0);
    view.close();
  });

  it("when the terminal has left, the windows take over and can resume the run themselves; a terminal can watch it", async () => {
    await eventually(() => Promise.all(visitors.map((visitor) => visitor.id("leader").count()))).toEqual([0, 0]);
    const counts = await both(points);
    await visitors[0]?.click("run-resume");
    await eventually(statuses).toEqual(["running", "running"]);
    await eventually(async () => (await both(points)).every((count, i) => count > (counts[i] ?? 0) + 5)).toBe(true);
    expect(await served.session.call("runs.update", { runId, starred: true })).toMatchObject({ ok: true });
    output = "";
    const watching = run("watch", runId, "--project", project);
    await eventually(() => output.length).toBeGreaterThan(0);
    const queued = run("run", join(folder, "long.json"), "--name", "Queued by the terminal", "--project", project, "--queue");
    await eventually(async () => {
      const answer = await served.session.call("runs.query", { search: "Queued by the terminal" });
      return answer.ok ? (answer.value as { total: number }).total : 0;
    }).toBe(1);
    await visitors[1]?.click("run-stop");
    await eventually(statuses).toEqual(["stopped", "stopped"]);
    await eventually(() => watching.exitCode).toBe(3);
    queued.kill("SIGKILL");
    for (const visitor of visitors) expect(visitor.complaints).toEqual([]);
  });
});
