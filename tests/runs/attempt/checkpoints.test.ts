/** Which checkpoint a run resumes from, and which are removed. */
import { fork, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { chmodSync, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { forgetOldCheckpoints, newestGoodCheckpoint } from "../../../src-main/runs/attempt/checkpoints.ts";
import { prepareStart } from "../../../src-main/runs/attempt/start-message.ts";
import { openProject, type Project } from "../../../src-main/store/project/project.ts";
import { tamper } from "../../store/support/damage.ts";
import { config, studio, untilStatus } from "../support/project.ts";

/** A closed project with a run that died after its checkpoints of steps 10 and 20. */
async function crashed(): Promise<{ readonly folder: string; readonly id: string; readonly files: readonly [newest: string, older: string] }> {
  const s = studio("crash:25");
  const { id } = s.supervisor.create("Crashed", config());
  await untilStatus(s, id, "interrupted");
  const [newest = "", older = ""] = s.project.store.artifacts.checkpoints(id).map(({ path }) => s.project.resolvePath(path));
  await s.close();
  return { folder: s.project.folder, id, files: [newest, older] };
}

function damage(file: string): void {
  writeFileSync(file, readFileSync(file, "utf8").replace("xxx", "xyx"));
}

async function inProject<Result>(folder: string, work: (project: Project) => Promise<Result>): Promise<Result> {
  const project = openProject(folder);
  try {
    return await work(project);
  } finally {
    project.close();
  }
}

const stepsOf = (project: Project, id: string): number[] => project.store.artifacts.checkpoints(id).map(({ step }) => step);

describe("checkpoints that are damaged", () => {
  it("are removed once an older one has proven intact", async () => {
    const { folder, id, files } = await crashed();
    damage(files[0]);
    await inProject(folder, async (project) => {
      expect((await newestGoodCheckpoint(project, id, () => undefined))?.step).toBe(10);
      expect(stepsOf(project, id)).toEqual([10]);
    });
    expect(files.map((file) => existsSync(file))).toEqual([false, true]);
  });

  it("are all kept if none is intact, so that the last is never removed", async () => {
    const { folder, id, files } = await crashed();
    damage(files[0]);
    rmSync(files[1]);
    const damaged: number[] = [];
    await inProject(folder, async (project) => {
      expect(await newestGoodCheckpoint(project, id, ({ step }) => damaged.push(step))).toBeNull();
      expect(stepsOf(project, id)).toEqual([20, 10]);
    });
    expect(damaged).toEqual([20, 10]);
    expect(files.map((file) => existsSync(file))).toEqual([true, false]);
  });
});

it("a checkpoint after a restart from the beginning is newer than damaged ones of later steps", async () => {
  const { folder, id, files } = await crashed();
  for (const file of files) damage(file);
  await inProject(folder, async (project) => {
    expect(await newestGoodCheckpoint(project, id, () => undefined)).toBeNull();
    const path = `artifacts/${id}/checkpoint-5`;
    writeFileSync(project.resolvePath(path), "abc");
    const sha256 = createHash("sha256").update("abc").digest("hex");
    project.store.artifacts.add(id, { kind: "checkpoint", name: "checkpoint-5", path, bytes: 3, sha256 }, 5);
    forgetOldCheckpoints(project, id);
    expect(stepsOf(project, id)[0]).toBe(5);
    expect((await newestGoodCheckpoint(project, id, () => undefined))?.step).toBe(5);
  });
});

it("a start that is refused because a row is damaged keeps the checkpoint of that row", async () => {
  const { folder, id, files } = await crashed();
  tamper(folder, "UPDATE artifacts SET created_at = 'yesterday' WHERE kind = 'checkpoint' AND step = 20");
  await inProject(folder, async (project) => {
    const run = project.store.runs.get(id);
    const record = project.store.runs.record(id);
    if (run === null || record === null) throw new Error("The run is missing.");
    await expect(prepareStart({ project, run, record, dataFolders: [], note: () => undefined })).rejects.toMatchObject({ code: "row-damaged" });
  });
  expect(files.map((file) => existsSync(file))).toEqual([true, true]);
});

const isRoot = process.getuid?.() === 0;
/** Root may read everything, so this is done as another user. */
const NOBODY = 65_534;
const supported = process.platform !== "win32";
if (!supported) process.stdout.write("The test of unreadable checkpoints is skipped: it needs file permissions as on Linux and macOS.\n");

describe.skipIf(!supported)("a checkpoint that cannot be read for a moment", () => {
  it("stops the start with a message, and is used as soon as it can be read", async () => {
    const { folder, id, files } = await crashed();
    if (isRoot) spawnSync("chown", ["-R", String(NOBODY), `${folder}/..`]);
    const look = async (): Promise<unknown> => {
      const child = fork(fileURLToPath(new URL("../support/newest-checkpoint.ts", import.meta.url)), [folder, id], {
        execArgv: [],
        ...(isRoot ? { uid: NOBODY } : {}),
      });
      const [answer] = (await once(child, "message")) as [unknown];
      await once(child, "exit");
      return answer;
    };
    chmodSync(files[0], 0o000);
    expect(await look()).toEqual({ code: "checkpoint-unreadable", message: "The checkpoint of step 20 cannot be read (EACCES).", damaged: [] });
    await inProject(folder, async (project) => expect(stepsOf(project, id)).toEqual([20, 10]));
    expect(files.map((file) => existsSync(file))).toEqual([true, true]);
    chmodSync(files[0], 0o600);
    expect(await look()).toEqual({ found: 20, damaged: [] });
  });
});
