import { ACTIVE_STATUSES, type RunSummary } from "../../../src-shared/domain/records/run.ts";
import type { RunEventMap } from "../../../src-shared/domain/records/run-events.ts";
import type { RunEdit } from "../../../src-shared/domain/records/run-history.ts";
import { UserError } from "../../lib/errors.ts";
import type { Project } from "../../store/project/project.ts";
import type { Emitter } from "../live/emitter.ts";
import type { LiveUpdates } from "../live/live-updates.ts";
import { existingRun } from "./run-detail.ts";

/** Changes that users make to runs: names, notes, tags, archive, trash. */
export class RunEditor {
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

  /** @throws UserError `run-active` when one of the runs is running or queued; then none is moved */
  trash(runIds: readonly string[]): void {
    const { store } = this.project;
    for (const runId of this.withStages(runIds)) {
      const run = existingRun(store, runId);
      if (ACTIVE_STATUSES.includes(run.status))
        throw new UserError(`The run ${run.name} is ${run.status === "queued" ? "queued" : "running"}.`, {
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
   * Permanently deletes runs with their stages and files.
   * @returns the number of bytes freed
   * @throws UserError `run-not-trashed` when one of them is not in the trash, `path-outside` when its files are behind a link; then none is deleted
   */
  purge(runIds: readonly string[]): { bytes: number } {
    const { store } = this.project;
    for (const runId of runIds) {
      const run = existingRun(store, runId);
      if (run.trashedAt === null)
        throw new UserError(`The run ${run.name} is not in the trash.`, { code: "run-not-trashed", remedy: "Move it to the trash first." });
    }
    const all = this.withStages(runIds).reverse();
    // Checked before anything is deleted: if a folder cannot be removed safely, all runs stay in the trash.
    for (const runId of all) this.project.runFolder(runId);
    let bytes = 0;
    for (const runId of all) {
      // Files first: if that fails, the run stays in the trash and can be purged again.
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

  /** The runs and their stages, each once. */
  private withStages(runIds: readonly string[]): string[] {
    return [...new Set(runIds.flatMap((runId) => [runId, ...this.project.store.runs.children(runId).map((stage) => stage.id)]))];
  }
}
