import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { initBackend } from "../../../src-main/engine/backend/index.ts";
import { tf } from "../../../src-main/engine/backend/ops/tf.ts";
import { createGenerator } from "../../../src-main/engine/baselines/generators.ts";
import { openDataset } from "../../../src-main/engine/datasets/access/open.ts";
import { measureLatency, median } from "../../../src-main/engine/evaluation/latency.ts";
import { createWorkbench, type Workbench } from "../../../src-main/engine/evaluation/workbench.ts";
import { writeSafetensors } from "../../../src-main/engine/formats/safetensors.ts";
import type { SpaceContext } from "../../../src-main/engine/jobs/run-context.ts";
import { runSearch } from "../../../src-main/engine/jobs/search-run.ts";
import type { ParameterSlot } from "../../../src-main/engine/network/plan-types.ts";
import { VariableWeights } from "../../../src-main/engine/network/weights.ts";
import { Rng } from "../../../src-main/engine/random.ts";
import { objectiveValues } from "../../../src-main/engine/search/objectives.ts";
import { buildPlan } from "../../../src-main/engine/spaces/cell/plan.ts";
import { publishedCells } from "../../../src-main/engine/spaces/cell/published.ts";
import type { CellTypes } from "../../../src-main/engine/spaces/cell/types.ts";
import { SPACES } from "../../../src-main/engine/spaces/index.ts";
import type { Checkpoint } from "../../../src-main/engine/training/checkpoint.ts";
import { dominates } from "../../../src-shared/analysis/statistics/non-dominated.ts";
import { ghnConfigSchema, type SearchRun, searchRunSchema } from "../../../src-shared/domain/config/run-config.ts";
import type { CellCandidateMessage } from "../../../src-shared/worker-protocol.ts";

const base = searchRunSchema.parse({
  kind: "search",
  ghnRunId: "ghn",
  dataset: { validationImages: 40, trainImages: 40 },
  network: { blocks: 2, initialChannels: 4, reductions: [1] },
  space: { nodes: 3 },
  search: { samples: 32, validationImages: 40, batchSize: 40, shortlist: 6, randomBaseline: 3, populationSize: 8, tournamentSize: 4 },
});
const configOf = (search: Partial<SearchRun["search"]>, values: Partial<SearchRun> = {}): SearchRun => ({
  ...base,
  ...values,
  search: { ...base.search, ...search },
});
const ghn = ghnConfigSchema.parse({ hiddenSize: 6, messageHiddenSize: 5, decoderHiddenSize: 8, propagationSteps: 1 });
let bench: Workbench;
let folder = "";
let ghnFile = "";

async function ghnFileOf(generator: "graph" | "smash" | "one-shot", name: string): Promise<string> {
  const config = { ...ghn, generator };
  const manifest = { ghn: config, network: base.network, input: bench.input, trainingNodes: 3, space: base.space };
  const made = createGenerator(SPACES.cell, manifest, Rng.fromSeed(1, "ghn-init"));
  const file = path.join(folder, name);
  await writeSafetensors(file, new Map(Object.entries(made.exportWeights())), {
    format: SPACES.cell.ghn.fileFormat,
    config: JSON.stringify(manifest),
  });
  made.dispose();
  return file;
}

beforeAll(async () => {
  const backend = await initBackend();
  const dataset = await openDataset({ id: "digits" }, { dataRoot: path.resolve("resources/data") });
  bench = createWorkbench(backend, dataset, base.dataset);
  folder = await mkdtemp(path.join(tmpdir(), "search-run-"));
  ghnFile = await ghnFileOf("graph", "ghn.safetensors");
});
afterAll(() => rm(folder, { recursive: true, force: true }));

interface Heard {
  readonly context: SpaceContext<CellTypes>;
  readonly candidates: CellCandidateMessage[];
  readonly roles: { shortlist: readonly number[]; random: readonly number[] };
  readonly checkpoint: () => Checkpoint | null;
}

