import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseCellFile } from "../../src-main/engine/spaces/cell/file.ts";
import { readWeightsInfo } from "../../src-main/export/weights-package.ts";
import { SAME_REQUEST_MS } from "../../src-main/lib/stop-signals.ts";
import { type ProjectView, viewProject } from "../../src-main/store/project/project.ts";
import type { RunSummary } from "../../src-shared/domain/records/run.ts";
import { runQuerySchema } from "../../src-shared/domain/records/run-history.ts";
import { type CliOptions, cli, startCli } from "./support/cli.ts";
import { sets, TINY } from "./support/tiny.ts";

let root = "";
let options: CliOptions;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "ghn-running-"));
  options = { cwd: root };
});
afterAll(() => rm(root, { recursive: true, force: true }));

/** A GHN training that would take minutes, with a checkpoint every second. */
const LONG = ["--set", "training.epochs=200", "--set", "training.validationCells=0"];

describe("a whole search", () => {
  it("demo trains, ranks, compares, trains the winner, exports it and reports the results", async () => {
    const { code, stdout, stderr } = await cli(["demo", "my demo", ...sets(TINY)], options);
    expect(code, stderr).toBe(0);
    for (const part of [
      /Cells ranked +6 /,
      /Winner +\S/,
      /Parameters +[\d,]+/,
      /Multiply-adds +[\d.]+ [kM]/,
      /Test accuracy +[\d.]+ ± [\d.]+ % \(mean ± standard deviation of 2 trainings\)/,
      /GHN shortlist +validation/,
      /Random cells +validation/,
      /Cell +\S.*winner\.cell\.json/,
      /Picture +\S.*winner\.svg/,
      /Weights +\S.*winner\.safetensors/,
      /Project +\S.*my demo/,
    ])
      expect(stdout, String(part)).toMatch(part);
    expect(stderr).toMatch(/\[\d\d:\d\d\] .*step \d+ of/);
    const folder = join(root, "my demo", "export");
    expect(readdirSync(folder).sort()).toEqual(expect.arrayContaining(["winner.cell.json", "winner.manifest.json", "winner.safetensors", "winner.svg"]));
    const cell = parseCellFile(readFileSync(join(folder, "winner.cell.json"), "utf8"), "winner");
    const manifest = JSON.parse(readFileSync(join(folder, "winner.manifest.json"), "utf8"));
    expect(manifest.architecture.normal).toEqual(cell.normal);
    const info = await readWeightsInfo(join(folder, "winner.safetensors"));
    // Every trainable number of the network is in the file, besides the running statistics.
    const numbers = info.tensors.reduce((sum, tensor) => sum + tensor.shape.reduce((product, size) => product * size, 1), 0);
    expect(numbers).toBeGreaterThanOrEqual(info.manifest.parameters);
    expect(cell.meta?.parameters).toBe(info.manifest.parameters);

    const show = JSON.parse((await cli(["show", "last", "--project", "my demo", "--json"], options)).stdout);
    expect(show.status).toBe("completed");
    expect(show.children.map((child: { stage: string; status: string }) => `${child.stage} ${child.status}`)).toEqual([
      "ghn completed",
      "search completed",
      "compare completed",
      "final completed",
    ]);
    expect(show.outcome).toMatchObject({ cellsRanked: 6, ghn: { cells: 2 }, random: { cells: 2 }, winner: { repetitions: 2 } });
    // The same seed gives the same figures; a second demo creates a new project.
    const again = await cli(["demo", "my demo", "--json", ...sets(TINY)], options);
    const events = again.stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    const finished = events.find((event) => event.event === "finished");
    expect(finished.outcome.winner.testAccuracy).toEqual(show.outcome.winner.testAccuracy);
    expect(finished.outcome.winner.canonical).toBe(show.outcome.winner.canonical);
    expect(events.at(-1)).toMatchObject({ event: "exported", project: join(root, "my demo-2") });
    expect(events.some((event) => event.event === "progress")).toBe(true);
  }, 400_000);
});

