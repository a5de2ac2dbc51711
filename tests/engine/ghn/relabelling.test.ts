/** Generated weights depend on the graph, not on the order in which its nodes are listed. */
import { beforeAll, describe, expect, it } from "vitest";
import { initBackend } from "../../../src-main/engine/backend/index.ts";
import { tf } from "../../../src-main/engine/backend/ops/tf.ts";
import { GraphHyperNetwork } from "../../../src-main/engine/ghn/graph-hypernetwork.ts";
import type { Hypernetwork } from "../../../src-main/engine/ghn/hypernetwork.ts";
import type { NetworkPlan, NodeRef, ParameterSlot } from "../../../src-main/engine/network/plan-types.ts";
import { Rng } from "../../../src-main/engine/random.ts";
import { anytimeFamily } from "../../../src-main/engine/spaces/anytime/network-family.ts";
import { buildAnytimePlan } from "../../../src-main/engine/spaces/anytime/plan.ts";
import { sampleAnytime } from "../../../src-main/engine/spaces/anytime/sampler.ts";
import { sampleCell } from "../../../src-main/engine/spaces/cell/sampler.ts";
import type { AnytimeArchitecture } from "../../../src-shared/domain/architecture/anytime.ts";
import { type Cell, outputNodes } from "../../../src-shared/domain/architecture/cell.ts";
import { searchSpaceSchema } from "../../../src-shared/domain/architecture/search-space.ts";
import { anytimeNetworkSchema, anytimeSpaceSchema } from "../../../src-shared/domain/config/anytime-config.ts";
import type { GhnConfig } from "../../../src-shared/domain/config/run-config.ts";
import { relabelled } from "./support/relabel.ts";
import { createSmall, ghnConfig, INPUT, networkConfig, planOf } from "./support/small.ts";

beforeAll(async () => {
  await initBackend({ prefer: "wasm" });
});

const LARGEST_DIFFERENCE = 1e-6;
const RELABELLINGS = 12;

/** Where a node of the old listing is in the new one. */
type Renamed = (node: NodeRef) => NodeRef;

function generatedBy(generator: Hypernetwork, plan: NetworkPlan): Map<string, Float32Array> {
  const [weights] = generator.generate([plan]);
  const result = new Map([...(weights ?? [])].map(([id, weight]) => [id, Float32Array.from(weight.dataSync())]));
  tf.dispose([...(weights?.values() ?? [])]);
  return result;
}

/** Rows of a weight, one for each source of a concatenation, by name of the source: their order follows the listing. */
function rowsBySource({ shape, parts }: ParameterSlot, values: Float32Array, renamed: Renamed): Map<string, Float32Array> {
  if (parts === undefined) return new Map([["", values]]);
  const outputs = shape.at(-1) ?? 0;
  let first = 0;
  return new Map(
    parts.map(({ source, channels }) => {
      first += channels;
      return [keyOf(renamed(source)), values.subarray((first - channels) * outputs, first * outputs)];
    }),
  );
}

function keyOf({ block, node }: NodeRef): string {
  return `${block}/${node}`;
}

/** Slots by owner, role and number among the owner's slots of this role, which do not depend on the listing. */
function slotsByOwner(plan: NetworkPlan, renamed: Renamed): Map<string, ParameterSlot> {
  const seen = new Map<string, number>();
  return new Map(
    plan.slots.map((slot) => {
      const key = `${keyOf(renamed(slot.owner))} ${slot.role}`;
      const occurrence = seen.get(key) ?? 0;
      seen.set(key, occurrence + 1);
      return [`${key} ${occurrence}`, slot];
    }),
  );
}

/** Largest difference between the weights of one graph in two listings. */
function largestDifference(generator: Hypernetwork, listed: NetworkPlan, relisted: NetworkPlan, renamed: Renamed): number {
  const [before, after] = [generatedBy(generator, listed), generatedBy(generator, relisted)];
  const others = slotsByOwner(relisted, (node) => node);
  expect(others.size).toBe(listed.slots.length);
  let largest = 0;
  for (const [key, slot] of slotsByOwner(listed, renamed)) {
    const other = others.get(key);
    if (other === undefined) throw new Error(`The other listing has no slot ${key}.`);
    const otherRows = rowsBySource(other, after.get(other.id) ?? new Float32Array(0), (node) => node);
    for (const [source, row] of rowsBySource(slot, before.get(slot.id) ?? new Float32Array(0), renamed)) {
      const same = otherRows.get(source);
      expect(same?.length, `${slot.id} ${source}`).toBe(row.length);
      row.forEach((value, i) => {
        largest = Math.max(largest, Math.abs(value - (same?.[i] ?? Number.NaN)));
      });
    }
  }
  return largest;
}

function within<T>(generator: Hypernetwork, use: (generator: Hypernetwork) => T): T {
  try {
    return use(generator);
  } finally {
    generator.dispose();
  }
}

describe.each([
  ["forward-backward", {}],
  ["a GNN for every block, without passing", { sharing: "gnn", passEmbedding: false }],
  ["a GHN for every block", { sharing: "none" }],
  ["synchronous", { propagation: "synchronous" }],
] satisfies [string, Partial<GhnConfig>][])("relabelled cells, %s", (_, settings) => {
  const config = { ...settings, hiddenSize: 16, messageHiddenSize: 16, decoderHiddenSize: 16, propagationSteps: 5 };

  it("get the same weights at corresponding nodes", () => {
    const network = networkConfig({ blocks: 4, reductions: [1, 3] });
    within(createSmall(config, network), (ghn) => {
      const rng = Rng.fromSeed(1, "relabelling");
      let severalLeaves = 0;
      for (let i = 0; i < RELABELLINGS; i++) {
        const cell: Cell = sampleCell(searchSpaceSchema.parse({}), rng, 4 + rng.int(6));
        const { nodes, indexOf } = relabelled(cell.nodes, rng);
        if (outputNodes(cell).length > 1) severalLeaves += 1;
        // Stem and classifier come after the operation nodes in both listings.
        const renamed: Renamed = ({ block, node }) => ({ block, node: indexOf[node] ?? node });
        expect(largestDifference(ghn, planOf(cell, network), planOf({ nodes }, network), renamed), JSON.stringify(cell)).toBeLessThan(LARGEST_DIFFERENCE);
      }
      expect(severalLeaves).toBeGreaterThan(RELABELLINGS / 2);
    });
  });

  it("get the same weights in the anytime space", () => {
    const space = anytimeSpaceSchema.parse({ nodes: [7, 5, 3], exits: 4 });
    const network = anytimeNetworkSchema.parse({ initialChannels: 4 });
    within(new GraphHyperNetwork(ghnConfig(config), anytimeFamily(space, network, INPUT), Rng.fromSeed(1, "init")), (ghn) => {
      const rng = Rng.fromSeed(2, "relabelling");
      for (let i = 0; i < RELABELLINGS / 2; i++) {
        const architecture = sampleAnytime(space, rng);
        const cells = architecture.cells.map((cell) => relabelled(cell.nodes, rng));
        const other: AnytimeArchitecture = { ...architecture, cells: cells.map(({ nodes }) => ({ nodes })) };
        const renamed: Renamed = ({ block, node }) => ({ block, node: cells[block]?.indexOf[node] ?? node });
        expect(
          largestDifference(ghn, buildAnytimePlan(architecture, network, INPUT), buildAnytimePlan(other, network, INPUT), renamed),
          JSON.stringify(architecture),
        ).toBeLessThan(LARGEST_DIFFERENCE);
      }
    });
  });
});
