/** A project folder that is moved or deleted while a run of it is running. */
import { existsSync, mkdtempSync, readdirSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { cli, startCli } from "./support/cli.ts";
import { longRun } from "./support/long.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "ghn-moved-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Starts the run and waits until it has written a checkpoint. */
async function running(project: string): Promise<ReturnType<typeof startCli>> {
  const config = longRun(folder);
  const run = startCli(["run", config, "--project", project, "--name", "Long"], { cwd: folder });
  await expect.poll(() => checkpoints(project), { timeout: 60_000 }).toBeGreaterThan(0);
  return run;
}

function checkpoints(project: string): number {
  const artifacts = join(project, "artifacts");
  if (!existsSync(artifacts)) return 0;
  return readdirSync(artifacts).flatMap((run) => readdirSync(join(artifacts, run)).filter((name) => name.startsWith("checkpoint-"))).length;
}

test("a project that is moved: the run ends within seconds, nothing is begun in the old place, and it resumes in the new one", async () => {
  const [old, moved] = [join(folder, "old"), join(folder, "moved")];
  const run = await running(old);
  const movedAt = performance.now();
  renameSync(old, moved);
  const { code, stderr } = await run.result;
  expect(performance.now() - movedAt).toBeLessThan(20_000);
  expect(code).toBe(3);
  expect(stderr).toContain(`The project folder ${old} was moved or deleted while the project was open.`);
  expect(stderr).toContain("open it in its new place and resume the run there");
  expect(existsSync(old)).toBe(false);
  const runs = await cli(["runs", "--project", moved, "--json"], { cwd: folder });
  expect(JSON.parse(runs.stdout)).toMatchObject({
    runs: [{ name: "Long", status: "interrupted", failure: { message: expect.stringContaining("was moved or deleted") } }],
  });
  const resumed = startCli(["resume", "last", "--project", moved], { cwd: folder, ownGroup: true });
  await resumed.printed("Resumed from the checkpoint of step");
  resumed.interrupt();
  expect((await resumed.result).code).toBe(130);
  expect(existsSync(old)).toBe(false);
});

test("a project that is deleted: the run ends within seconds, and the folder stays away", async () => {
  const project = join(folder, "deleted");
  const run = await running(project);
  rmSync(project, { recursive: true, force: true });
  const { code, stderr } = await run.result;
  expect(code).toBe(3);
  expect(stderr).toContain("was moved or deleted while the project was open");
  expect(existsSync(project)).toBe(false);
});
