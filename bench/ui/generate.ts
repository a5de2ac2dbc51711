/** Generates a project of the size that a research group accumulates over years: thousands of runs of all kinds, a few of them very long. */
import { Rng } from "../../src-main/engine/random.ts";
import { createProject } from "../../src-main/store/project/project.ts";
import type { StoreWriter } from "../../src-main/store/store.ts";
import { type RunConfig, type RunConfigInput, runConfigSchema } from "../../src-shared/domain/config/run-config.ts";
import type { MetricColumns } from "../../src-shared/domain/metrics.ts";

export interface GeneratedSize {
  readonly runs: number;
  readonly longRuns: number;
  /** Points of each of the two series of a long run. */
  readonly points: number;
  readonly seed: number;
}

export const FULL_SIZE: GeneratedSize = { runs: 10_000, longRuns: 10, points: 100_000, seed: 1 };
/** Metrics of a long run. */
export const LONG_METRICS = ["ghn/loss", "ghn/gradient-norm"] as const;
/** Words in the names of runs; each occurs in about one name in twelve. */
export const NAME_WORDS = ["amber", "basalt", "cedar", "delta", "ember", "fjord", "garnet", "harbor", "indigo", "juniper", "kelp", "larch"] as const;

const TAGS = ["baseline", "paper", "ablation", "wide", "deep", "retry", "thesis", "check"] as const;
const STATUSES = ["completed", "completed", "completed", "completed", "stopped", "failed", "interrupted"] as const;
const STAGES = [
  ["ghn", "ghn-training"],
  ["search", "search"],
  ["compare", "cell-training"],
  ["final", "cell-training"],
] as const;
const DATASETS = ["digits", "mnist", "fashion-mnist", "cifar10", "cifar100"] as const;
/** Number of runs written in one transaction. */
const BLOCK = 1000;
const BATCH = 5000;

/**
 * Writes a project through the store and closes it again.
 * @returns ids of the long runs, in order of creation
 */
export function generateProject(folder: string, size: GeneratedSize): string[] {
  const project = createProject(folder, "Ten thousand runs");
  try {
    const { store } = project;
    const rng = Rng.fromSeed(size.seed, "bench-ui");
    let made = 0;
    while (made < size.runs - size.longRuns)
      store.transaction(() => {
        for (const end = Math.min(made + BLOCK, size.runs - size.longRuns); made < end; ) made += addRuns(store, rng, made, size.runs - size.longRuns - made);
      });
    return Array.from({ length: size.longRuns }, (_, i) => addLongRun(store, rng, i, size.points));
  } finally {
    project.close();
  }
}

/** Adds one run, or a pipeline with its stages if at least `limit` runs may be added. Returns the number of runs added. */
function addRuns(store: StoreWriter, rng: Rng, index: number, limit: number): number {
  const name = `${rng.choice(NAME_WORDS)} ${rng.choice(["sweep", "search", "study", "trial"])} ${index}`;
  if (rng.bernoulli(0.1) && limit > STAGES.length) {
    const config = configOf(rng, "pipeline");
    const parentId = addRun(store, rng, name, config);
    for (const [stage, kind] of STAGES) addRun(store, rng, `${name} ${stage}`, configOf(rng, kind), { parentId, stage });
    return 1 + STAGES.length;
  }
  addRun(store, rng, name, configOf(rng, rng.choice(["ghn-training", "search", "cell-training"] as const)));
  return 1;
}

function addRun(
  store: StoreWriter,
  rng: Rng,
  name: string,
  config: RunConfig,
  place: { readonly parentId: string; readonly stage: string } | object = {},
): string {
  const tags = TAGS.filter(() => rng.bernoulli(0.15));
  const id = store.runs.create({ name, config, codeVersion: "generated", tags, ...place });
  end(store, rng, id, rng.choice(STATUSES), Math.round(60 + 7200 * rng.uniform()));
  const names = metricsOf(config.kind);
  if (names.length > 0)
    store.metrics.append(
      id,
      names.map((metric) => curve(rng, metric, 1, 4, 4)),
    );
  return id;
}

