import type { RunConfig } from "../../../src-shared/domain/config/run-config.ts";
import { ACTIVE_STATUSES, type RunProgress, type RunSummary } from "../../../src-shared/domain/records/run.ts";
import type { Outcome } from "./outcomes.ts";

/** One stage of a run that is made of stages. */
export interface StagePlan {
  /** Told apart by this within its run; kept as the `stage` of the stage's run. */
  readonly key: string;
  readonly title: string;
  /** Keys of the stages that must be done before. */
  readonly after: readonly string[];
  /** Share of the work of the whole, in any unit. */
  readonly work: number;
  /** The config of its run, given the runs of the stages that are done, by key. */
  readonly config: (done: ReadonlyMap<string, string>) => RunConfig;
}

/** What a kind of run that is made of stages has to say. */
export interface StagedKind {
  /**
   * The stages as far as they can be told now. What was told once must be told again: a stage is recognised by its key. `complete` is false while stages may still be added when others
   * are done.
   */
  plan(runId: string, stages: ReadonlyMap<string, RunSummary>): { readonly stages: readonly StagePlan[]; readonly complete: boolean };
  /** How the run ends once all stages are done; may leave artifacts. What takes long is done in a thread, which ends when the signal is aborted. */
  conclude(runId: string, done: ReadonlyMap<string, string>, signal: AbortSignal): Outcome | Promise<Outcome>;
}

/** What is to be done next for a run made of stages. */
export interface NextStages {
  /** Stages that have no run yet and whose predecessors are done. */
  readonly create: readonly StagePlan[];
  /** Runs of stages that ended before their time and are to go on. */
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

/** Which stages can begin or go on. Pure. */
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

/** Parts of the progress bar of a run made of stages. */
const PARTS = 1000;

/** Progress over all stages. The time left is what the rest of the work takes at the speed seen so far, with as many stages at a time as are at work now. */
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
        : "Waiting for a free place"
      : current.length === 1
        ? `Stage ${finished + 1} of ${plan.length}, ${first.title}: ${first.progress?.phase ?? "starting"}`
        : `${finished} of ${plan.length} stages done, at work: ${current.map(({ title }) => title).join(", ")}`;
  const speed = current.length === 1 ? first?.progress?.imagesPerSecond : undefined;
  const later = (rest: number): number | undefined => (doneWork > 0 && current.length > 0 ? (rest * seconds) / doneWork / current.length : undefined);
  // A stage alone at work knows its own time best.
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
