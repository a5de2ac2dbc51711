import type { EventMap, EventName } from "../../../src-shared/contract.ts";
import type { MetricColumns } from "../../../src-shared/domain/metrics.ts";
import { candidate, config, detail, type FakeRun, ghnCurves, makeCandidates, newId, rank, summarise } from "./data.ts";
import { gaussian, random, randomCell } from "./random.ts";

export type Emit = <Name extends EventName>(name: Name, payload: EventMap[Name]) => void;

/** Two running runs: a GHN training and a search. */
export class Live {
  readonly runs: Map<string, FakeRun>;
  readonly emit: Emit;
  private readonly next = random(99);

  constructor(runs: Map<string, FakeRun>, emit: Emit) {
    this.runs = runs;
    this.emit = emit;
  }

  begin(): void {
    const now = Date.now();
    const started = new Date(now - 900_000).toISOString();
    const common = { status: "running" as const, createdAt: started, startedAt: started, finishedAt: null, activeSeconds: 895 };
    const ghn: FakeRun = {
      detail: detail({ ...common, id: "live1", name: "GHN, CIFAR-10, N = 7", config: config("ghn-training", { dataset: { id: "cifar10" } }) }),
      metrics: new Map(),
      candidates: [],
      trainings: [],
    };
    ghnCurves(ghn, 1800, 31);
    const search: FakeRun = {
      detail: detail({ ...common, id: "live2", name: "Search with evolution", config: config("search", { search: { strategy: "evolution" } }) }),
      metrics: new Map(),
      candidates: [],
      trainings: [],
    };
    makeCandidates(search, 240, 32);
    this.runs.set("live1", ghn);
    this.runs.set("live2", search);
    const queued = detail({
      id: newId(),
      name: "Training of the shortlist",
      config: config("cell-training"),
      status: "queued",
      createdAt: started,
      startedAt: null,
      finishedAt: null,
      activeSeconds: 0,
      queuePosition: 1,
      backend: null,
      device: null,
    });
    this.runs.set(queued.id, { detail: queued, metrics: new Map(), candidates: [], trainings: [] });
    this.progress(ghn, "Training the GHN", 1800, 6000);
    this.progress(search, "Scoring cells", 240, 1000);
    setInterval(() => this.tickGhn(ghn), 200);
    setInterval(() => this.tickSearch(search), 500);
  }

  private progress(run: FakeRun, phase: string, step: number, totalSteps: number): void {
    run.detail = { ...run.detail, progress: { phase, step, totalSteps, epoch: step / 100, imagesPerSecond: 884, secondsLeft: (totalSteps - step) * 0.21 } };
  }

  private tickGhn(run: FakeRun): void {
    if (run.detail.status !== "running") return;
    const added: MetricColumns[] = [];
    for (const [name, value] of [
      ["ghn/loss", 0.5 + 0.16 * gaussian(this.next)],
      ["learning-rate", 1e-3],
      ["ghn/validation-accuracy", 0.71 + 0.01 * gaussian(this.next)],
      ["images-per-second", 880 + 30 * gaussian(this.next)],
      ["system/cpu", 140 + 15 * gaussian(this.next)],
    ] as const) {
      const old = run.metrics.get(`${name}#0`);
      if (old === undefined || (name === "ghn/validation-accuracy" && this.next() > 0.05)) continue;
      const last = old.step.at(-1) ?? 0;
      const step = name === "ghn/loss" || name === "learning-rate" ? last + 1 : last + 10;
      const columns = {
        name,
        series: 0,
        step: [step],
        epoch: [step / 100],
        wall: [(old.wall.at(-1) ?? 0) + 0.21],
        active: [(old.active.at(-1) ?? 0) + 0.21],
        value: [value],
      };
      added.push(columns);
      run.metrics.set(`${name}#0`, {
        ...columns,
        step: [...old.step, ...columns.step],
        epoch: [...old.epoch, ...columns.epoch],
        wall: [...old.wall, ...columns.wall],
        active: [...old.active, ...columns.active],
        value: [...old.value, ...columns.value],
      });
    }
    const step = run.metrics.get("ghn/loss#0")?.step.length ?? 0;
    this.progress(run, "Training the GHN", step, 6000);
    const current = step % 20 === 0 || step < 1803 ? { name: `training cell ${step}`, architecture: { normal: randomCell(this.next, 7) } } : null;
    this.emit("run.live", {
      runId: run.detail.id,
      metrics: added,
      cursor: step,
      progress: run.detail.progress,
      candidates: [],
      trainings: [],
      logs: [{ id: step, runId: run.detail.id, time: new Date().toISOString(), level: "info", text: `Step ${step}: loss ${(0.5).toFixed(3)}` }],
      current,
    });
    if (step % 10 === 0) {
      summarise(run);
      this.emit("run.changed", run.detail);
    }
  }

  private tickSearch(run: FakeRun): void {
    if (run.detail.status !== "running") return;
    const added = candidate(run.detail.id, run.candidates.length, this.next);
    run.candidates.push(added);
    rank(run.candidates);
    this.progress(run, "Scoring cells", run.candidates.length, 1000);
    const index = run.candidates.length;
    this.emit("run.live", {
      runId: run.detail.id,
      metrics: [{ name: "search/score", series: 0, step: [index], epoch: [index], wall: [index], active: [index], value: [added.score] }],
      cursor: index,
      progress: run.detail.progress,
      candidates: [run.candidates[index - 1] ?? added],
      trainings: [],
      logs: [],
      current: { name: added.name, architecture: added.architecture },
    });
  }
}
