import { fork } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import Database from "better-sqlite3";
import { describe, expect, it } from "vitest";
import { isUserError } from "../../../src-main/lib/errors.ts";
import { openDatabase, schemaVersion } from "../../../src-main/store/database/database.ts";
import { MIGRATIONS, SCHEMA_VERSION } from "../../../src-main/store/database/migrations.ts";
import { takeLock } from "../../../src-main/store/project/lock.ts";
import { createProject, isProjectFolder, openProject, postRequest, projectOwner, viewProject } from "../../../src-main/store/project/project.ts";
import { closing, newProject, newRun, temporaryFolder } from "../support/store-support.ts";

/** The code of the UserError that something throws. */
function codeOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (isUserError(error)) return error.code;
    throw error;
  }
  return "nothing thrown";
}

describe("a project folder", () => {
  it("is created, closed, opened again and renamed", () => {
    const folder = join(temporaryFolder(), "deep", "project");
    const project = createProject(folder, "  My project ");
    const id = newRun(project, "kept");
    expect(project.info()).toMatchObject({ name: "My project", folder, runs: 1, isSample: false });
    project.close();
    project.close();
    const again = closing(openProject(folder));
    expect(again.store.runs.get(id)?.name).toBe("kept");
    expect(again.rename("Other").name).toBe("Other");
    expect(JSON.parse(readFileSync(join(folder, "project.json"), "utf8"))).toMatchObject({ format: "ghn-studio-project", version: 1, name: "Other" });
    expect(readdirSync(folder).filter((name) => name.endsWith(".tmp"))).toEqual([]);
  });

  it("is not created in a non-empty folder, nor opened where there is none", () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, "notes.txt"), "mine");
    expect(codeOf(() => createProject(folder, "x"))).toBe("project-folder");
    expect(codeOf(() => createProject(join(folder, "notes.txt"), "x"))).toBe("project-folder");
    expect(codeOf(() => createProject(join(folder, "new"), " "))).toBe("project-name");
    expect(existsSync(join(folder, "new"))).toBe(false);
    expect(codeOf(() => openProject(folder))).toBe("project-foreign");
    expect(codeOf(() => openProject(join(folder, "missing")))).toBe("project-foreign");
    const project = newProject();
    expect(codeOf(() => createProject(project.folder, "x"))).toBe("project-exists");
    expect([isProjectFolder(project.folder), isProjectFolder(folder)]).toEqual([true, false]);
  });

  it("that is foreign, newer or damaged is refused and not changed", () => {
    const cases: [string, string][] = [
      ['{"name":"some-package","version":"1.0.0"}', "project-foreign"],
      ['{"format":"ghn-studio-project","version":99,"id":"a","name":"x","createdAt":"2030-01-01T00:00:00Z","new":1}', "project-newer"],
      ['{"format":"ghn-studio-project","version":1,"id":"a"}', "project-damaged"],
      ['{"format":"ghn-stu', "project-damaged"],
    ];
    for (const [text, code] of cases) {
      const folder = temporaryFolder();
      writeFileSync(join(folder, "project.json"), text);
      expect(codeOf(() => openProject(folder))).toBe(code);
      expect(readdirSync(folder)).toEqual(["project.json"]);
      expect(readFileSync(join(folder, "project.json"), "utf8")).toBe(text);
    }
  });

  it("lets no path out of it", () => {
    const project = newProject();
    expect(project.resolvePath("artifacts/abc/x")).toBe(join(project.folder, "artifacts", "abc", "x"));
    for (const path of ["artifacts/../project.json", "/etc/passwd", "artifacts-other/x", "artifacts"])
      expect(codeOf(() => project.resolvePath(path))).toBe("path-outside");
    expect(() => project.artifactFolder("../x")).toThrow("not the id");
    expect(() => project.removeArtifacts("..")).toThrow("not the id");
  });
});

