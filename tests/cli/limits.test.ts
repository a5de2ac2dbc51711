/** Limits of the system, for real: a control group with little memory, a small heap, and a file size limit. */
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeEach, describe, expect, test } from "vitest";
import { projectOpener } from "../../src-main/api/project-opener.ts";
import { loadConfig } from "../../src-main/config/load-config.ts";
import { entryPath } from "../../src-main/lib/entries.ts";
import { nodeLauncher } from "../../src-main/runs/child/launcher.ts";
import { createProject } from "../../src-main/store/project/project.ts";
import { CLI, startCli } from "./support/cli.ts";
import { longRun } from "./support/long.ts";
import { sets, TINY } from "./support/tiny.ts";

const LIMIT_MIB = 700;
/** Folder of a control group with a limit of its memory; null where none can be made. */
function limitedGroup(): string | null {
  if (process.platform !== "linux" || process.getuid?.() !== 0) return null;
  for (const [root, file] of [
    ["/sys/fs/cgroup/memory", "memory.limit_in_bytes"],
    ["/sys/fs/cgroup", "memory.max"],
  ] as const) {
    const folder = join(root, `ghn-studio-test-${process.pid}`);
    try {
      mkdirSync(folder);
      if (!existsSync(join(folder, file))) throw new Error("This is not the folder of a control group.");
      writeFileSync(join(folder, file), String(LIMIT_MIB * 2 ** 20));
      return folder;
    } catch {
      try {
        rmdirSync(folder);
      } catch {
        // It could not be made.
      }
    }
  }
  return null;
}

const group = limitedGroup();
if (group === null) process.stdout.write("The tests with a limit of memory are skipped: they need root and control groups of memory.\n");

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "ghn-memory-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));
afterAll(() => {
  if (group !== null) rmdirSync(group);
});

/** The command line within the control group. */
function limited(args: readonly string[]): Promise<{ readonly code: number | null; readonly output: string }> {
  const child = spawn("/bin/sh", ["-c", `echo $$ > "${group}/cgroup.procs" && exec "$@"`, "sh", process.execPath, CLI, ...args], {
    cwd: folder,
    env: { ...process.env, NO_COLOR: "1", GHN_STUDIO_DATA: join(folder, "data") },
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
  return new Promise((resolve) => child.on("close", (code) => resolve({ code, output })));
}

describe.skipIf(group === null)("in a control group with little memory", () => {
  test("doctor names the limit", async () => {
    const { output } = await limited(["doctor"]);
    expect(output).toMatch(/limited to 0\.7 GiB by the container or batch job, 0\.\d GiB free/);
  });

  test("a run that needs more ends with a sentence and advice, and the command survives", async () => {
    const huge = ["network.initialChannels=256", "training.batchSize=512", "network.blocks=6", "compute.backend=auto"];
    const { code, output } = await limited(["run", "demo", "--project", "p", ...sets([...TINY, ...huge])]);
    expect(code).toBe(3);
    expect(output).toMatch(/ran out of memory|most likely because memory ran out/);
    expect(output).toContain("Choose a smaller batch (training.batchSize, search.batchSize) or fewer channels F");
  });
});

test("out of memory in JavaScript ends a run with a sentence and advice", async () => {
  const project = join(folder, "p");
  createProject(project, "p").close();
  // Too little to load the libraries of a worker.
  const launcher = nodeLauncher({ script: entryPath("run-worker"), execArgv: ["--max-old-space-size=20"] });
  const opened = await projectOpener(launcher).open(project);
  try {
    const { config } = await loadConfig(longRun(folder));
    const { id } = opened.commands.create("Run", config, []);
    await expect.poll(() => opened.store.runs.get(id)?.status, { timeout: 60_000 }).toBe("interrupted");
    expect(opened.store.runs.get(id)?.failure).toMatchObject({
      message: expect.stringContaining("The process of the run ran out of memory."),
      remedy: expect.stringContaining("fewer channels F (network.initialChannels)"),
    });
  } finally {
    await opened.close(10_000);
  }
});

test.skipIf(process.platform === "win32")(
  "a file size limit interrupts a run in words, and it resumes without the limit",
  async () => {
    const env = { ...process.env, NO_COLOR: "1", GHN_STUDIO_DATA: join(folder, "data") };
    const config = longRun(folder);
    // In units of 512 bytes.
    const child = spawn("/bin/sh", ["-c", 'ulimit -f 2000 && exec "$@"', "sh", process.execPath, CLI, "run", config, "--project", "p"], { cwd: folder, env });
    let output = "";
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding("utf8").on("data", (text: string) => {
        output += text;
      });
    const [code, signal] = await new Promise<readonly [number | null, string | null]>((resolve) => child.on("close", (...end) => resolve(end)));
    expect([code, signal], output).toEqual([3, null]);
    expect(output).toMatch(/disk of the project is full|not enough disk space/);
    const resumed = startCli(["resume", "last", "--project", "p"], { cwd: folder, ownGroup: true });
    await resumed.printed(/Resuming|Training|epoch/i);
    resumed.interrupt();
    expect((await resumed.result).code).toBe(130);
  },
  180_000,
);
