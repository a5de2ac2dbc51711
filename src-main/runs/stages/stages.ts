import type { RunConfig } from "../../../src-shared/domain/config/run-config.ts";
import { ACTIVE_STATUSES, type RunProgress, type RunSummary } from "../../../src-shared/domain/records/run.ts";
import type { RunOutcome } from "../outcomes/run-outcome.ts";

/** One stage of a run that consists of stages. */
export interface StagePlan {
  /** Unique within the run; stored as `stage` of the run of this stage. */
  readonly key: string;
  readonly title: string;
  /** Keys of the stages that must complete before it starts. */
  readonly after: readonly string[];
  /** Its share of the total work, in any unit. */
  readonly work: number;
  /** The config of its run, given the ids of the runs of completed stages, by key. */
  readonly config: (done: ReadonlyMap<string, string>) => RunConfig;
}

/** A kind of run that consists of stages. */
export interface StagedKind {
  /**
   * The stages that are known now. A stage that was returned once must always be returned again; it is recognised by its
   * key. `complete` is false while more stages may be added once others are done.
   */
  plan(runId: string, stages: ReadonlyMap<string, RunSummary>): { readonly stages: readonly StagePlan[]; readonly complete: boolean };
  /** The outcome once all stages are done; may write artifacts. Long work runs in a thread, which ends when the signal is aborted. */
  conclude(runId: string, done: ReadonlyMap<string, string>, signal: AbortSignal): RunOutcome | Promise<RunOutcome>;
}

/** What to do next for a run that consists of stages. */
export interface NextStages {
  /** Stages without a run whose predecessors are done. */
  readonly create: readonly StagePlan[];
  /** Runs of stages that ended early and can be resumed. */
  readonly enqueue: readonly string[];
  readonly done: ReadonlyMap<string, string>;
  readonly over: boolean;
}

/** The newest run of each stage, by key. */
export function stagesByKey(children: readonly RunSummary[]): Map<string, RunSummary> {
  const runs = new Map<string, RunSummary>();
  for (const child of children) if (child.stage !== null) runs.set(child.stage, child);
  return runs;
}

/** Which stages can start or continue. Pure. */
export function nextStages(plan: { readonly stages: readonly StagePlan[]; readonly complete: boolean }, runs: ReadonlyMap<string, RunSummary>): NextStages {
  const done = new Map<string, string>();
  for (const { key } of plan.stages) {
    const run = runs.get(key);
    if (run?.status === "completed") done.set(key, run.id);
  }
  const create: StagePlan[] = [];
  const enqueue: string[] = [];
  for (const stage of plan.stages) {
    if (done.has(stage.key) || !stage.after.every((key) => done.has(key))) continue;
    const run = runs.get(stage.key);
    if (run === undefined) create.push(stage);
    else if (!ACTIVE_STATUSES.includes(run.status)) enqueue.push(run.id);
  }
  return { create, enqueue, done, over: plan.complete && done.size === plan.stages.length };
}

/** Steps of the progress bar of a run that consists of stages. */
const PARTS = 1000;

/** Progress over all stages. The time left is estimated from the speed so far, assuming as many parallel stages as are running now. */
export function stagesProgress(plan: readonly StagePlan[], runs: ReadonlyMap<string, RunSummary>): RunProgress {
  const total = plan.reduce((sum, { work }) => sum + work, 0);
  let doneWork = 0;
  let seconds = 0;
  const current: { readonly title: string; readonly progress: RunProgress | null; readonly rest: number }[] = [];
  for (const { key, title, work } of plan) {
    const run = runs.get(key);
    if (run === undefined) continue;
    seconds += run.activeSeconds;
    const part = run.status === "completed" ? 1 : partOf(run.progress);
    doneWork += work * part;
    if (ACTIVE_STATUSES.includes(run.status) && run.status !== "queued") current.push({ title, progress: run.progress, rest: work * (1 - part) });
  }
  const share = total > 0 ? doneWork / total : 0;
  const finished = plan.filter(({ key }) => runs.get(key)?.status === "completed").length;
  const [first] = current;
  const phase =
    first === undefined
      ? finished === plan.length
        ? "Done"
        : "Waiting in the queue"
      : current.length === 1
        ? `Stage ${finished + 1} of ${plan.length}, ${first.title}: ${first.progress?.phase ?? "starting"}`
        : `${finished} of ${plan.length} stages done, running: ${current.map(({ title }) => title).join(", ")}`;
  const speed = current.length === 1 ? first?.progress?.imagesPerSecond : undefined;
  const later = (rest: number): number | undefined => (doneWork > 0 && current.length > 0 ? (rest * seconds) / doneWork / current.length : undefined);
  // If a single stage is running, its own estimate is the best.
  const own = current.length === 1 ? first?.progress?.secondsLeft : undefined;
  const behind = first === undefined || own === undefined ? undefined : later(total - doneWork - first.rest);
  const secondsLeft = own !== undefined && behind !== undefined ? own + behind : later(total - doneWork);
  return {
    phase,
    step: Math.round(PARTS * share),
    totalSteps: PARTS,
    ...(speed === undefined ? {} : { imagesPerSecond: speed }),
    ...(secondsLeft === undefined ? {} : { secondsLeft }),
  };
}

function partOf(progress: RunProgress | null): number {
  return progress === null || progress.totalSteps <= 0 ? 0 : Math.min(1, progress.step / progress.totalSteps);
}
