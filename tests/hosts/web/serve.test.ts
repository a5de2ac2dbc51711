/** `ghn-studio serve` as a process: prints a link, serves a page, and stops its runs when asked to stop. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createProject, viewProject } from "../../../src-main/store/project/project.ts";
import { pageSession } from "../support/web-page.ts";

const ROOT = join(import.meta.dirname, "..", "..", "..");
let folder: string;
let child: ChildProcess | null = null;
let output = "";

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "ghn-serve-"));
  output = "";
});
afterEach(async () => {
  if (child !== null && child.exitCode === null) child.kill("SIGKILL");
  await rm(folder, { recursive: true, force: true });
});

function serve(...args: string[]): ChildProcess {
  const started = spawn(process.execPath, [join(ROOT, "src-main", "cli.ts"), "serve", ...args], {
    env: { ...process.env, GHN_STUDIO_DATA: join(folder, "data") },
    stdio: ["ignore", "pipe", "pipe"],
  });
  for (const stream of [started.stdout, started.stderr])
    stream?.on("data", (text: Buffer) => {
      output += String(text);
    });
  child = started;
  return started;
}

/** The one-time link that the process has printed. */
function printedLink(): Promise<string> {
  return vi.waitFor(
    () => {
      const found = /http:\/\/127\.0\.0\.1:\d+\/\S*#code=[\w-]+/.exec(output)?.[0];
      if (found === undefined) throw new Error(output);
      return found;
    },
    { timeout: 30_000, interval: 50 },
  );
}

function ended(process: ChildProcess): Promise<number | null> {
  return new Promise((resolve) => {
    if (process.exitCode !== null) resolve(process.exitCode);
    else process.once("exit", (code) => resolve(code));
  });
}

test("serves a project with a real run, and stops it with a checkpoint at Ctrl-C", { timeout: 120_000 }, async () => {
  const project = join(folder, "project");
  createProject(project, "Served").close();
  const started = serve("--project", project, "--root", folder);
  const link = await printedLink();
  const { bridge } = await pageSession(new URL(".", link).href, link);
  expect(await bridge.call("project.current", {})).toMatchObject({ ok: true, value: { name: "Served" } });
  const created = await bridge.call("runs.create", {
    name: "Long",
    tags: [],
    config: {
      kind: "ghn-training",
      dataset: { id: "digits", validationImages: 237, trainImages: 200 },
      network: { blocks: 1, initialChannels: 4, reductions: [] },
      compute: { backend: "wasm" },
      space: { nodes: 3 },
      ghn: { hiddenSize: 8, messageHiddenSize: 8, decoderHiddenSize: 8, propagationSteps: 1 },
      training: { nodes: 2, epochs: 2000, batchSize: 50, validationCells: 1, validationImages: 100, augmentation: { cropPadding: 0, horizontalFlip: false } },
    },
  });
  if (!created.ok) throw new Error(created.error.message);
  let points = 0;
  bridge.on("run.live", ({ metrics }) => {
    points += metrics.reduce((sum, columns) => sum + columns.step.length, 0);
  });
  bridge.subscribe([created.value.id]);
  await vi.waitFor(() => expect(points).toBeGreaterThan(20), { timeout: 60_000, interval: 50 });
  started.kill("SIGINT");
  expect(await ended(started)).toBe(130);
  expect(output).toContain("Stopping Long with a checkpoint");
  const view = viewProject(project);
  expect(view.store.runs.get(created.value.id)?.status).toBe("stopped");
  expect(view.store.artifacts.checkpoints(created.value.id).length).toBeGreaterThan(0);
  view.close();
});

test("a folder that is not a project is refused with a message", { timeout: 60_000 }, async () => {
  const code = await ended(serve("--project", join(folder, "nothing")));
  expect(code).not.toBe(0);
  expect(output).not.toMatch(/\n\s+at /);
  expect(output).toContain("nothing");
});
