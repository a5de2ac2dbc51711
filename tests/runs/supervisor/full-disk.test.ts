/** Projects on a disk that really becomes full: a tmpfs of 32 MB. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openProjectServices, type RunServices } from "../../../src-main/runs/run-services.ts";
import { createProject } from "../../../src-main/store/project/project.ts";
import { config, curve, type Studio, studio, temporaryFolder, until, untilStatus } from "../support/project.ts";
import { ScriptedLauncher } from "../support/scripted.ts";

const canMount = process.platform === "linux" && process.getuid?.() === 0 && mountable();
if (!canMount) process.stdout.write("The tests with a full disk are skipped: they mount a tmpfs, which needs root on Linux.\n");

let disk = "";
const undo: (() => Promise<void> | void)[] = [];

beforeEach(() => {
  disk = join(temporaryFolder(), "disk");
  mkdirSync(disk);
  if (!canMount) return;
  mount(disk);
  const mounted = disk;
  undo.push(() => void spawnSync("umount", ["-l", mounted]));
});
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
});

describe.skipIf(!canMount)("when the disk of a project is full", () => {
  it("a run is interrupted with a message, other commands still work, and it resumes once there is space", async () => {
    const s = onDisk("wait:15");
    const { id } = s.supervisor.create("Run", config());
    await until(s.supervisor, () => curve(s.project, id).length === 15);
    fill();
    // Heartbeats and batches can no longer be stored.
    const run = await untilStatus(s, id, "interrupted");
    expect(run.failure).toMatchObject({ message: expect.stringContaining("disk of the project is full"), remedy: expect.stringContaining("Free some space") });
    expect(s.supervisor.detail(id).status).toBe("interrupted");
    free();
    s.launcher.script = "complete";
    s.supervisor.resume(id);
    expect(await untilStatus(s, id, "completed")).toMatchObject({ failure: null });
    expect(curve(s.project, id).map(([step]) => step)).toEqual(Array.from({ length: 40 }, (_, i) => i + 1));
  });

  it("a pipeline is interrupted with its stage and both resume", async () => {
    const s = onDisk("wait:15");
    const { id } = s.supervisor.create("Pipeline", config({ kind: "pipeline", search: { samples: 6, shortlist: 2, randomBaseline: 1 } }));
    await until(s.supervisor, () => s.project.store.runs.children(id).some((stage) => curve(s.project, stage.id).length === 15));
    fill();
    const run = await untilStatus(s, id, "interrupted");
    expect(run.failure?.message).toContain("disk of the project is full");
    expect(s.project.store.runs.children(id).map(({ status }) => status)).toEqual(["interrupted"]);
    free();
    s.launcher.script = "complete";
    s.supervisor.resume(id);
    await untilStatus(s, id, "completed");
    expect(s.project.store.runs.children(id).map(({ status }) => status)).toEqual(["completed", "completed", "completed", "completed"]);
  });

  it("a queued run is interrupted instead of being retried forever", async () => {
    const s = onDisk("wait:15", { concurrency: 1 });
    const first = s.supervisor.create("First", config()).id;
    const second = s.supervisor.create("Second", config()).id;
    await until(s.supervisor, () => curve(s.project, first).length === 15);
    fill();
    await untilStatus(s, first, "interrupted");
    await untilStatus(s, second, "interrupted");
    expect(s.launcher.children).toHaveLength(1);
    free();
    s.launcher.script = "complete";
    for (const id of [first, second]) s.supervisor.resume(id);
    for (const id of [first, second]) await untilStatus(s, id, "completed");
  });

  it("commands are refused with a message, and a run can still be stopped", async () => {
    const folder = join(disk, "project");
    createProject(folder, "Full").close();
    const services: RunServices = await openProjectServices(folder, { launcher: new ScriptedLauncher("wait:15"), gpus: [], version: "1.0.0" });
    undo.push(() => services.close(0));
    const { id } = services.commands.create("Run", config(), []);
    await expect.poll(() => services.store.runs.get(id)?.status).toBe("running");
    fill();
    for (const command of [
      () => services.commands.create("Another", config(), []),
      () => services.commands.update(id, { notes: "x".repeat(50_000) }),
      () => services.commands.archive([id], true),
    ])
      expect(command).toThrow(expect.objectContaining({ code: "disk-full", remedy: expect.stringContaining("Free some space") }));
    expect(["running", "interrupted"]).toContain(services.store.runs.get(id)?.status);
    if (services.store.runs.get(id)?.status === "running") services.commands.stop(id);
    await expect.poll(() => services.store.runs.get(id)?.status, { timeout: 10_000 }).toMatch(/interrupted|stopped/);
  });

  it("a project is created completely or not at all, and can be created once there is space", () => {
    const outcomes = new Set<string>();
    for (const pages of [0, 1, 2, 4, 8, 16, 24, 32, 48, 64, 128]) {
      fill();
      rmSync(join(disk, "filler-0"));
      const { bavail, bsize } = statfsSync(disk);
      writeFileSync(join(disk, "filler-0"), Buffer.alloc((bavail - pages) * bsize));
      const project = join(disk, `project-${pages}`);
      try {
        createProject(project, "Full").close();
        outcomes.add("created");
      } catch (error) {
        outcomes.add("refused");
        expect(existsSync(project), `with ${pages} free pages: ${String(error)}`).toBe(false);
      }
      free();
      if (!existsSync(project)) createProject(project, "Full").close();
      rmSync(project, { recursive: true });
    }
    expect([...outcomes].sort()).toEqual(["created", "refused"]);
  });
});

function onDisk(script: string, options: { concurrency?: number } = {}): Studio {
  return studio(script, { folder: join(disk, "project"), ...options });
}

/** Leaves no byte free. */
function fill(): void {
  for (let i = 0; ; i++) {
    const { bavail, bsize } = statfsSync(disk);
    if (bavail === 0) return;
    writeFileSync(join(disk, `filler-${i}`), Buffer.alloc(bavail * bsize));
  }
}

function free(): void {
  for (let i = 0; i < 50; i++) rmSync(join(disk, `filler-${i}`), { force: true });
}

function mount(folder: string): boolean {
  return spawnSync("mount", ["-t", "tmpfs", "-o", "size=32m", "tmpfs", folder]).status === 0;
}

/** Whether this environment lets root mount (containers often do not). */
function mountable(): boolean {
  const folder = temporaryFolder();
  if (!mount(folder)) return false;
  spawnSync("umount", [folder]);
  return true;
}
