/** Real signals to real process groups, a real terminal that is closed, and output that disappears. */
import { spawn, spawnSync } from "node:child_process";
import { closeSync, existsSync, openSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { viewProject } from "../../src-main/store/project/project.ts";
import { runQuerySchema } from "../../src-shared/domain/records/run-history.ts";
import { writePhotos } from "../engine/datasets/support/images.ts";
import { CLI, type CliOptions, cli, LAUNCHER, startCli } from "./support/cli.ts";
import { sets, TINY } from "./support/tiny.ts";

let root = "";
let options: CliOptions;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "ghn-signals-"));
  options = { cwd: root, ownGroup: true, launcher: true };
});
afterAll(() => rm(root, { recursive: true, force: true }));

/** A GHN training of minutes whose only checkpoint within this test is the one of a graceful stop. */
const LONG = [...sets(TINY), ...sets(["training.epochs=200", "training.validationCells=0", "checkpointEvery=300"])];

/** Status of the newest run of a project, and how many checkpoints its runs have. */
function state(folder: string): { readonly status: string; readonly checkpoints: number } {
  const view = viewProject(folder);
  try {
    const [top] = view.store.runs.query(runQuerySchema.parse({ topLevelOnly: true })).rows;
    if (top === undefined) throw new Error("The project has no run.");
    const family = [top, ...view.store.runs.children(top.id)];
    return { status: top.status, checkpoints: family.reduce((sum, run) => sum + view.store.artifacts.checkpoints(run.id).length, 0) };
  } finally {
    view.close();
  }
}

describe.skipIf(process.platform === "win32")("signals to the process group", () => {
  it.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
    ["SIGHUP", 129],
  ] as const)(
    "%s stops a run with a checkpoint and exit status %d, though everybody gets it several times",
    async (signal, status) => {
      const folder = join(root, `run-${signal}`);
      const run = startCli(["run", "demo", ...LONG, "--project", folder], options);
      await run.printed(/step [1-9]\d* of/);
      run.interrupt(signal);
      run.interrupt(signal);
      await run.printed("saving a checkpoint");
      run.interrupt("SIGTERM");
      const { code, stderr } = await run.result;
      expect(code, stderr).toBe(status);
      expect(stderr).toContain("Stopped; the checkpoint is kept.");
      expect(state(folder)).toEqual({ status: "stopped", checkpoints: 1 });
      expect(existsSync(join(folder, "project.lock"))).toBe(false);
      if (signal !== "SIGTERM") return;
      const resumed = startCli(["resume", "last", "--project", folder], options);
      await resumed.printed(/Resumed from the checkpoint of step [1-9]/);
      resumed.interrupt(signal);
      expect((await resumed.result).code).toBe(status);
    },
    200_000,
  );

  it("a signal before the run starts leaves no lock and no running run behind", async () => {
    const folder = join(root, "early");
    expect((await cli(["init", folder], options)).code).toBe(0);
    const run = startCli(["run", "demo", ...LONG, "--project", folder], options);
    await expect.poll(() => existsSync(join(folder, "project.lock")), { timeout: 60_000, interval: 2 }).toBe(true);
    run.interrupt("SIGTERM");
    expect((await run.result).code).toBe(143);
    const listed = JSON.parse((await cli(["runs", "--project", folder, "--json"], options)).stdout);
    for (const { status } of listed.runs) expect(status).toMatch(/^(stopped|interrupted)$/);
    expect((await cli(["runs", "--project", folder], options)).code).toBe(0);
  }, 200_000);

  it("serve ends with the status of the signal; SIGUSR1 opens no debugger port", async () => {
    for (const [signal, status] of [
      ["SIGTERM", 143],
      ["SIGHUP", 129],
    ] as const) {
      const served = startCli(["serve", "--root", root], options);
      await served.printed("Open GHN Studio in a browser:");
      served.interrupt("SIGUSR1");
      served.interrupt(signal);
      const { code, stderr } = await served.result;
      expect(code, stderr).toBe(status);
      expect(stderr).not.toContain("Debugger");
    }
  }, 120_000);

  it("a cancelled import leaves nothing behind", async () => {
    await writePhotos(join(root, "photos"), { train: 300, val: 4 }, 3, { width: 64, height: 64 });
    const data = join(root, "import-data");
    const target = join(data, "datasets", "folder");
    const started = startCli(["data", "import", "folder", "photos", "--name", "pets"], { ...options, env: { GHN_STUDIO_DATA: data } });
    const incoming = (): string[] => (existsSync(target) ? readdirSync(target) : []);
    await expect.poll(() => incoming().some((name) => name.startsWith(".incoming-")), { timeout: 60_000, interval: 5 }).toBe(true);
    started.interrupt("SIGHUP");
    const { code, stderr } = await started.result;
    expect(code, stderr).toBe(129);
    expect(incoming()).toEqual([]);
    // A killed one cannot clean up: the next import does.
    const killed = startCli(["data", "import", "folder", "photos", "--name", "pets"], { ...options, env: { GHN_STUDIO_DATA: data } });
    await expect.poll(() => incoming().some((name) => name.startsWith(".incoming-")), { timeout: 60_000, interval: 5 }).toBe(true);
    killed.interrupt("SIGKILL");
    await killed.result;
    expect(incoming().some((name) => name.startsWith(".incoming-"))).toBe(true);
    const next = startCli(["data", "import", "folder", "photos", "--name", "cats"], { ...options, env: { GHN_STUDIO_DATA: data } });
    expect((await next.result).code).toBe(0);
    expect(incoming().filter((name) => name.startsWith("."))).toEqual([]);
    expect(incoming()).toContain("cats");
  }, 120_000);
});

