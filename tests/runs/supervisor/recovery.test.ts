import { fork } from "node:child_process";
import { once } from "node:events";
import { hostname } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { isAlive } from "../../../src-main/lib/process-identity.ts";
import { createProject, postRequest } from "../../../src-main/store/project/project.ts";
import { config, curve, studio, temporaryFolder, until, untilStatus } from "../support/project.ts";

const lives = (pid: number): boolean => isAlive({ pid, host: hostname(), startTime: null });

it("a supervisor that is killed leaves interrupted runs and no processes; resumed runs continue with the same numbers", async () => {
  const folder = join(temporaryFolder(), "project");
  createProject(folder, "Killed").close();
  const supervisor = fork(fileURLToPath(new URL("../support/supervisor-process.ts", import.meta.url)), [folder, "ignore-stop:15"], { execArgv: [] });
  const [{ id, stage, child }] = (await once(supervisor, "message")) as [{ id: string; stage: string; child: number }];
  supervisor.kill("SIGKILL");
  await once(supervisor, "exit");

  const s = studio("complete", { folder, reopen: true });
  for (const runId of [id, stage])
    expect(s.project.store.runs.get(runId)).toMatchObject({ status: "interrupted", failure: { message: expect.stringContaining("Studio ended") } });
  // The orphan exits by itself when it notices; the new supervisor kills it before that.
  await expect.poll(() => lives(child), { timeout: 20_000 }).toBe(false);
  // Queued runs start again automatically.
  const waiting = s.project.store.runs.withStatus("queued", "running", "completed").find((run) => run.name === "Waiting")?.id ?? "";
  await untilStatus(s, waiting, "completed");

  s.supervisor.resume(id);
  await untilStatus(s, id, "completed");
  expect(s.supervisor.detail(stage).resumedFrom).toEqual([10]);
  expect(curve(s.project, stage)).toEqual(curve(s.project, waiting));
});

it("a worker that loses its supervisor ends by itself", async () => {
  const folder = join(temporaryFolder(), "project");
  createProject(folder, "Alone").close();
  const supervisor = fork(fileURLToPath(new URL("../support/supervisor-process.ts", import.meta.url)), [folder, "ignore-stop:15"], { execArgv: [] });
  const [{ child }] = (await once(supervisor, "message")) as [{ child: number }];
  expect(lives(child)).toBe(true);
  supervisor.kill("SIGKILL");
  await expect.poll(() => lives(child), { timeout: 20_000 }).toBe(false);
});

it("closing stops running runs with a checkpoint and keeps queued ones", async () => {
  const s = studio("wait:13");
  const { folder } = s.project;
  const running = s.supervisor.create("Running", config()).id;
  const waiting = s.supervisor.create("Waiting", config()).id;
  await until(s.supervisor, () => curve(s.project, running).length === 13);
  const closed = s.supervisor.close(20_000);
  expect(() => s.supervisor.create("Late", config())).toThrow("being closed");
  await closed;
  expect(s.project.store.runs.get(running)?.status).toBe("stopped");
  expect(s.project.store.artifacts.checkpoints(running)[0]?.step).toBe(13);
  expect(s.project.store.runs.get(waiting)?.status).toBe("queued");
  await s.close();
  const again = studio("complete", { folder, reopen: true });
  await untilStatus(again, waiting, "completed");
  expect(again.project.store.runs.get(running)?.status).toBe("stopped");
});

it("closing terminates runs that do not stop in time", async () => {
  const s = studio("ignore-stop:5");
  const { id } = s.supervisor.create("Stubborn", config());
  await until(s.supervisor, () => curve(s.project, id).length === 5);
  await s.supervisor.close(200);
  expect(s.project.store.runs.get(id)).toMatchObject({ status: "interrupted", failure: { message: expect.stringContaining("closed before") } });
  expect(lives(s.launcher.children[0]?.pid ?? 0)).toBe(false);
});

it("requests of other processes are executed", async () => {
  const s = studio("wait:5");
  const { id } = s.supervisor.create("Asked", config());
  await until(s.supervisor, () => curve(s.project, id).length === 5);
  expect(postRequest(s.project.folder, "stop", id)).toBe(true);
  await untilStatus(s, id, "stopped");
  s.launcher.script = "complete";
  postRequest(s.project.folder, "stop", id);
  postRequest(s.project.folder, "stop", "nobody");
  postRequest(s.project.folder, "resume", id);
  await untilStatus(s, id, "completed");
  expect(s.project.store.logs.list(id).some((line) => line.text.includes("not running"))).toBe(true);
});