function listen(stopAfter = Number.POSITIVE_INFINITY): Heard {
  const candidates: CellCandidateMessage[] = [];
  const roles: { shortlist: readonly number[]; random: readonly number[] } = { shortlist: [], random: [] };
  let checkpoint: Checkpoint | null = null;
  const ignore = (): void => undefined;
  const context: SpaceContext<CellTypes> = {
    metric: ignore,
    candidate: (candidate) => void candidates.push({ ...candidate, space: "cell" }),
    training: ignore,
    log: ignore,
    progress: ignore,
    current: ignore,
    roles: (shortlist, random) => Object.assign(roles, { shortlist, random }),
    breathe: () => Promise.resolve(),
    get stopRequested() {
      return candidates.length >= stopAfter;
    },
    checkpointDue: false,
    saveCheckpoint: (step, tensors, state, keep) => {
      checkpoint = { step, tensors, state: JSON.parse(JSON.stringify(state)) as unknown, keep };
      return Promise.resolve();
    },
    saveTensors: () => Promise.resolve(),
  };
  return { context, candidates, roles, checkpoint: () => checkpoint };
}

const figures = (candidates: readonly CellCandidateMessage[]): unknown =>
  candidates.map(({ index, canonical, score, scoreLoss, parameters, role }) => ({ index, canonical, score, scoreLoss, parameters, role }));

describe.each(["random", "evolution", "local-search"] as const)("search by %s", (strategy) => {
  it.each([["score"], ["score", "parameters", "multiplyAdds"]] as const)(
    "for %s goes on after a stop with the same cells and scores",
    async (...objectives) => {
      const config = configOf({ strategy, objectives: [...objectives] });
      const whole = listen();
      const tensors = tf.memory().numTensors;
      expect(await runSearch(bench, SPACES.cell, config, ghnFile, whole.context, null)).toMatchObject({
        type: "done",
        summary: { cellsScored: 32, randomBaseline: 3 },
      });
      // Kernels keep small constants; a leak would grow with the cells.
      expect(tf.memory().numTensors - tensors).toBeLessThan(20);
      const first = listen(13);
      expect(await runSearch(bench, SPACES.cell, config, ghnFile, first.context, null)).toEqual({ type: "stopped", step: 16 });
      const second = listen();
      await runSearch(bench, SPACES.cell, config, ghnFile, second.context, first.checkpoint());
      expect(figures([...first.candidates, ...second.candidates])).toEqual(figures(whole.candidates));
      expect(second.roles).toEqual(whole.roles);
    },
  );

  it("spends the same budget on cells within the same limits", async () => {
    const open = listen();
    await runSearch(bench, SPACES.cell, configOf({ strategy }), ghnFile, open.context, null);
    const sizes = open.candidates.map(({ parameters }) => parameters).sort((a, b) => a - b);
    const [minParameters, maxParameters] = [sizes[8] ?? 0, sizes[24] ?? 0];
    const limited = listen();
    await runSearch(bench, SPACES.cell, configOf({ strategy, minParameters, maxParameters }), ghnFile, limited.context, null);
    expect(limited.candidates).toHaveLength(35);
    expect(limited.candidates.every(({ parameters }) => parameters >= minParameters && parameters <= maxParameters)).toBe(true);
    expect(new Set(limited.candidates.slice(0, 32).map(({ canonical }) => canonical)).size).toBe(32);
  });
});

describe("shortlist", () => {
  it("is the best by score, or with several objectives a spread of non-dominated cells", async () => {
    const plain = listen();
    await runSearch(bench, SPACES.cell, configOf({}), ghnFile, plain.context, null);
    const scores = plain.candidates.slice(0, 32).map(({ score }) => score ?? 0);
    expect(plain.roles.shortlist.map((index) => scores[index])).toEqual([...scores].sort((a, b) => b - a).slice(0, 6));

    const objectives = ["score", "parameters"] as const;
    const pareto = listen();
    const end = await runSearch(bench, SPACES.cell, configOf({ objectives: [...objectives], shortlist: 3 }), ghnFile, pareto.context, null);
    const points = pareto.candidates.slice(0, 32).map((candidate) => objectiveValues(candidate, objectives));
    const front = points.flatMap((point, i) => (points.some((other) => dominates(other, point)) ? [] : [i]));
    expect(end).toMatchObject({ summary: { paretoFront: front.length } });
    expect(front).toEqual(expect.arrayContaining([...pareto.roles.shortlist]));
    // The ends of the front come first: the best score and the fewest parameters.
    const smallest = Math.min(...points.map(([, parameters = 0]) => parameters));
    expect(pareto.roles.shortlist.some((index) => points[index]?.[1] === smallest)).toBe(true);
  });
});

