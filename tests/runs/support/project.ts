import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach } from "vitest";
import { type ChildHandle, type ChildLauncher, nodeLauncher } from "../../../src-main/runs/launcher.ts";
import { RunSupervisor, type SupervisorOptions } from "../../../src-main/runs/supervisor.ts";
import { createProject, openProject, type Project } from "../../../src-main/store/index.ts";
import type { RunStatus, RunSummary } from "../../../src-shared/domain/run.ts";
import { type RunConfig, runConfigSchema } from "../../../src-shared/domain/run-config.ts";

const SCRIPTED = fileURLToPath(new URL("./scripted-worker.ts", import.meta.url));

/** A launcher of scripted workers that keeps what it launched; the script may be changed between launches. */
export class ScriptedLauncher implements ChildLauncher {
  script: string;
  readonly children: ChildHandle[] = [];
  private readonly real = nodeLauncher({ script: SCRIPTED });

  constructor(script = "complete") {
    this.script = script;
  }

  launch(environment: Readonly<Record<string, string | undefined>>): ChildHandle {
    const child = this.real.launch({ ...environment, GHN_TEST_SCRIPT: this.script });
    this.children.push(child);
    return child;
  }
}

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

export function config(input: object = {}): RunConfig {
  return runConfigSchema.parse({ kind: "ghn-training", ...input });
}

/** Waits until a condition holds, woken by the events of the supervisor. */
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
