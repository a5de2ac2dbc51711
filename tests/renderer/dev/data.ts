import type { RunConfig } from "../../../src-shared/domain/config/run-config.ts";
import { runConfigSchema } from "../../../src-shared/domain/config/run-config.ts";
import type { MetricColumns } from "../../../src-shared/domain/metrics.ts";
import type { Candidate, RunDetail, RunStatus, Training } from "../../../src-shared/domain/records/run.ts";
import { gaussian, random, randomCell } from "./random.ts";

const START = Date.parse("2026-03-02T08:00:00Z");

export interface FakeRun {
  detail: RunDetail;
  metrics: Map<string, MetricColumns>;
  candidates: Candidate[];
  trainings: Training[];
}

let nextId = 1;
export function newId(): string {
  return `r${String(nextId++).padStart(5, "0")}`;
}

const STATUS_POOL: readonly RunStatus[] = ["completed", "completed", "completed", "completed", "failed", "stopped", "interrupted"];
const KINDS = ["ghn-training", "search", "cell-training", "ghn-training"] as const;
const DATASETS = ["digits", "cifar10", "mnist", "cifar10"] as const;

export function config(kind: RunConfig["kind"], extra: object = {}): RunConfig {
  const base =
    kind === "search"
      ? { kind, ghnRunId: "r00001" }
      : kind === "cell-training"
        ? { kind, source: { from: "search", runId: "r00002", top: 10, random: 10 } }
        : { kind };
  return runConfigSchema.parse({ ...base, ...extra });
}

export function detail(partial: Partial<RunDetail> & { id: string; name: string; config: RunConfig }): RunDetail {
  return {
    kind: partial.config.kind,
    status: "completed",
    parentId: null,
    stage: null,
    datasetId: partial.config.dataset.id,
    seed: partial.config.seed,
    createdAt: new Date(START).toISOString(),
    startedAt: new Date(START + 5_000).toISOString(),
    finishedAt: new Date(START + 3_600_000).toISOString(),
    activeSeconds: 3595,
    progress: null,
    failure: null,
    tags: [],
    notes: "",
    starred: false,
    archived: false,
    trashedAt: null,
    queuePosition: null,
    metrics: {},
    backend: "tensorflow 2.21",
    device: "NVIDIA H200",
    codeVersion: "0.1.0",
    datasetFingerprint: "sha256:5f0c…91",
    resumedFrom: [],
    children: [],
    artifacts: [],
    summary: {},
    figures: {},
    ...partial,
  };
}

function curve(name: string, points: number, value: (t: number, i: number) => number | null, perEpoch = 100, series = 0, every = 1): MetricColumns {
  const step = Array.from({ length: points }, (_, i) => (i + 1) * every);
  return {
    name,
    series,
    step,
    epoch: step.map((s) => s / perEpoch),
    wall: step.map((s) => s * 0.21 + (s > (points * every) / 2 ? 600 : 0)),
    active: step.map((s) => s * 0.21),
    value: step.map((_, i) => value(i / points, i)),
  };
}

export function ghnCurves(run: FakeRun, points: number, seed: number): void {
  const next = random(seed);
  const hard = 0.3 + next() * 0.25;
  const put = (columns: MetricColumns): void => void run.metrics.set(`${columns.name}#${columns.series}`, columns);
  put(curve("ghn/loss", points, (t, i) => (i % 211 === 97 ? null : hard + 2 * Math.exp(-4.5 * t) + 0.16 * gaussian(next))));
  put(curve("ghn/accuracy", points, (t) => Math.min(0.99, 0.92 - hard * 0.5 - 0.75 * Math.exp(-4 * t) + 0.05 * gaussian(next))));
  put(curve("ghn/gradient-norm", points, (t) => 0.4 + 3 * Math.exp(-3 * t) * (1 + 0.4 * next())));
  put(curve("learning-rate", points, (t) => (t < 0.5 ? 1e-3 : t < 0.75 ? 5e-4 : 2.5e-4)));
  put(curve("images-per-second", Math.floor(points / 10), () => 880 + 30 * gaussian(next), 100, 0, 10));
  put(curve("ghn/validation-accuracy", Math.floor(points / 100), (t) => 0.88 - hard * 0.4 - 0.6 * Math.exp(-4 * t) + 0.012 * gaussian(next), 100, 0, 100));
  put(curve("ghn/skipped", 3, (_, i) => i + 1, 100, 0, 211));
  put(curve("system/cpu", 300, () => 140 + 20 * gaussian(next), 100, 0, 5));
  put(curve("system/memory", 300, (t) => 1400 + 300 * t, 100, 0, 5));
  put(curve("system/gpu", 300, () => 71 + 6 * gaussian(next), 100, 0, 5));
  put(curve("system/gpu-memory", 300, (t) => 5200 + 100 * t, 100, 0, 5));
  summarise(run);
}

