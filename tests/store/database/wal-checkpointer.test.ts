import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect, it, vi } from "vitest";
import { openProject } from "../../../src-main/store/project/project.ts";
import { closing, columns, newProject, newRun, range } from "../support/store-support.ts";

it("copies the log into the database in parallel to the writer, and loses nothing if the project is closed meanwhile", async () => {
  const project = newProject();
  const file = join(project.folder, "runs.sqlite");
  const runId = newRun(project);
  const before = statSync(file).size;
  let next = 1;
  const write = (): void => {
    project.store.transaction(() => project.store.metrics.append(runId, [columns("ghn/loss", range(next, next + 4999), Math.sqrt)]));
    next += 5000;
  };
  // The writer itself would copy only at 64 MB, so anything in the file before that was copied by the thread.
  while (statSync(`${file}-wal`).size < 6 * 1024 * 1024) write();
  expect(statSync(file).size).toBe(before);
  await vi.waitFor(
    () => {
      write();
      expect(statSync(file).size).toBeGreaterThan(before);
    },
    { timeout: 20_000, interval: 20 },
  );
  write();
  project.close();
  await vi.waitFor(() => expect(existsSync(`${file}-wal`)).toBe(false), { timeout: 20_000 });
  const again = closing(openProject(project.folder));
  expect(again.store.metrics.all(runId)[0]?.value).toEqual(range(1, next - 1).map(Math.sqrt));
});
