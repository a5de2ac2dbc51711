import { ACTIVE_STATUSES, type RunDetail, type RunSummary } from "../../../src-shared/domain/records/run.ts";
import type { RunEventMap } from "../../../src-shared/domain/records/run-events.ts";
import type { RunEdit } from "../../../src-shared/domain/records/run-history.ts";
import { UserError } from "../../lib/errors.ts";
import type { Project } from "../../store/project/project.ts";
import type { StoreReader } from "../../store/store.ts";
import type { Emitter } from "../live/emitter.ts";
import type { LiveUpdates } from "../live/live.ts";

/** Everything about one run. @throws UserError when there is no such run */
export function runDetail(store: StoreReader, runId: string): RunDetail {
  const run = existingRun(store, runId);
  const facts = store.runs.facts(runId);
  if (facts === null) throw new Error(`Run ${runId} has no details.`);
  return {
    ...run,
    config: facts.config,
    codeVersion: facts.codeVersion,
    datasetFingerprint: facts.datasetFingerprint,
    resumedFrom: facts.resumedFrom,
    children: store.runs.children(runId),
    artifacts: store.artifacts.list(runId),
    summary: facts.summary,
  };
}

/** @throws UserError when there is no such run */
export function existingRun(store: StoreReader, runId: string): RunSummary {
  const run = store.runs.get(runId);
  if (run === null)
    throw new UserError(`There is no run ${runId} in this project.`, { code: "run-missing", remedy: "Look at the list of runs; it may have been deleted." });
  return run;
}

/** Names, notes, tags, archive and trash: what people do to runs, apart from executing them. */
export class RunCare {
  private readonly project: Project;
  private readonly live: LiveUpdates;
  private readonly events: Emitter<RunEventMap>;

  constructor(project: Project, live: LiveUpdates, events: Emitter<RunEventMap>) {
    this.project = project;
    this.live = live;
    this.events = events;
  }

  update(runId: string, edit: RunEdit): RunSummary {
    const { store } = this.project;
    existingRun(store, runId);
    store.transaction(() => {
      store.runs.update(runId, {
        ...(edit.name === undefined ? {} : { name: edit.name }),
        ...(edit.notes === undefined ? {} : { notes: edit.notes }),
        ...(edit.starred === undefined ? {} : { starred: edit.starred }),
      });
      if (edit.tags !== undefined) store.runs.setTags(runId, edit.tags);
    });
    this.live.changed(runId, true);
    return existingRun(store, runId);
  }

  archive(runIds: readonly string[], archived: boolean): void {
    this.each(runIds, (runId) => this.project.store.runs.update(runId, { archived }));
  }

  /** @throws UserError when one of the runs is at work; then none is moved */
  trash(runIds: readonly string[]): void {
    const { store } = this.project;
    for (const runId of this.withStages(runIds)) {
      const run = existingRun(store, runId);
      if (ACTIVE_STATUSES.includes(run.status))
        throw new UserError(`The run ${run.name} is ${run.status === "queued" ? "waiting to be executed" : "at work"}.`, {
          code: "run-active",
          remedy: "Stop it first, then move it to the trash.",
        });
    }
    const trashedAt = new Date().toISOString();
    this.each(runIds, (runId) => store.runs.update(runId, { trashedAt }));
  }

  restore(runIds: readonly string[]): void {
    this.each(runIds, (runId) => this.project.store.runs.update(runId, { trashedAt: null }));
  }

  /**
   * Deletes runs for good, their stages and files included. Answers the bytes set free.
   * @throws UserError when one of them is not in the trash; then none is deleted
   */
  purge(runIds: readonly string[]): { bytes: number } {
    const { store } = this.project;
    for (const runId of runIds) {
      const run = existingRun(store, runId);
      if (run.trashedAt === null)
        throw new UserError(`The run ${run.name} is not in the trash.`, { code: "run-not-trashed", remedy: "Move it to the trash first." });
    }
    let bytes = 0;
    for (const runId of this.withStages(runIds).reverse()) {
      // The files first: if that fails the run stays in the trash and can be purged again.
      bytes += this.project.removeArtifacts(runId);
      store.runs.delete(runId);
      this.events.emit("run.removed", { runId });
    }
    return { bytes };
  }

  private each(runIds: readonly string[], change: (runId: string) => void): void {
    const { store } = this.project;
    const all = this.withStages(runIds);
    store.transaction(() => {
      for (const runId of all) {
        existingRun(store, runId);
        change(runId);
      }
    });
    for (const runId of all) this.live.changed(runId, true);
  }

  /** The runs and the stages of those that are pipelines, each once. */
  private withStages(runIds: readonly string[]): string[] {
    return [...new Set(runIds.flatMap((runId) => [runId, ...this.project.store.runs.children(runId).map((stage) => stage.id)]))];
  }
}