export function summarise(run: FakeRun): void {
  const metrics: Record<string, { last: number; best: number; bestStep: number; count: number }> = {};
  for (const columns of run.metrics.values()) {
    const values = columns.value.filter((value): value is number => value !== null);
    const lower = /loss|norm|skipped/.test(columns.name);
    const best = values.reduce((a, b) => (lower ? Math.min(a, b) : Math.max(a, b)), lower ? Infinity : -Infinity);
    metrics[columns.name] = { last: values.at(-1) ?? 0, best, bestStep: columns.step[columns.value.indexOf(best)] ?? 0, count: values.length };
  }
  run.detail = { ...run.detail, metrics };
}

export function makeCandidates(run: FakeRun, count: number, seed: number): void {
  const next = random(seed);
  const list = Array.from({ length: count }, (_, index) => candidate(run.detail.id, index, next));
  rank(list);
  run.candidates = list;
  let best = 0;
  run.metrics.set(
    "search/best#0",
    curve("search/best", count, (_, i) => (best = Math.max(best, list[i]?.score ?? 0))),
  );
  run.metrics.set(
    "search/score#0",
    curve("search/score", count, (_, i) => list[i]?.score ?? null),
  );
  summarise(run);
}

export function candidate(runId: string, index: number, next: () => number): Candidate {
  const quality = gaussian(next);
  const parameters = Math.round(4.68e6 + 6.2e5 * (0.4 * quality + 0.9 * gaussian(next)));
  return {
    id: Number(runId.replace(/\D/g, "")) * 100_000 + index + (runId.startsWith("live") ? 50_000 : 0),
    runId,
    index,
    name: `cell-${String(index + 1).padStart(4, "0")}`,
    canonical: `c${index}`,
    architecture: { normal: randomCell(next, 9) },
    parameters,
    multiplyAdds: Math.round(parameters * (150 + 9 * gaussian(next))),
    score: index % 97 === 13 ? null : Math.max(0.1, Math.min(0.9, 0.55 + 0.07 * quality + 0.02 * gaussian(next))),
    scoreLoss: 1.4 - 0.2 * quality,
    rank: null,
    role: "none",
    generationMs: 40 + 10 * next(),
    evaluationMs: 210 + 60 * next(),
  };
}

export function rank(list: Candidate[]): void {
  const order = list.map((_, i) => i).sort((a, b) => (list[b]?.score ?? -1) - (list[a]?.score ?? -1));
  order.forEach((i, k) => {
    const entry = list[i];
    if (entry !== undefined) list[i] = { ...entry, rank: entry.score === null ? null : k + 1, role: k < 10 ? "shortlist" : k % 97 === 50 ? "random" : "none" };
  });
}

function makeTrainings(run: FakeRun, from: FakeRun, seed: number): void {
  const next = random(seed);
  const chosen = from.candidates.filter((entry) => entry.role !== "none");
  run.trainings = chosen.map((entry, i) => ({
    id: Number(run.detail.id.slice(1)) * 1000 + i,
    runId: run.detail.id,
    candidateId: entry.id,
    name: entry.name,
    canonical: entry.canonical,
    architecture: entry.architecture,
    role: entry.role,
    repetition: 0,
    seed: 1,
    epochs: 50,
    parameters: entry.parameters,
    multiplyAdds: entry.multiplyAdds,
    score: entry.score,
    validationAccuracy: 0.82 + 0.35 * ((entry.score ?? 0.5) - 0.5) + 0.012 * gaussian(next) - (i === 4 ? 0.06 : 0),
    testAccuracy: 0.81 + 0.33 * ((entry.score ?? 0.5) - 0.5) + 0.012 * gaussian(next),
    trainLoss: 0.2 + 0.05 * next(),
    seconds: 420 + 60 * next(),
  }));
  run.trainings.slice(0, 12).forEach((training, s) => {
    run.metrics.set(
      `train/loss#${s}`,
      curve("train/loss", 500, (t) => 0.2 + 1.9 * Math.exp(-4 * t) + 0.06 * gaussian(next), 10, s),
    );
    run.metrics.set(
      `train/validation-accuracy#${s}`,
      curve("train/validation-accuracy", 50, (t) => training.validationAccuracy - 0.6 * Math.exp(-5 * t) + 0.008 * gaussian(next), 10, s, 10),
    );
  });
  summarise(run);
}