function end(store: StoreWriter, rng: Rng, id: string, status: (typeof STATUSES)[number], seconds: number): void {
  const startedAt = Date.UTC(2025, 0, 1) + Math.floor(rng.uniform() * 600 * 86_400) * 1000;
  store.runs.update(id, {
    status,
    queuePosition: null,
    startedAt: new Date(startedAt).toISOString(),
    finishedAt: new Date(startedAt + seconds * 1000).toISOString(),
    activeSeconds: seconds,
    starred: rng.bernoulli(0.03),
    notes: rng.bernoulli(0.2) ? `Repeats ${rng.choice(NAME_WORDS)} with another learning rate; see the **${rng.choice(TAGS)}** runs.` : "",
    failure: status === "failed" ? { message: "The loss was not finite for 20 steps in a row.", remedy: "Use a smaller learning rate." } : null,
    backend: "tensorflow",
    device: "CPU",
  });
}

function configOf(rng: Rng, kind: RunConfig["kind"]): RunConfig {
  const common = { dataset: { id: rng.choice(DATASETS) }, seed: rng.int(1000) };
  const inputs: Record<RunConfig["kind"], RunConfigInput> = {
    "ghn-training": { kind: "ghn-training", ...common },
    search: { kind: "search", ...common, ghnRunId: "generated" },
    "cell-training": { kind: "cell-training", ...common, source: { from: "search", runId: "generated", top: 10, random: 10 } },
    pipeline: { kind: "pipeline", ...common },
    prediction: { kind: "prediction", ...common },
    study: { kind: "study", ...common, variants: [{ name: "GHN" }] },
    anytime: { kind: "anytime", ...common },
    "anytime-ghn": { kind: "anytime-ghn", ...common },
    "anytime-search": { kind: "anytime-search", ...common, ghnRunId: "generated" },
    "anytime-training": { kind: "anytime-training", ...common, source: { from: "search", runId: "generated", top: 1, random: 1 } },
  };
  return runConfigSchema.parse(inputs[kind]);
}

function metricsOf(kind: RunConfig["kind"]): readonly string[] {
  if (kind === "ghn-training") return ["ghn/loss", "ghn/accuracy", "ghn/validation-accuracy", "learning-rate", "images-per-second"];
  if (kind === "search") return ["search/score", "search/best"];
  return kind === "cell-training" ? ["train/loss", "train/accuracy", "train/validation-accuracy", "train/validation-loss"] : [];
}

/** Adds a GHN training with many steps, stored in batches like those of a run. */
function addLongRun(store: StoreWriter, rng: Rng, index: number, points: number): string {
  return store.transaction(() => {
    const id = store.runs.create({ name: `long training ${index + 1}`, config: configOf(rng, "ghn-training"), codeVersion: "generated", tags: ["long"] });
    end(store, rng, id, "completed", points / 10);
    for (let from = 0; from < points; from += BATCH) {
      const count = Math.min(BATCH, points - from);
      store.metrics.append(
        id,
        LONG_METRICS.map((metric) => curve(rng, metric, from + 1, count, points)),
      );
    }
    return id;
  });
}

/** A noisy curve that falls or rises like those of trainings. */
function curve(rng: Rng, name: string, firstStep: number, count: number, total: number): MetricColumns {
  const step = Array.from({ length: count }, (_, i) => firstStep + i);
  const rises = /accuracy|score|best/.test(name);
  const value = step.map((at) => {
    const left = Math.exp((-4 * at) / total);
    return (rises ? 0.9 * (1 - left) : 0.3 + 2 * left) * (1 + 0.05 * rng.normal());
  });
  const wall = step.map((at) => at / 10);
  return { name, series: 0, step, epoch: step.map((at) => at / 400), wall, active: wall, value };
}
