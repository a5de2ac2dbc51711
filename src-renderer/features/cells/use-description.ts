import { type ComputedRef, computed, type Ref, ref, shallowRef, watch } from "vue";
import { outputNodes } from "../../../src-shared/domain/architecture/cell.ts";
import type { Architecture, NetworkConfig } from "../../../src-shared/domain/architecture/network.ts";
import type { DatasetConfig } from "../../../src-shared/domain/dataset.ts";
import type { CellDescription, NodeDescription } from "../../../src-shared/domain/records/architecture-facts.ts";
import type { PlacedNode } from "../../../src-shared/drawing/layout.ts";
import { call } from "../../bridge/studio.ts";

export interface CellSetting {
  readonly architecture: Architecture;
  readonly network: NetworkConfig;
  readonly dataset: DatasetConfig;
}

export interface Described {
  readonly description: Ref<CellDescription | null>;
  readonly error: Ref<unknown>;
  /** Facts about a node of the drawing. A single cell shows the figures of its first block, or of the first reduction block with `reduction`. */
  factsOf(node: PlacedNode, part: "normal" | "reduction"): NodeDescription | null;
  /** Totals per block. */
  readonly blocks: ComputedRef<ReadonlyMap<number, NodeDescription>>;
}

/** Shapes and counts of a cell in its network, computed by the engine; the previous result stays until the next one arrives. */
export function useDescription(setting: Ref<CellSetting | null>): Described {
  const description = shallowRef<CellDescription | null>(null);
  const error = ref<unknown>(null);
  let generation = 0;

  watch(
    setting,
    async (value) => {
      const mine = ++generation;
      error.value = null;
      if (value === null) {
        description.value = null;
        return;
      }
      try {
        const answer = await call("cells.describe", { architecture: value.architecture, network: value.network, dataset: value.dataset });
        if (mine === generation) description.value = answer;
      } catch (cause) {
        if (mine !== generation) return;
        description.value = null;
        error.value = cause;
      }
    },
    { immediate: true },
  );

  const byPlace = computed(() => new Map((description.value?.nodes ?? []).map((node) => [`${node.block}:${node.node}`, node])));
  const stem = computed(() => description.value?.nodes.find((node) => node.node === -1) ?? null);
  const classifier = computed(() => description.value?.nodes.find((node) => node.node === -2) ?? null);
  const blocks = computed(() => blockCounts(description.value?.nodes ?? [], outputsOf));
  const firstReduction = computed(() => {
    const value = setting.value;
    return value?.architecture.reduction === undefined ? 0 : (value.network.reductions.find((block) => block < value.network.blocks) ?? 0);
  });
  const firstNormal = computed(() => {
    const value = setting.value;
    if (value?.architecture.reduction === undefined) return 0;
    return Array.from({ length: value.network.blocks }, (_, block) => block).find((block) => !value.network.reductions.includes(block)) ?? 0;
  });

  function outputsOf(block: number): number {
    const value = setting.value;
    if (value === null) return 1;
    const { normal, reduction } = value.architecture;
    return outputNodes(value.network.reductions.includes(block) ? (reduction ?? normal) : normal).length;
  }

  function factsOf(node: PlacedNode, part: "normal" | "reduction"): NodeDescription | null {
    if (node.node === -1) return stem.value;
    if (node.node === -2) return classifier.value;
    const block = node.block ?? (part === "reduction" ? firstReduction.value : firstNormal.value);
    return byPlace.value.get(`${block}:${node.node}`) ?? (node.node === -3 ? (blocks.value.get(block) ?? null) : null);
  }

  return { description, error, factsOf, blocks };
}

/** Sums over the nodes of each block. Its output is the concatenation of its output nodes along the channels. */
function blockCounts(nodes: readonly NodeDescription[], outputsOf: (block: number) => number): Map<number, NodeDescription> {
  const blocks = new Map<number, NodeDescription>();
  for (const node of nodes) {
    if (node.block < 0 || node.node < 0) continue;
    const sum = blocks.get(node.block);
    blocks.set(node.block, {
      block: node.block,
      node: -3,
      operation: "block",
      shape: node.shape.map((size, i) => (i === node.shape.length - 1 ? size * outputsOf(node.block) : size)),
      parameters: (sum?.parameters ?? 0) + node.parameters,
      multiplyAdds: (sum?.multiplyAdds ?? 0) + node.multiplyAdds,
    });
  }
  return blocks;
}