/** A project of the given size; the first runs have full data, the others only fill the list. */
export function makeRuns(total: number): Map<string, FakeRun> {
  const runs = new Map<string, FakeRun>();
  const put = (value: RunDetail): FakeRun => {
    const run: FakeRun = { detail: value, metrics: new Map(), candidates: [], trainings: [] };
    runs.set(value.id, run);
    return run;
  };
  const at = (hours: number): string => new Date(START + hours * 3_600_000).toISOString();
  const ghn = put(
    detail({
      id: newId(),
      name: "GHN, digits, 5 phases",
      config: config("ghn-training"),
      tags: ["paper", "baseline"],
      starred: true,
      notes: "First run with **fan-in normalisation**. See `T = 5`.",
      createdAt: at(30),
    }),
  );
  ghnCurves(ghn, 4000, 3);
  const search = put(detail({ id: newId(), name: "Search, 1,000 random cells", config: config("search"), tags: ["paper"], createdAt: at(32) }));
  makeCandidates(search, 1000, 5);
  const training = put(detail({ id: newId(), name: "Shortlist and random cells", config: config("cell-training"), createdAt: at(34) }));
  makeTrainings(training, search, 6);
  const sync = put(
    detail({
      id: newId(),
      name: "GHN, synchronous propagation",
      config: config("ghn-training", { ghn: { propagation: "synchronous" }, seed: 2 }),
      tags: ["ablation"],
      createdAt: at(31),
      status: "interrupted",
      failure: { message: "The run's process ended with signal SIGKILL.", remedy: "Resume it from its last checkpoint.", detail: "Killed\nexit code 137" },
    }),
  );
  ghnCurves(sync, 2900, 8);
  const noPass = put(
    detail({
      id: newId(),
      name: "GHN without passing",
      config: config("ghn-training", { ghn: { passEmbedding: false }, training: { epochs: 100 } }),
      tags: ["ablation"],
      createdAt: at(29),
    }),
  );
  ghnCurves(noPass, 3500, 12);
  const parentId = newId();
  const stages = (["ghn-training", "search", "cell-training"] as const).map((kind, i) => {
    const run = put(
      detail({
        id: newId(),
        name: `Digits, quick · ${kind}`,
        config: config(kind),
        parentId,
        stage: (["ghn", "search", "compare"] as const)[i] ?? null,
        createdAt: at(40),
      }),
    );
    if (kind === "ghn-training") ghnCurves(run, 1500, 21);
    if (kind === "search") makeCandidates(run, 300, 22);
    return run;
  });
  const [, searchStage, trainStage] = stages;
  if (searchStage !== undefined && trainStage !== undefined) makeTrainings(trainStage, searchStage, 23);
  put(detail({ id: parentId, name: "Digits, quick", config: config("pipeline"), createdAt: at(40), children: stages.map((stage) => stage.detail) }));
  const next = random(77);
  for (let i = runs.size; i < total; i++) {
    const kind = KINDS[i % KINDS.length] ?? "search";
    const status = STATUS_POOL[Math.floor(next() * STATUS_POOL.length)] ?? "completed";
    const score = 0.4 + 0.5 * next();
    put(
      detail({
        id: newId(),
        name: `${kind === "search" ? "Search" : kind === "cell-training" ? "Training" : "GHN"} ${i}`,
        config: config(kind, { seed: i, dataset: { id: DATASETS[i % DATASETS.length] } }),
        status,
        failure:
          status === "failed" ? { message: "The loss was not finite for 20 steps in a row.", remedy: "Lower the learning rate or the gradient clip." } : null,
        createdAt: at(28 - i * 0.7),
        activeSeconds: 30 + next() * 9000,
        tags: i % 9 === 0 ? ["sweep"] : [],
        archived: i % 53 === 0,
        metrics: {
          [kind === "search" ? "search/best" : kind === "cell-training" ? "train/validation-accuracy" : "ghn/validation-accuracy"]: {
            last: score - 0.02,
            best: score,
            bestStep: 900,
            count: 100,
          },
          ...(kind === "ghn-training" ? { "ghn/loss": { last: 1.5 - score, best: 1.4 - score, bestStep: 10, count: 1000 } } : {}),
        },
      }),
    );
  }
  return runs;
}

/** Ten trainings with many points, for performance tests. */
export function addLongRuns(runs: Map<string, FakeRun>, points: number): void {
  for (let i = 0; i < 10; i++) {
    const run: FakeRun = {
      detail: detail({ id: `long${i}`, name: `Long training ${i + 1}`, config: config("ghn-training", { seed: i }) }),
      metrics: new Map(),
      candidates: [],
      trainings: [],
    };
    ghnCurves(run, points, 500 + i);
    runs.set(run.detail.id, run);
  }
}
