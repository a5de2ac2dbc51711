/** Which process may write a project: liveness across processes, containers and machines; read-only projects. */
import { execFileSync, fork, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, mkdirSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, it } from "vitest";
import { isUserError, type UserError } from "../../../src-main/lib/errors.ts";
import { lockOwner, takeLock } from "../../../src-main/store/project/lock.ts";
import { createProject, openProject, projectHolder, viewProject } from "../../../src-main/store/project/project.ts";
import { closing, newProject, newRun, temporaryFolder } from "../support/store-support.ts";

const HOLDER = fileURLToPath(new URL("../support/holder.ts", import.meta.url));
const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0).reverse()) cleanup();
});

function refusalOf(work: () => unknown): UserError {
  try {
    work();
  } catch (error) {
    if (isUserError(error)) return error;
    throw error;
  }
  throw new Error("Nothing was refused.");
}

/** Whether the test can create namespaces and mounts on this machine. */
const isRoot = process.platform === "linux" && process.getuid?.() === 0 && spawnSync("unshare", ["--pid", "--fork", "--mount-proc", "true"]).status === 0;

describe("a lock of another machine", () => {
  const remote = (folder: string): string => {
    const file = join(folder, "lock");
    writeFileSync(file, JSON.stringify({ pid: 1, host: "elsewhere", startTime: null, token: "far", guarded: true }));
    return file;
  };

  it("is respected while it is refreshed, reports its holder, and is taken over only on request", () => {
    const file = remote(temporaryFolder());
    const refused = refusalOf(() => takeLock(file, "It"));
    expect(refused.code).toBe("project-locked");
    expect(refused.message).toContain("process 1 on elsewhere");
    expect(refused.remedy).toContain("--take-over");
    expect(lockOwner(file)).toMatchObject({ pid: 1, host: "elsewhere" });
    takeLock(file, "It", { takeOver: true }).release();
    expect(existsSync(file)).toBe(false);
  });

  it.each([
    ["an hour ago", -3_600_000],
    ["in a future that a wrong clock wrote", 3_600_000],
  ])("whose last beat was %s belongs to nobody", (_when, offset) => {
    const file = remote(temporaryFolder());
    const beat = new Date(Date.now() + offset);
    utimesSync(file, beat, beat);
    expect(lockOwner(file)).toBeNull();
    takeLock(file, "It").release();
  });
});

describe("a lock of this machine", () => {
  it("whose guard is free has no holder, even if its process id has been reused", () => {
    const file = join(temporaryFolder(), "lock");
    const own = takeLock(file, "It");
    const owner = lockOwner(file);
    own.release();
    writeFileSync(file, JSON.stringify({ ...owner, token: "old", guarded: true }));
    expect(lockOwner(file)).toBeNull();
    takeLock(file, "It").release();
  });

  it("cannot be taken over while its process lives", () => {
    const project = newProject();
    const refused = refusalOf(() => openProject(project.folder, { takeOver: true }));
    expect(refused.code).toBe("project-locked");
    expect(refused.remedy).not.toContain("--take-over");
    expect(projectHolder(project.folder)).toMatchObject({ pid: process.pid });
  });

  it.skipIf(!isRoot)("is seen from another process namespace, where its process id means nothing", async () => {
    const project = newProject();
    const { folder } = project;
    project.close();
    // In a separate namespace, the holder is process 1 or 2 and has its own host name, as in a container.
    const holder = spawn(
      "unshare",
      ["--pid", "--uts", "--fork", "--kill-child", "--mount-proc", "sh", "-c", `hostname container && exec "$0" "$@"`, process.execPath, HOLDER, folder],
      {
        stdio: ["ignore", "pipe", "inherit", "ipc"],
      },
    );
    cleanups.push(() => holder.kill("SIGKILL"));
    await once(holder, "message");
    const beat = new Date(Date.now() - 3_600_000);
    utimesSync(join(folder, "project.lock"), beat, beat);
    const refused = refusalOf(() => openProject(folder));
    expect(refused.code).toBe("project-locked");
    expect(refused.message).toContain("container");
    expect(projectHolder(folder)).not.toBeNull();
  });

  it("is free as soon as its process has been killed", async () => {
    const project = newProject();
    const { folder } = project;
    project.close();
    const holder = fork(HOLDER, [folder], { execArgv: [] });
    await once(holder, "message");
    holder.kill("SIGKILL");
    await once(holder, "exit");
    closing(openProject(folder));
  });
});

describe("a project that cannot be written", () => {
  it.skipIf(!isRoot)("is read on read-only media, closed cleanly or not, and nothing is left behind", () => {
    const root = temporaryFolder();
    const folder = join(root, "project");
    const project = createProject(folder, "Archived");
    const id = newRun(project, "old run");
    // Still open: the latest data is in the write-ahead log only.
    const copy = join(root, "copy");
    execFileSync("cp", ["-r", folder, copy]);
    project.close();
    rmSync(join(copy, "project.lock"), { force: true });
    rmSync(join(copy, "runs.sqlite-shm"), { force: true });
    expect(existsSync(join(copy, "runs.sqlite-wal"))).toBe(true);
    for (const source of [folder, copy]) {
      const media = join(root, `media-${source === copy ? "wal" : "clean"}`);
      mkdirSync(media);
      execFileSync("mount", ["--bind", source, media]);
      cleanups.push(() => execFileSync("umount", [media]));
      execFileSync("mount", ["-o", "remount,bind,ro", media]);
      const before = readdirSync(media).sort();
      const view = viewProject(media);
      expect(view.store.runs.get(id)?.name).toBe("old run");
      expect(view.info().name).toBe("Archived");
      view.close();
      expect(readdirSync(media).sort()).toEqual(before);
      expect(refusalOf(() => openProject(media)).code).toBe("project-unwritable");
    }
  });

  it.skipIf(process.platform === "win32").each(["project.json", "runs.sqlite", "runs.sqlite-wal"])("is refused, without waiting, when %s is a pipe", (name) => {
    const project = newProject();
    const { folder } = project;
    project.close();
    rmSync(join(folder, name), { force: true });
    execFileSync("mkfifo", [join(folder, name)]);
    for (const open of [openProject, viewProject]) expect(refusalOf(() => open(folder)).code).toBe("project-foreign");
    chmodSync(join(folder, name), 0o600);
  });
});
