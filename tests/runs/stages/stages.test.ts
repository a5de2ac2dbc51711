import { describe, expect, it } from "vitest";
import { nextStages, type StagePlan, stagesByKey, stagesProgress } from "../../../src-main/runs/stages/stages.ts";
import { runConfigSchema } from "../../../src-shared/domain/config/run-config.ts";
import type { RunStatus, RunSummary } from "../../../src-shared/domain/records/run.ts";

const stage = (key: string, work: number, ...after: string[]): StagePlan => ({
  key,
  title: key.toUpperCase(),
  after,
  work,
  config: () => runConfigSchema.parse({ kind: "ghn-training" }),
});
const run = (key: string, status: RunStatus, more: Partial<RunSummary> = {}): RunSummary => ({
  id: `run-${key}`,
  name: key,
  kind: "ghn-training",
  status,
  parentId: "parent",
  stage: key,
  datasetId: "digits",
  seed: 1,
  createdAt: "2026-01-01T00:00:00.000Z",
  startedAt: null,
  finishedAt: null,
  activeSeconds: 0,
  progress: null,
  failure: null,
  tags: [],
  notes: "",
  starred: false,
  archived: false,
  trashedAt: null,
  queuePosition: null,
  metrics: {},
  figures: {},
  backend: null,
  device: null,
  ...more,
});
/** Two independent stages, one behind the first, one behind both. */
const PLAN = [stage("a", 1), stage("b", 3), stage("c", 2, "a"), stage("d", 4, "b", "c")];
const next = (...runs: RunSummary[]): { create: string[]; enqueue: readonly string[]; over: boolean } => {
  const { create, enqueue, over } = nextStages({ stages: PLAN, complete: true }, stagesByKey(runs));
  return { create: create.map(({ key }) => key), enqueue, over };
};

describe("which stages come next", () => {
  it("are all whose predecessors are done", () => {
    expect(next()).toEqual({ create: ["a", "b"], enqueue: [], over: false });
    expect(next(run("a", "completed"), run("b", "running"))).toEqual({ create: ["c"], enqueue: [], over: false });
    expect(next(run("a", "completed"), run("b", "completed"), run("c", "queued"))).toEqual({ create: [], enqueue: [], over: false });
    expect(next(run("a", "completed"), run("b", "completed"), run("c", "completed"))).toEqual({ create: ["d"], enqueue: [], over: false });
  });

  it("are those that ended early, and not their successors", () => {
    expect(next(run("a", "stopped"), run("b", "interrupted"))).toEqual({ create: [], enqueue: ["run-a", "run-b"], over: false });
  });

  it("are none at the end, unless more may be added", () => {
    const done = PLAN.map(({ key }) => run(key, "completed"));
    expect(next(...done).over).toBe(true);
    expect(nextStages({ stages: PLAN, complete: false }, stagesByKey(done)).over).toBe(false);
  });
});

describe("progress over stages", () => {
  it("counts work instead of stages, and divides the rest over the running stages", () => {
    const runs = stagesByKey([
      run("a", "completed", { activeSeconds: 10 }),
      run("b", "running", { activeSeconds: 15, progress: { phase: "Training", step: 1, totalSteps: 2 } }),
      run("c", "running", { activeSeconds: 0 }),
    ]);
    const progress = stagesProgress(PLAN, runs);
    // Of 10 units, 1 + 3/2 are done after 25 seconds; two stages are running.
    expect(progress.step).toBe(250);
    expect(progress.secondsLeft).toBeCloseTo((7.5 * 25) / 2.5 / 2, 9);
    expect(progress.phase).toBe("1 of 4 stages done, running: B, C");
  });
});
