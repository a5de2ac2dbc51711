import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach } from "vitest";
import { RunSupervisor, type SupervisorOptions } from "../../../src-main/runs/supervisor/supervisor.ts";
import { createProject, openProject, type Project } from "../../../src-main/store/project/project.ts";
import type { RunStatus, RunSummary } from "../../../src-shared/domain/records/run.ts";
import { ScriptedLauncher } from "./scripted.ts";

export { config } from "./scripted.ts";

const closers: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "ghn-runs-"));
  closers.push(async () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export interface Studio {
  readonly project: Project;
  readonly supervisor: RunSupervisor;
  readonly launcher: ScriptedLauncher;
  close(): Promise<void>;
}

/** A project with a supervisor of scripted workers, closed after the test. */
export function studio(script = "complete", options: Partial<SupervisorOptions> & { folder?: string; reopen?: boolean } = {}): Studio {
  const { folder = join(temporaryFolder(), "project"), reopen = false, ...rest } = options;
  const project = reopen ? openProject(folder) : createProject(folder, "Test");
  const launcher = new ScriptedLauncher(script);
  const supervisor = new RunSupervisor({ project, launcher, version: "1.0.0", dataFolders: [], gpus: [], ...rest });
  supervisor.start();
  let closed: Promise<void> | null = null;
  const close = (): Promise<void> => {
    closed ??= supervisor.close(0).then(() => project.close());
    return closed;
  };
  closers.push(close);
  return { project, supervisor, launcher, close };
}

/** Waits until a condition holds; checked at every event of the supervisor. */
export function until(supervisor: RunSupervisor, condition: () => boolean): Promise<void> {
  if (condition()) return Promise.resolve();
  return new Promise((resolve) => {
    const check = (): void => {
      if (!condition()) return;
      for (const off of offs) off();
      resolve();
    };
    const offs = [
      supervisor.events.on("run.changed", check),
      supervisor.events.on("run.live", check),
      supervisor.events.on("artifact.added", check),
      supervisor.events.on("run.removed", check),
    ];
  });
}

export async function untilStatus({ project, supervisor }: Studio, runId: string, ...statuses: readonly RunStatus[]): Promise<RunSummary> {
  const run = (): RunSummary | null => project.store.runs.get(runId);
  await until(supervisor, () => statuses.includes(run()?.status ?? "queued"));
  const found = run();
  if (found === null) throw new Error("The run has gone.");
  return found;
}

/** Step and value of the loss curve. */
export function curve(project: Project, runId: string): [number, number | null][] {
  const columns = project.store.metrics.all(runId).find(({ name }) => name === "ghn/loss");
  return (columns?.step ?? []).map((step, i) => [step, columns?.value[i] ?? null]);
}
