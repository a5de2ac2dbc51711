/** Follows a run to its end by polling the store, whichever process executes the run. */
import { setTimeout as sleep } from "node:timers/promises";
import { ACTIVE_STATUSES, type LogLine, type RunSummary } from "../../../src-shared/domain/records/run.ts";
import type { StoreReader } from "../../store/store.ts";

/** Polling interval in milliseconds. */
const LOOK_EVERY_MS = 250;

/** Shows a running run to a person or a script. */
export interface Display {
  /** Called when a run or one of its stages appears or changes its status. */
  status(run: RunSummary): void;
  progress(run: RunSummary): void;
  log(run: RunSummary, line: LogLine): void;
  /** Called once, at the end. */
  end(): void;
}

/**
 * Shows a run and its stages until the run ends, and returns its final state. Earlier log lines are not repeated.
 */
export async function watchRun(store: StoreReader, runId: string, display: Display): Promise<RunSummary> {
  const statuses = new Map<string, string>();
  const progress = new Map<string, string>();
  const logs = new Map<string, number>();
  for (const run of familyOf(store, runId)) logs.set(run.id, store.logs.tail(run.id, 1)[0]?.id ?? 0);
  try {
    for (;;) {
      const family = familyOf(store, runId);
      const [top, ...stages] = family;
      if (top === undefined) throw new Error(`Run ${runId} no longer exists.`);
      // Stages before their pipeline, so that the last stage is reported as done first.
      for (const run of [...stages, top]) {
        for (const line of store.logs.list(run.id, logs.get(run.id) ?? 0)) {
          logs.set(run.id, line.id);
          display.log(run, line);
        }
        if (run.progress !== null && changed(progress, run.id, JSON.stringify(run.progress))) display.progress(run);
        if (changed(statuses, run.id, run.status)) display.status(run);
      }
      if (!ACTIVE_STATUSES.includes(top.status)) return top;
      await sleep(LOOK_EVERY_MS);
    }
  } finally {
    display.end();
  }
}

function familyOf(store: StoreReader, runId: string): RunSummary[] {
  const run = store.runs.get(runId);
  return run === null ? [] : [run, ...store.runs.children(runId)];
}

function changed(known: Map<string, string>, id: string, value: string): boolean {
  if (known.get(id) === value) return false;
  known.set(id, value);
  return true;
}