describe("stopping and continuing", () => {
  it("Ctrl-C writes a checkpoint; resume continues from it; another process can stop the run", async () => {
    const first = startCli(["run", "demo", ...sets(TINY), ...LONG, "--name", "long"], { ...options, ownGroup: true });
    await first.printed(/step \d+ of/);
    first.interrupt();
    const stopped = await first.result;
    expect(stopped.code, stopped.stderr).toBe(130);
    expect(stopped.stderr).toContain("saving a checkpoint");
    expect(stopped.stderr).toMatch(/Resume it: ghn-studio resume \w+/);
    const status = async (): Promise<string> => JSON.parse((await cli(["show", "long", "--json"], options)).stdout).status;
    expect(await status()).toBe("stopped");

    const second = startCli(["resume", "long"], options);
    await second.printed("Resumed from the checkpoint of step");
    await second.printed(/step \d+ of/);
    const busy = await cli(["run", "demo", ...sets(TINY)], options);
    expect(busy.code).toBe(1);
    expect(busy.stderr).toMatch(/is open in another process/);
    const stop = await cli(["stop", "long"], options);
    expect(stop.code, stop.stderr).toBe(0);
    expect(stop.stdout).toContain("is stopped");
    // Nobody pressed Ctrl-C here: the run did not complete.
    expect((await second.result).code).toBe(3);
  }, 400_000);

  it("Ctrl-C twice exits immediately; saved data is kept", async () => {
    const folder = join(root, "twice");
    const first = startCli(["run", "demo", ...sets(TINY), ...LONG, "--project", folder], { ...options, ownGroup: true });
    await first.printed(/step \d+ of/);
    // A worker that cannot write its checkpoint.
    process.kill(workerOf(folder), "SIGSTOP");
    first.interrupt();
    await first.printed("Press Ctrl-C again");
    await sleep(SAME_REQUEST_MS + 100);
    first.interrupt();
    const { code, stderr } = await first.result;
    expect(code, stderr).toBe(130);
    expect(stderr).toMatch(/Interrupted.*Resume it: ghn-studio resume/s);
    expect(existsSync(join(folder, "project.lock"))).toBe(false);
  }, 400_000);

  it("kill -9 leaves a run that shows as interrupted and can be resumed with --resume", async () => {
    const folder = join(root, "killed");
    const first = startCli(["run", "demo", ...sets(TINY), ...LONG, "--project", folder], options);
    await first.printed(/step \d+ of/);
    first.child.kill("SIGKILL");
    expect((await first.result).signal).toBe("SIGKILL");
    const seen = JSON.parse((await cli(["runs", "--project", folder, "--json"], options)).stdout);
    expect(seen.runs[0].status).toBe("interrupted");
    const second = startCli(["run", "demo", ...sets(TINY), ...LONG, "--project", folder, "--resume"], options);
    await second.printed(`Resuming run ${seen.runs[0].id}`);
    await second.printed(/step \d+ of/);
    const kill = await cli(["stop", "last", "--kill", "--project", folder], options);
    expect(kill.code, kill.stderr).toBe(0);
    expect((await second.result).code).toBe(3);
    const view = viewProject(folder);
    expect(view.store.runs.count()).toBeGreaterThan(0);
    view.close();
    expect(existsSync(join(folder, "project.lock"))).toBe(false);
  }, 400_000);

  it("a run whose supervisor and worker were killed ends with the numbers of an uninterrupted one", async () => {
    const settings = [...sets(TINY), "--set", "training.epochs=6", "--set", "training.validationCells=0"];
    const quiet = join(root, "quiet");
    const hard = join(root, "hard");
    expect((await cli(["run", "demo", ...settings, "--project", quiet], options)).code).toBe(0);

    const first = startCli(["run", "demo", ...settings, "--project", hard], options);
    await checkpointIn(hard);
    first.child.kill("SIGKILL");
    await first.result;

    const second = startCli(["resume", "last", "--project", hard], options);
    await second.printed("Resumed from the checkpoint of step");
    process.kill(workerOf(hard), "SIGKILL");
    const interrupted = await second.result;
    expect(interrupted.code, interrupted.stderr).toBe(3);
    expect(interrupted.stderr).toContain("The run did not finish:");

    const third = await cli(["resume", "last", "--project", hard], options);
    expect(third.code, third.stderr).toBe(0);
    const untouched = numbersOf(quiet);
    expect(JSON.stringify(untouched).length).toBeGreaterThan(10_000);
    expect(numbersOf(hard)).toEqual(untouched);
  }, 400_000);

  it("a run that fails ends with status 3, its reason and what to do", async () => {
    const folder = join(root, "failing");
    // No cell is this small; the search must report that.
    const { code, stdout, stderr } = await cli(["run", "demo", ...sets(TINY), "--set", "search.maxParameters=10", "--project", folder], options);
    expect({ code, stdout }, stderr).toEqual({ code: 3, stdout: "" });
    expect(stderr).toMatch(/The run did not finish: Search: .*/);
    expect(stderr).toMatch(/What to do: \S/);
    const show = await cli(["show", "last", "--project", folder], options);
    expect(show.stdout).toContain("failed");
    writeFileSync(
      join(root, "search.json"),
      JSON.stringify({
        kind: "search",
        dataset: { validationImages: 100 },
        network: { blocks: 1, reductions: [] },
        ghnRunId: "nothere1",
        search: { samples: 5, shortlist: 2, validationImages: 50 },
      }),
    );
    const search = await cli(["run", "search.json", "--project", folder], options);
    expect(search.code).toBe(3);
    expect(search.stderr).toContain("There is no run nothere1 in this project.");
  }, 400_000);
});

