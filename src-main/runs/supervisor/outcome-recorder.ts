import type { Project } from "../../store/project/project.ts";
import { forgetAllCheckpoints } from "../attempt/checkpoints.ts";
import type { LiveUpdates } from "../live/live-updates.ts";
import type { RunOutcome } from "../outcomes/run-outcome.ts";
import { storeFailure } from "../outcomes/store-failure.ts";

/** Stores how runs ended; an outcome that cannot be stored (a full disk) is kept and stored later. */
export class OutcomeRecorder {
  private readonly project: Project;
  private readonly live: LiveUpdates;
  private readonly unsaved = new Map<string, { readonly outcome: RunOutcome; readonly activeSeconds: number | undefined }>();

  constructor(project: Project, live: LiveUpdates) {
    this.project = project;
    this.live = live;
  }

  /** @param activeSeconds process seconds of the run; unchanged unless given */
  record(runId: string, outcome: RunOutcome, activeSeconds?: number): void {
    const { store } = this.project;
    try {
      store.runs.update(runId, {
        status: outcome.status,
        failure: outcome.failure,
        finishedAt: new Date().toISOString(),
        queuePosition: null,
        processId: null,
        ...(activeSeconds === undefined ? {} : { activeSeconds }),
        ...(outcome.summary === undefined ? {} : { summary: outcome.summary }),
      });
      if (outcome.status === "completed") forgetAllCheckpoints(this.project, runId);
    } catch (error) {
      // Retried by `retry`. If the program ends before that, the run becomes interrupted when the project is next opened.
      this.unsaved.set(runId, { outcome, activeSeconds });
      const isNew = !store.runs.isHeld(runId);
      store.runs.hold(runId, { status: "interrupted", failure: storeFailure(error), finishedAt: new Date().toISOString() });
      if (isNew) this.live.changed(runId, true);
      return;
    }
    this.unsaved.delete(runId);
    this.live.changed(runId, true);
  }

  /** Tries again to store outcomes that could not be stored. */
  retry(): void {
    for (const [runId, { outcome, activeSeconds }] of this.unsaved) {
      // Resumed in the meantime: its earlier outcome no longer matters.
      if (!this.project.store.runs.isHeld(runId)) this.unsaved.delete(runId);
      else this.record(runId, outcome, activeSeconds);
    }
  }
}
