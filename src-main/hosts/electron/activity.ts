/** Activity of a window's runs for the task bar, the power saver and notifications. Pure. */
import { ACTIVE_STATUSES, type RunProgress, type RunStatus, type RunSummary } from "../../../src-shared/domain/records/run.ts";
import type { StudioEvent } from "../../api/services/session.ts";

/** A notification about a run that ended. */
export interface EndedRun {
  readonly runId: string;
  readonly title: string;
  readonly body: string;
}

const ENDS: Readonly<Partial<Record<RunStatus, string>>> = { completed: "finished", failed: "failed", interrupted: "was interrupted" };

export class Activity {
  private readonly runs = new Map<string, { status: RunStatus; fraction: number | null }>();
  private readonly ended: (run: EndedRun) => void;
  private projectId: string | null = null;

  constructor(ended: (run: EndedRun) => void) {
    this.ended = ended;
  }

  /** True while a run is running. */
  get running(): boolean {
    return [...this.runs.values()].some((run) => run.status === "running" || run.status === "stopping");
  }

  /** Mean progress of the running runs in [0, 1]; 2 if unknown (an indeterminate bar); −1 when nothing is running. */
  get progress(): number {
    const running = [...this.runs.values()].filter((run) => run.status === "running" || run.status === "stopping");
    if (running.length === 0) return -1;
    const known = running.flatMap((run) => (run.fraction === null ? [] : [run.fraction]));
    return known.length === 0 ? 2 : known.reduce((sum, fraction) => sum + fraction, 0) / known.length;
  }

  hear(event: StudioEvent): void {
    switch (event.name) {
      case "run.changed":
        this.changed(event.payload);
        break;
      case "run.live": {
        const run = this.runs.get(event.payload.runId);
        if (run !== undefined && event.payload.progress !== null) run.fraction = fractionOf(event.payload.progress);
        break;
      }
      case "run.removed":
        this.runs.delete(event.payload.runId);
        break;
      case "project.changed":
        // A renamed project is still the same project.
        if (event.payload?.id !== this.projectId) this.runs.clear();
        this.projectId = event.payload?.id ?? null;
        break;
      default:
    }
  }

  private changed(run: RunSummary): void {
    const before = this.runs.get(run.id);
    if (ACTIVE_STATUSES.includes(run.status)) {
      this.runs.set(run.id, { status: run.status, fraction: run.progress === null ? (before?.fraction ?? null) : fractionOf(run.progress) });
      return;
    }
    if (before === undefined) return;
    this.runs.delete(run.id);
    const end = ENDS[run.status];
    // Stages of a pipeline cause no notifications, unless one failed.
    if (end !== undefined && (run.parentId === null || run.status !== "completed"))
      this.ended({ runId: run.id, title: `${run.name} ${end}`, body: run.failure?.message ?? `After ${duration(run.activeSeconds)}.` });
  }
}

function fractionOf({ step, totalSteps }: RunProgress): number | null {
  return totalSteps > 0 ? Math.min(1, Math.max(0, step / totalSteps)) : null;
}

function duration(seconds: number): string {
  const minutes = Math.round(seconds / 60);
  return seconds < 90 ? `${Math.round(seconds)} seconds` : minutes < 90 ? `${minutes} minutes` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
