/** "How to add a dataset" and "How to add an operation" in docs/architecture.md: one entry each, which everything else reads. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { CATALOG } from "../../../src-main/engine/datasets/official/catalog.ts";
import { officialNames } from "../../../src-main/engine/datasets/official/official-files.ts";
import { cellFamily } from "../../../src-main/engine/spaces/cell/network-family.ts";
import { buildPlan } from "../../../src-main/engine/spaces/cell/plan.ts";
import { DATASET_TITLES } from "../../../src-renderer/lib/words.ts";
import { ANYTIME_CHOICES, CELL_CHOICES } from "../../../src-renderer/pages/new-run/fields/operation-choices.ts";
import { ANYTIME_OPERATION_FACTS, ANYTIME_OPERATIONS } from "../../../src-shared/domain/architecture/anytime.ts";
import { cellSchema } from "../../../src-shared/domain/architecture/cell.ts";
import { networkConfigSchema } from "../../../src-shared/domain/architecture/network.ts";
import { ALL_OPERATIONS, OPERATION_FACTS, OPERATIONS } from "../../../src-shared/domain/architecture/operations.ts";
import { searchSpaceSchema } from "../../../src-shared/domain/architecture/search-space.ts";
import { sideOf } from "../../../src-shared/domain/config/check-parts.ts";
import { datasetConfigSchema } from "../../../src-shared/domain/dataset.ts";
import { DATASET_IDS, DATASETS } from "../../../src-shared/domain/dataset-facts.ts";
import { cellGraph } from "../../../src-shared/drawing/graph.ts";

const ROOT = join(import.meta.dirname, "..", "..", "..");

/** Source files that contain one of the texts. */
function filesWith(...texts: readonly string[]): string[] {
  return ["src-main", "src-renderer", "src-shared"].flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
      .filter((name) => /\.(ts|vue)$/.test(name))
      .map((name) => `${folder}/${name.replaceAll("\\", "/")}`)
      .filter((path) => {
        const source = readFileSync(join(ROOT, path), "utf8");
        return texts.some((text) => source.includes(text));
      }),
  );
}

describe("a dataset", () => {
  it("is named in the table, in the catalog of its files and nowhere else", () => {
    expect(filesWith('"fashion-mnist"', '"kmnist"', "kmnist:").sort()).toEqual([
      "src-main/engine/datasets/official/catalog.ts",
      "src-shared/domain/dataset-facts.ts",
    ]);
  });

  it.each(DATASET_IDS)("%s: config, checks, catalog, readers and window follow its entry", (id) => {
    const facts = DATASETS[id];
    expect(CATALOG[id]).toMatchObject({ id, ...facts });
    expect(DATASET_TITLES[id]).toBe(facts.shortName);
    const config = datasetConfigSchema.parse({ id, ...(id === "folder" ? { path: "/images", imageSize: 40 } : {}) });
    expect(sideOf(config)).toBe(facts.shape?.[0] ?? 40);
    if (id !== "folder") expect(officialNames(id).length).toBeGreaterThan(0);
  });
});

const NETWORK = networkConfigSchema.parse({ blocks: 1, initialChannels: 8, reductions: [] });
const IMAGES = { height: 8, width: 8, channels: 3, classes: 10 };

describe("an operation", () => {
  it("is named in the table, with its computation and nowhere else", () => {
    expect(filesWith("dilConv5x5").sort()).toEqual(["src-main/engine/spaces/cell/operations.ts", "src-shared/domain/architecture/operations.ts"]);
  });

  it.each(ALL_OPERATIONS)("%s: config, network, GHN, drawing and form follow its entry", (operation) => {
    const facts = OPERATION_FACTS[operation];
    const cell = cellSchema.parse({ nodes: [{ operation, inputs: [1] }] });
    const plan = buildPlan({ normal: cell }, NETWORK, IMAGES);
    expect(plan.nodes.some((node) => node.operation === operation)).toBe(true);
    expect(cellFamily(NETWORK, IMAGES).encoding.onesOf({ type: operation, inputs: [] })).toEqual([ALL_OPERATIONS.indexOf(operation)]);
    expect(cellGraph(cell).nodes).toContainEqual(expect.objectContaining({ family: facts.family, description: facts.description }));
    expect(CELL_CHOICES.some(({ name }) => name === operation)).toBe(facts.standard);
    expect(searchSpaceSchema.safeParse({ operations: [operation] }).success).toBe(facts.standard);
  });

  it("of the anytime space: the form follows its entry", () => {
    expect(ANYTIME_CHOICES).toEqual(ANYTIME_OPERATIONS.map((name) => ({ name, ...ANYTIME_OPERATION_FACTS[name] })));
  });

  it("keeps its place among the node types of stored GHNs", () => {
    expect(ALL_OPERATIONS.slice(0, OPERATIONS.length)).toEqual(OPERATIONS);
    expect(ALL_OPERATIONS.slice(0, 14).join()).toBe(
      "identity,conv1x1,sepConv3x3,sepConv5x5,dilConv3x3,dilConv5x5,conv1x7-7x1,maxPool3x3,avgPool3x3,sepConv7x7,conv3x3,conv1x3-3x1,maxPool2x2,avgPool2x2",
    );
  });
});