/** Resolves once a run of the project has written a checkpoint. */
async function checkpointIn(folder: string): Promise<void> {
  await expect
    .poll(() => look(folder, (store, runs) => runs.some((run) => store.artifacts.checkpoints(run.id).length > 0)), { timeout: 60_000, interval: 50 })
    .toBe(true);
}

/** Process of the current run. */
function workerOf(folder: string): number {
  const pid = look(
    folder,
    (store, runs) => runs.filter((run) => run.kind !== "pipeline" && run.status === "running").map((run) => store.runs.record(run.id)?.processId)[0] ?? null,
  );
  if (pid === null) throw new Error("No run is at work.");
  return pid;
}

/** All results of a search, without values that depend on the clock. */
function numbersOf(folder: string): unknown {
  return look(folder, (store, runs) =>
    runs.map((run) => ({
      stage: run.stage,
      status: run.status,
      metrics: store.metrics
        .all(run.id)
        .filter(({ name }) => !name.startsWith("system/") && name !== "images-per-second")
        .map(({ name, series, step, epoch, value }) => ({ name, series, step, epoch, value }))
        .sort((a, b) => a.name.localeCompare(b.name) || a.series - b.series),
      cells: store.candidates.list(run.id).rows.map(({ canonical, score, scoreLoss, rank, role }) => ({ canonical, score, scoreLoss, rank, role })),
      trainings: store.trainings.list(run.id).map(({ canonical, validationAccuracy, testAccuracy, trainLoss, repetition }) => ({
        canonical,
        validationAccuracy,
        testAccuracy,
        trainLoss,
        repetition,
      })),
    })),
  );
}

function look<Result>(folder: string, work: (store: ProjectView["store"], runs: readonly RunSummary[]) => Result): Result | null {
  if (!existsSync(join(folder, "runs.sqlite"))) return null;
  const view = viewProject(folder);
  try {
    const [top] = view.store.runs.query(runQuerySchema.parse({ topLevelOnly: true })).rows;
    return top === undefined ? null : work(view.store, [top, ...view.store.runs.children(top.id)]);
  } finally {
    view.close();
  }
}
