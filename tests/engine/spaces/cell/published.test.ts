import path from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { type Backend, initBackend } from "../../../../src-main/engine/backend/index.ts";
import { tf } from "../../../../src-main/engine/backend/ops/tf.ts";
import { openDataset } from "../../../../src-main/engine/datasets/access/open.ts";
import { EvaluationSet, Scorer } from "../../../../src-main/engine/evaluation/scoring.ts";
import { createWorkbench, type Workbench } from "../../../../src-main/engine/evaluation/workbench.ts";
import { GraphHyperNetwork } from "../../../../src-main/engine/ghn/graph-hypernetwork.ts";
import { Rng } from "../../../../src-main/engine/random.ts";
import { canonicalArchitecture } from "../../../../src-main/engine/spaces/cell/canonical.ts";
import { cellFamily } from "../../../../src-main/engine/spaces/cell/network-family.ts";
import { buildPlan } from "../../../../src-main/engine/spaces/cell/plan.ts";
import { architectureOf, publishedCell, publishedCells, publishedInfo } from "../../../../src-main/engine/spaces/cell/published.ts";
import { SPACES } from "../../../../src-main/engine/spaces/index.ts";
import { ACCURACY_SCORING } from "../../../../src-main/engine/spaces/shared/single-output.ts";
import { NetworkTrainer } from "../../../../src-main/engine/training/network-trainer.ts";
import { architectureSvg } from "../../../../src-main/export/cell-picture.ts";
import { outputNodes } from "../../../../src-shared/domain/architecture/cell.ts";
import { networkConfigSchema } from "../../../../src-shared/domain/architecture/network.ts";
import { OPERATION_FACTS } from "../../../../src-shared/domain/architecture/operations.ts";
import { cellTrainingRunSchema, ghnConfigSchema } from "../../../../src-shared/domain/config/run-config.ts";

const cells = publishedCells();
const network = networkConfigSchema.parse({ blocks: 3, initialChannels: 4, reductions: [1, 2], stemMultiplier: 3 });
let backend: Backend;
let bench: Workbench;

beforeAll(async () => {
  backend = await initBackend();
  const dataset = await openDataset({ id: "digits" }, { dataRoot: path.resolve("resources/data") });
  bench = createWorkbench(backend, dataset, { id: "digits", validationImages: 32, trainImages: 64, splitSeed: 1 });
});

describe("published cells", () => {
  it("are there, each with publication, year and figures, no two the same", () => {
    expect(cells.map(({ id }) => id).sort()).toEqual(["amoebanet-a", "amoebanet-c", "darts-v1", "darts-v2", "enas", "nasnet-a", "pnasnet-5"]);
    for (const { source, publishedSetting } of cells) {
      expect(source).toMatch(/\d{4}.*(figure|table|supplement)/);
      expect(publishedSetting).not.toBe("");
    }
    expect(new Set(cells.map((cell) => canonicalArchitecture(cell))).size).toBe(cells.length);
    expect(() => publishedCell("nasnet-z")).toThrow("no published cell “nasnet-z”");
  });

  it("use every node that they list", () => {
    for (const cell of cells)
      for (const { nodes, output } of [cell.normal, ...(cell.reduction === undefined ? [] : [cell.reduction])]) {
        const read = new Set([...nodes.flatMap(({ inputs }) => inputs), ...outputNodes({ nodes, ...(output === undefined ? {} : { output }) })]);
        for (const i of nodes.keys()) expect(read.has(i + 2), `${cell.name}, node ${i + 2}`).toBe(true);
      }
  });
});

describe.each(cells.map((cell) => [cell.id, cell] as const))("%s", (_, cell) => {
  // Rounded figures of the publications, or the authors' own layout at the same widths, from a count that shares no code with this program.
  it("has within 3 % as many parameters as published, or says why not and agrees with the authors' layout", () => {
    const { parameters, publishedParameters, remark } = publishedInfo(cell);
    const published = Math.abs(parameters / publishedParameters - 1);
    if (remark === null) expect(published).toBeLessThan(0.03);
    else expect(published).toBeGreaterThan(0.03);
    // Exact except for a second 1×1 convolution at an input and biases; only ENAS has more than a few of these.
    if (cell.authorsLayout !== null) expect(Math.abs(parameters / cell.authorsLayout - 1)).toBeLessThan(cell.id === "enas" ? 0.05 : 0.005);
    expect(published).toBeLessThan(0.2);
  });

  it("is drawn with all its operations, additions as such", async () => {
    const svg = await architectureSvg(architectureOf(cell), { title: cell.name });
    const both = [cell.normal, ...(cell.reduction === undefined ? [] : [cell.reduction])];
    const drawn = [...svg.matchAll(/text-anchor="middle"[^>]*>([^<]*)<\/text>/g)].map(([, text]) => text);
    const expected = both.flatMap(({ nodes }) =>
      nodes.map(({ operation, inputs }) => (operation === "identity" && inputs.length > 1 ? "add" : OPERATION_FACTS[operation].label)),
    );
    for (const label of new Set(expected)) expect(drawn.filter((text) => text === label).length, label).toBe(expected.filter((each) => each === label).length);
    expect(drawn.filter((text) => text === "concat")).toHaveLength(both.length);
    const edges = both.reduce((sum, one) => sum + one.nodes.reduce((all, { inputs }) => all + inputs.length, 0) + outputNodes(one).length, 0);
    expect(svg.match(/marker-end/g)).toHaveLength(edges);
  });

  it("trains a step, which moves every weight it has", async () => {
    const config = cellTrainingRunSchema.parse({
      kind: "cell-training",
      dataset: { id: "digits", validationImages: 32, trainImages: 64 },
      network,
      source: { from: "cells", cells: [{ name: cell.name, architecture: architectureOf(cell) }] },
      training: { epochs: 1, batchSize: 16, dropPath: 0, auxiliaryWeight: 0, learningRate: 0.1, augmentation: { cropPadding: 0, horizontalFlip: false } },
    });
    const plan = buildPlan(architectureOf(cell), network, bench.input);
    const trainer = new NetworkTrainer(bench, SPACES.cell.training.protocol(config.training), plan, 1, 4);
    try {
      const before = trainer.weights();
      const { loss } = await trainer.trainStep();
      expect(Number.isFinite(loss)).toBe(true);
      for (const [id, { values }] of trainer.weights()) expect(values, id).not.toEqual(before.get(id)?.values);
    } finally {
      await trainer.dispose();
    }
  });

  it("is scored by a GHN", () => {
    const ghn = new GraphHyperNetwork(
      ghnConfigSchema.parse({ hiddenSize: 6, messageHiddenSize: 6, decoderHiddenSize: 8, propagationSteps: 1 }),
      cellFamily(network, bench.input),
      Rng.fromSeed(1, "ghn-init"),
    );
    const images = new EvaluationSet(bench.trainBatches, bench.split.validation, 32, 32);
    const before = tf.memory().numTensors;
    const [score] = new Scorer(backend.ops, ghn, images, ACCURACY_SCORING).score([buildPlan(architectureOf(cell), network, bench.input)]);
    expect(score?.score).toBeGreaterThanOrEqual(0);
    expect(Number.isFinite(score?.loss)).toBe(true);
    expect(tf.memory().numTensors - before).toBeLessThan(20);
    images.dispose();
    ghn.dispose();
  });
});