describe("latency", () => {
  it("is measured for each cell when it is asked for, and left out otherwise", async () => {
    const timed = listen();
    await runSearch(bench, SPACES.cell, configOf({ samples: 5, shortlist: 2, latencyRuns: 3, objectives: ["score", "latency"] }), ghnFile, timed.context, null);
    expect(timed.candidates.every(({ latencyMs }) => typeof latencyMs === "number" && latencyMs > 0)).toBe(true);
    const plain = listen();
    await runSearch(bench, SPACES.cell, configOf({ samples: 5, shortlist: 2 }), ghnFile, plain.context, null);
    expect(plain.candidates.some((candidate) => "latencyMs" in candidate)).toBe(false);
  });

  it("times this many whole passes after two warm-up passes, and leaves no tensor", () => {
    const plan = buildPlan({ normal: { nodes: [{ operation: "sepConv5x5", inputs: [0, 1] }] } }, base.network, bench.input);
    const weights = new VariableWeights(plan, Rng.fromSeed(1, "init"));
    const read = new Map<string, number>();
    const counting = {
      get: (slot: ParameterSlot) => {
        read.set(slot.id, (read.get(slot.id) ?? 0) + 1);
        return weights.get(slot);
      },
    };
    measureLatency(bench.backend.ops, plan, weights, 1);
    const before = tf.memory().numTensors;
    expect(measureLatency(bench.backend.ops, plan, counting, 3)).toBeGreaterThan(0);
    expect(tf.memory().numTensors).toBe(before);
    // An operation on two inputs reads its weights twice per pass.
    expect([...read.keys()].sort()).toEqual(plan.slots.map(({ id }) => id).sort());
    expect(read.get("classifier/weight")).toBe(5);
    weights.dispose();
  });

  it("is the median", () => {
    expect(median([3, 1, 100])).toBe(3);
    expect(median([4, 1, 2, 100])).toBe(3);
  });
});

describe("given cells", () => {
  const cells = publishedCells().map(({ name, normal, reduction }) => ({ name, architecture: reduction === undefined ? { normal } : { normal, reduction } }));

  it("are scored by name in their order, whatever the space, and go on after a stop", async () => {
    const config = configOf({ randomBaseline: 2, shortlist: cells.length }, { cells: [...cells, ...cells] });
    const whole = listen();
    await runSearch(bench, SPACES.cell, config, ghnFile, whole.context, null);
    expect(whole.candidates.map(({ name }) => name)).toEqual([...cells, ...cells].map(({ name }) => name).concat(["Random 14", "Random 15"]));
    expect(whole.candidates[0]).toMatchObject({ score: whole.candidates[cells.length]?.score });
    expect(whole.roles.shortlist).toHaveLength(cells.length);
    const first = listen(4);
    await runSearch(bench, SPACES.cell, config, ghnFile, first.context, null);
    const second = listen();
    await runSearch(bench, SPACES.cell, config, ghnFile, second.context, first.checkpoint());
    expect(figures([...first.candidates, ...second.candidates])).toEqual(figures(whole.candidates));
  });

  it.each(["smash", "one-shot"] as const)("are refused by a %s generator that is too small for them", async (generator) => {
    const file = await ghnFileOf(generator, `${generator}.safetensors`);
    await expect(runSearch(bench, SPACES.cell, configOf({}, { cells }), file, listen().context, null)).rejects.toMatchObject({ code: "ghn-mismatch" });
  });
});