const hasScript = process.platform === "linux" && spawnSync("script", ["--version"]).status === 0;

it.skipIf(!hasScript)(
  "closing the terminal stops a run with a checkpoint and exit status 129, without a crash",
  async () => {
    const folder = join(root, "closed");
    const quoted = [process.execPath, LAUNCHER, CLI, "run", "demo", ...LONG, "--project", folder].map((arg) => `'${arg}'`).join(" ");
    // The shell that leads the session dies with the terminal, which sends SIGHUP to the group; the inner one survives to note the exit status.
    writeFileSync(join(root, "inner.sh"), `trap : HUP\n${quoted}\necho $? > status\n`);
    const terminal = spawn("script", ["-qefc", "sh inner.sh; true", "/dev/null"], {
      cwd: root,
      env: { ...process.env, TERM: "xterm", SHELL: "/bin/sh", GHN_STUDIO_DATA: join(root, "user-data") },
      stdio: ["pipe", "pipe", "ignore"],
    });
    let output = "";
    terminal.stdout.setEncoding("utf8").on("data", (text: string) => (output += text));
    await expect.poll(() => output, { timeout: 100_000, interval: 50 }).toMatch(/Training.*\|? *.*left/);
    terminal.kill("SIGKILL");
    await expect
      .poll(() => existsSync(join(root, "status")) && readFileSync(join(root, "status"), "utf8").trim(), { timeout: 100_000, interval: 50 })
      .toBe("129");
    expect(state(folder)).toEqual({ status: "stopped", checkpoints: 1 });
  },
  240_000,
);

describe("output that disappears", () => {
  /** A GHN training of a second. */
  const short = (): string[] => {
    const config = {
      kind: "ghn-training",
      dataset: { id: "digits", validationImages: 60 },
      network: { blocks: 1, initialChannels: 8, reductions: [] },
      ghn: { hiddenSize: 8, messageHiddenSize: 8, decoderHiddenSize: 16, propagationSteps: 1 },
      training: { nodes: 2, epochs: 0.1, batchSize: 32, validationCells: 0, validationImages: 30, augmentation: { cropPadding: 1 } },
    };
    writeFileSync(join(root, "short.json"), JSON.stringify(config));
    return ["run", "short.json", "--json"];
  };

  it("run --json | head -1: the run continues and determines the exit status", async () => {
    const folder = join(root, "head");
    const run = startCli([...short(), "--project", folder], { cwd: root });
    await run.printed("\n");
    run.child.stdout?.destroy();
    const { code, stderr } = await run.result;
    expect(code, stderr).toBe(0);
    expect(state(folder).status).toBe("completed");
  }, 200_000);

  it.skipIf(!existsSync("/dev/full"))(
    "a full disk for the output: the run goes on, and the exit status tells that output was lost",
    async () => {
      const folder = join(root, "full");
      const full = openSync("/dev/full", "w");
      const { code, stderr } = await cli([...short(), "--project", folder], { cwd: root, stdout: full });
      closeSync(full);
      expect(code, stderr).toBe(1);
      expect(stderr).toMatch(/output could not be written.*ENOSPC/);
      expect(state(folder).status).toBe("completed");
    },
    400_000,
  );
});
