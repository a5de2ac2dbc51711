import { fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import Database from "better-sqlite3";
import { expect, it } from "vitest";
import { openShared } from "../../src-main/api/shared-project.ts";
import { nodeLauncher } from "../../src-main/runs/child/launcher.ts";
import { openProjectServices } from "../../src-main/runs/run-services.ts";
import { SCHEMA_VERSION } from "../../src-main/store/database/migrations.ts";
import { newProject } from "../store/support/store-support.ts";

it("a viewer that cannot take over says why, and takes over once it can", { timeout: 60_000 }, async () => {
  const project = newProject();
  const { folder } = project;
  project.close();
  const holder = fork(fileURLToPath(new URL("../store/support/holder.ts", import.meta.url)), [folder], { execArgv: [] });
  await once(holder, "message");
  const shared = await openShared(folder, (path) => openProjectServices(path, { launcher: nodeLauncher(), gpus: [] }));
  const told: (string | undefined)[] = [];
  shared.onEvent((event) => {
    if (event.name === "project.changed") told.push(event.payload?.notTakenOver);
  });
  const setVersion = (version: number): void => {
    const db = new Database(join(folder, "runs.sqlite"));
    db.pragma(`user_version = ${version}`);
    db.close();
  };
  try {
    expect(shared.info()).toMatchObject({ leader: { pid: holder.pid } });
    shared.store.settings.saveDraft({ config: {}, name: "Written while viewing", tags: [], clonedFrom: null });
    shared.store.settings.set("chosen", 3);
    setVersion(SCHEMA_VERSION + 1);
    holder.kill("SIGKILL");
    await expect.poll(() => shared.info().notTakenOver, { timeout: 20_000 }).toContain("newer version");
    expect(told.at(-1)).toContain("newer version");
    setVersion(SCHEMA_VERSION);
    await expect.poll(() => [shared.info().leader, shared.info().notTakenOver], { timeout: 20_000 }).toEqual([undefined, undefined]);
    expect(told.at(-1)).toBeUndefined();
    expect(shared.store.settings.draft()?.name).toBe("Written while viewing");
    expect(shared.store.settings.get("chosen")).toBe(3);
    await shared.rename("Mine");
    expect(shared.info().name).toBe("Mine");
  } finally {
    holder.kill("SIGKILL");
    await shared.close(0);
  }
});
