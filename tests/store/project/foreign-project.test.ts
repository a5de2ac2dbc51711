/** A malicious project: links and run ids that point outside its folder. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { describe, expect, it } from "vitest";
import { RunSupervisor } from "../../../src-main/runs/supervisor/supervisor.ts";
import { openProject, postRequest, projectHolder, viewProject } from "../../../src-main/store/project/project.ts";
import { artifactFile } from "../../../src-main/store/project/project-paths.ts";
import { closing, newProject, newRun, temporaryFolder } from "../support/store-support.ts";

const REFUSED = expect.objectContaining({ code: "path-outside" });

/** Stands for a home folder. */
function home(): string {
  const folder = temporaryFolder();
  mkdirSync(join(folder, "Documents"));
  writeFileSync(join(folder, "Documents", "thesis.txt"), "years of work");
  return folder;
}

/** A closed project with one run in the trash, with the given id. */
function prepared(runId: string): string {
  const project = newProject();
  const id = newRun(project, "Trashed");
  project.store.runs.update(id, { status: "completed", trashedAt: new Date().toISOString() });
  project.close();
  const db = new Database(join(project.folder, "runs.sqlite"));
  db.pragma("foreign_keys = OFF");
  for (const [table, column] of [
    ["runs", "id"],
    ["run_details", "run_id"],
  ])
    db.prepare(`UPDATE ${table} SET ${column} = ?`).run(runId);
  db.close();
  return project.folder;
}

const editorOf = (folder: string): RunSupervisor["editor"] => {
  const project = closing(openProject(folder));
  return new RunSupervisor({ project, launcher: { launch: () => expect.unreachable() }, version: "1", dataFolders: [], gpus: [] }).editor;
};

describe("a project whose folder of artifacts is a link", () => {
  it("is not opened, read or sent requests, and nothing behind the link changes", () => {
    const outside = home();
    const folder = prepared("Documents");
    renameSync(join(folder, "artifacts"), join(folder, "before"));
    symlinkSync(outside, join(folder, "artifacts"));
    for (const open of [() => openProject(folder), () => viewProject(folder), () => postRequest(folder, "stop", "Documents")]) expect(open).toThrow(REFUSED);
    expect(() => openProject(folder)).toThrow(`artifacts is a link to ${outside}`);
    expect(readdirSync(outside)).toEqual(["Documents"]);
    expect(existsSync(join(folder, "project.lock"))).toBe(false);
  });

  it("cannot be purged either when the link appears later", () => {
    const outside = home();
    const folder = prepared("Documents");
    const editor = editorOf(folder);
    renameSync(join(folder, "artifacts"), join(folder, "before"));
    symlinkSync(outside, join(folder, "artifacts"));
    expect(() => editor.purge(["Documents"])).toThrow(REFUSED);
    expect(existsSync(join(outside, "Documents", "thesis.txt"))).toBe(true);
    expect(() => editor.restore(["Documents"])).not.toThrow();
  });
});

it.each(["project.json", "runs.sqlite", "runs.sqlite-wal", "project.lock"])("a project whose %s is a link is not opened", (name) => {
  const folder = prepared("r1");
  const elsewhere = join(temporaryFolder(), "target");
  if (existsSync(join(folder, name))) renameSync(join(folder, name), elsewhere);
  else writeFileSync(elsewhere, "");
  symlinkSync(elsewhere, join(folder, name));
  expect(() => openProject(folder)).toThrow(REFUSED);
});

it("a link inside of the artifacts is neither read, written, exported nor removed", () => {
  const outside = home();
  const folder = prepared("Documents");
  const project = closing(openProject(folder));
  symlinkSync(join(outside, "Documents"), join(folder, "artifacts", "Documents"));
  for (const use of [
    () => project.artifactFolder("Documents"),
    () => project.removeArtifacts("Documents"),
    () => project.resolvePath("artifacts/Documents/thesis.txt"),
    () => artifactFile(folder, "artifacts/Documents/thesis.txt"),
  ])
    expect(use).toThrow(REFUSED);
  expect(readdirSync(join(outside, "Documents"))).toEqual(["thesis.txt"]);
  // A broken link could be redirected later.
  symlinkSync(join(outside, "missing"), join(folder, "artifacts", "r2"));
  expect(() => project.artifactFolder("r2")).toThrow(REFUSED);
  expect(existsSync(join(outside, "missing"))).toBe(false);
});

it.each(["..", "../../Documents", "/etc", "a/b", "a\\b", ""])("a run with the id %j cannot be purged", (runId) => {
  const folder = prepared(runId);
  const editor = editorOf(folder);
  expect(() => editor.purge([runId])).toThrow(expect.objectContaining({ code: "run-id" }));
  expect(existsSync(join(folder, "project.json"))).toBe(true);
});

it("a project that is reached through a link is an ordinary project", () => {
  const folder = prepared("r1");
  const link = join(temporaryFolder(), "link");
  symlinkSync(folder, link);
  const editor = editorOf(link);
  expect(editor.purge(["r1"])).toEqual({ bytes: 0 });
});

it("a linked data folder is refused, and the image cache of earlier versions is removed", () => {
  const folder = prepared("abcdefgh");
  mkdirSync(join(folder, "data", "cache"), { recursive: true });
  writeFileSync(join(folder, "data", "cache", `images-${"0".repeat(64)}.bin`), "pixels");
  openProject(folder).close();
  expect(existsSync(join(folder, "data", "cache"))).toBe(false);
  renameSync(join(folder, "data"), join(folder, "before"));
  symlinkSync(home(), join(folder, "data"));
  expect(() => openProject(folder)).toThrow(REFUSED);
});

it.skipIf(process.platform === "win32").each(["project.lock", "project.lock-guard", "runs.sqlite", "runs.sqlite-wal", "project.json"])(
  "a pipe in place of %s is refused without waiting for it",
  (name) => {
    const folder = prepared("r1");
    rmSync(join(folder, name), { force: true });
    execFileSync("mkfifo", [join(folder, name)]);
    const refused = expect.objectContaining({ code: "project-foreign", message: expect.stringContaining(name) });
    for (const open of [() => openProject(folder), () => viewProject(folder), () => postRequest(folder, "stop", "r1")]) expect(open).toThrow(refused);
    // The list of recent projects asks who holds them.
    expect(projectHolder(folder)).toBeNull();
  },
);
