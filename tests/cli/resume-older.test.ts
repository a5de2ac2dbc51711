import { expect, it } from "vitest";
import { processIo } from "../../src-main/cli/output/io.ts";
import { startOrResume } from "../../src-main/cli/supervise/execute-config.ts";
import { config, studio, untilStatus } from "../runs/support/project.ts";
import { older } from "../runs/support/scripted.ts";

it("run --resume finds a run from before shortBatch existed by its exported config", async () => {
  const s = studio("crash:25");
  const { id } = s.supervisor.create("Older", older());
  await untilStatus(s, id, "interrupted");
  s.launcher.script = "complete";
  const project = { folder: s.project.folder, store: s.project.store, commands: s.supervisor, setConcurrency: () => undefined, close: () => s.close() };
  const start = (wanted: ReturnType<typeof config>): string => startOrResume(processIo(), project, wanted, "Again", { resume: true, tag: [] });
  expect(start(config({ training: { shortBatch: "drop" } }))).not.toBe(id);
  expect(start(config({ training: { shortBatch: "keep" } }))).toBe(id);
  await untilStatus(s, id, "completed");
});