describe("two openers", () => {
  it("of one process: the second is refused, but may read and send requests", () => {
    const project = newProject();
    expect(codeOf(() => openProject(project.folder))).toBe("project-locked");
    expect(projectOwner(project.folder)).toBe(process.pid);
    const id = newRun(project, "seen");
    const view = closing(viewProject(project.folder));
    expect(view.store.runs.get(id)?.name).toBe("seen");
    expect(view.info().runs).toBe(1);
    expect(postRequest(project.folder, "stop", id)).toBe(true);
    expect(project.store.requests.take()).toMatchObject([{ type: "stop", runId: id }]);
    expect(project.store.requests.take()).toEqual([]);
    project.close();
    expect(projectOwner(project.folder)).toBeNull();
    expect(postRequest(project.folder, "stop", id)).toBe(false);
  });

  it("of two processes: the second is refused while the first lives, and takes over when it was killed", async () => {
    const project = newProject();
    const { folder } = project;
    project.close();
    const holder = fork(fileURLToPath(new URL("../support/holder.ts", import.meta.url)), [folder], { execArgv: [] });
    try {
      await once(holder, "message");
      expect(codeOf(() => openProject(folder))).toBe("project-locked");
      expect(projectOwner(folder)).toBe(holder.pid);
    } finally {
      holder.kill("SIGKILL");
    }
    await once(holder, "exit");
    expect(existsSync(join(folder, "project.lock"))).toBe(true);
    closing(openProject(folder)).store.settings.set("a", 1);
    expect(
      readdirSync(folder)
        .filter((name) => name.includes("lock"))
        .sort(),
    ).toEqual(["project.lock", "project.lock-guard"]);
  });

  it("distinguish a process from a later one with the same id, and detect machines that stopped responding", () => {
    const folder = temporaryFolder();
    const file = join(folder, "lock");
    writeFileSync(file, JSON.stringify({ pid: process.pid, host: hostname(), startTime: "1", token: "old" }));
    takeLock(file, "It").release();
    expect(existsSync(file)).toBe(false);
    writeFileSync(file, JSON.stringify({ pid: 1, host: "elsewhere", startTime: null, token: "far" }));
    expect(codeOf(() => takeLock(file, "It"))).toBe("project-locked");
    const longAgo = new Date(Date.now() - 3_600_000);
    utimesSync(file, longAgo, longAgo);
    takeLock(file, "It").release();
    writeFileSync(file, "half a lo");
    const lock = takeLock(file, "It");
    lock.release();
    lock.release();
    expect(readdirSync(folder)).toEqual(["lock-guard"]);
  });
});

describe("the schema", () => {
  const first = { version: 1, sql: "CREATE TABLE a (x INTEGER) STRICT; INSERT INTO a VALUES (7);" };
  const second = { version: 2, sql: "ALTER TABLE a ADD COLUMN y INTEGER NOT NULL DEFAULT 1;" };
  const broken = { version: 3, sql: "CREATE TABLE b (x INTEGER) STRICT; INSERT INTO nowhere VALUES (1);" };

  it("is migrated step by step, keeping a copy of the old file", () => {
    const file = join(temporaryFolder(), "d.sqlite");
    openDatabase(file, { migrations: [first] }).close();
    expect(existsSync(`${file}.v1.bak`)).toBe(false);
    const db = closing(openDatabase(file, { migrations: [second, first] }));
    expect([schemaVersion(db), db.prepare("SELECT * FROM a").get()]).toEqual([2, { x: 7, y: 1 }]);
    const copy = closing(new Database(`${file}.v1.bak`));
    expect([schemaVersion(copy), copy.prepare("SELECT * FROM a").get()]).toEqual([1, { x: 7 }]);
  });

  it("is unchanged if a step fails", () => {
    const file = join(temporaryFolder(), "d.sqlite");
    openDatabase(file, { migrations: [first] }).close();
    expect(() => openDatabase(file, { migrations: [first, second, broken] })).toThrow("nowhere");
    const db = closing(openDatabase(file, { migrations: [first, second] }));
    expect(schemaVersion(db)).toBe(2);
    expect(db.prepare("SELECT name FROM sqlite_schema WHERE name = 'b'").get()).toBeUndefined();
  });

  it("of a newer studio, of another program, and damage are refused", () => {
    const folder = temporaryFolder();
    const newer = join(folder, "newer.sqlite");
    openDatabase(newer, { migrations: [first, second] }).close();
    const before = readFileSync(newer);
    expect(codeOf(() => openDatabase(newer, { migrations: [first] }))).toBe("project-newer");
    expect(readFileSync(newer).equals(before)).toBe(true);
    const foreign = join(folder, "foreign.sqlite");
    const other = new Database(foreign);
    other.exec("CREATE TABLE songs (title TEXT)");
    other.close();
    expect(codeOf(() => openDatabase(foreign))).toBe("project-foreign");
    const damaged = join(folder, "damaged.sqlite");
    writeFileSync(damaged, "this is no database".repeat(100));
    expect(codeOf(() => openDatabase(damaged))).toBe("project-damaged");
    expect(codeOf(() => openDatabase(join(folder, "missing", "x.sqlite")))).toBe("project-unreadable");
  });

  it("refuses a project with a newer schema, and releases the lock", () => {
    const project = newProject();
    project.close();
    const db = new Database(join(project.folder, "runs.sqlite"));
    db.pragma(`user_version = ${SCHEMA_VERSION + 1}`);
    db.close();
    expect(codeOf(() => openProject(project.folder))).toBe("project-newer");
    expect(codeOf(() => viewProject(project.folder))).toBe("project-newer");
    expect(existsSync(join(project.folder, "project.lock"))).toBe(false);
  });

  it("has steps with increasing versions", () => {
    expect(MIGRATIONS.map((migration) => migration.version)).toEqual(MIGRATIONS.map((_, i) => i + 1));
  });

  it("is in the mode that survives a crash", () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, "x"));
    const db = closing(openDatabase(join(folder, "x", "d.sqlite")));
    expect([db.pragma("journal_mode", { simple: true }), db.pragma("foreign_keys", { simple: true }), db.pragma("busy_timeout", { simple: true })]).toEqual([
      "wal",
      1,
      5000,
    ]);
  });
});
