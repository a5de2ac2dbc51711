/** Commands in odd surroundings: as public reports about other tools describe them. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CLI, type CliOptions, cli, startCli } from "./support/cli.ts";
import { sets, TINY } from "./support/tiny.ts";

const root = mkdtempSync(join(tmpdir(), "ghn-surroundings-"));
/** Letters beyond ASCII, a space, a quote, and what URLs and shells take for something else. */
const project = join(root, "Ångström %41 #1 & a'b", "project");
const options: CliOptions = { cwd: root };
beforeAll(async () => {
  const { code, stdout, stderr } = await cli(["init", project], options);
  expect(code, stderr).toBe(0);
  expect(stdout + stderr).toContain(`cd '${project.replaceAll("'", "'\\''")}' && ghn-studio run demo`);
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

describe.skipIf(process.platform !== "linux")("commands", () => {
  it("say that the current folder was removed", async () => {
    const gone = join(root, "gone");
    mkdirSync(gone);
    const { status, stderr } = spawnSync("sh", ["-c", `rmdir "$PWD" && "${process.execPath}" "${CLI}" runs`], { cwd: gone, encoding: "utf8" });
    expect(stderr).toContain("The current folder no longer exists.");
    expect(status).toBe(1);
  });

  it("print tables on terminals that give no width", async () => {
    if (spawnSync("script", ["--version"]).status !== 0) return;
    const command = `stty cols 0; '${process.execPath}' '${CLI}' runs --project "$THE_PROJECT"`;
    const { stdout } = spawnSync("script", ["-qec", command, "/dev/null"], {
      encoding: "utf8",
      env: { ...process.env, THE_PROJECT: project, SHELL: "/bin/sh" },
    });
    expect(stdout).toContain("no runs yet");
  });

  it.skipIf(!existsSync("/proc/self"))("do not run forever when the home folder cannot be created", async () => {
    const { status, signal } = spawnSync(process.execPath, [CLI, "data", "list"], {
      cwd: root,
      env: { ...process.env, HOME: "/proc/nowhere", GHN_STUDIO_DATA: "/proc/nowhere/data" },
      timeout: 30_000,
    });
    expect([signal, status === 0 || status === 1]).toEqual([null, true]);
  });

  it("complete while another program keeps reading the database", async () => {
    const run = startCli(["run", "demo", ...sets(TINY), "--project", project], options);
    await run.printed(/step [1-9]\d* of/);
    // A long read transaction, as a dashboard or a database browser holds it.
    const reader = new Database(join(project, "runs.sqlite"), { readonly: true });
    reader.exec("BEGIN");
    reader.prepare("SELECT COUNT(*) FROM runs").get();
    const { code, stderr } = await run.result;
    reader.exec("COMMIT");
    reader.close();
    expect(code, stderr).toBe(0);
  }, 200_000);
});
