import { type Cell, INPUT_NODES, outputNodes } from "../../../../src-shared/domain/architecture/cell.ts";
import type { Architecture, NetworkConfig } from "../../../../src-shared/domain/architecture/network.ts";
import type { GraphBlock, GraphNode } from "../../network/plan-types.ts";

/** Properties of a cell on its own. Indices are those of the cell: 0 and 1 are the input nodes. */
export interface CellTopology {
  readonly outputs: readonly number[];
  /** Whether the outputs depend on the node; input nodes included. Nodes that nothing depends on are not computed. */
  readonly needed: readonly boolean[];
  /** The block's sub-graph, without stem and classifier. */
  readonly graph: GraphBlock;
}

const topologies = new WeakMap<Cell, CellTopology>();

/** Topology of a cell, computed once. */
function topologyOf(cell: Cell): CellTopology {
  const known = topologies.get(cell);
  if (known !== undefined) return known;
  const outputs = outputNodes(cell);
  const needed: boolean[] = new Array<boolean>(INPUT_NODES + cell.nodes.length).fill(false);
  for (const index of outputs) needed[index] = true;
  for (let i = cell.nodes.length - 1; i >= 0; i--) {
    if (needed[INPUT_NODES + i] !== true) continue;
    for (const input of cell.nodes[i]?.inputs ?? []) needed[input] = true;
  }
  const nodes: GraphNode[] = [
    { type: "input0", inputs: [] },
    { type: "input1", inputs: [] },
    ...cell.nodes.map(({ operation, inputs }) => ({ type: operation, inputs: [...inputs] })),
  ];
  const topology = { outputs, needed, graph: { nodes, order: nodes.map((_, i) => i) } };
  topologies.set(cell, topology);
  return topology;
}

/** One block of the network. */
export interface BlockLayout {
  readonly cell: Cell;
  readonly topology: CellTopology;
  /** How often the image is halved before this block, not counting the stem. */
  readonly scale: number;
  /** Whether the logits depend on it. They may not if cells ignore one of their input nodes. */
  readonly needed: boolean;
}

/** The blocks of a network: the cell, the scale, and whether the logits depend on it. */
export function layOutBlocks({ normal, reduction }: Architecture, { blocks, reductions }: Pick<NetworkConfig, "blocks" | "reductions">): BlockLayout[] {
  const reduces = new Set(reductions);
  let scale = 0;
  const layout = Array.from({ length: blocks }, (_, i) => {
    if (reduces.has(i)) scale += 1;
    const cell = reduces.has(i) && reduction !== undefined ? reduction : normal;
    return { cell, topology: topologyOf(cell), scale, needed: false };
  });
  const last = layout.at(-1);
  if (last !== undefined) last.needed = true;
  for (let i = blocks - 1; i >= 0; i--) {
    const block = layout[i];
    if (block?.needed !== true) continue;
    for (let input = 0; input < INPUT_NODES; input++) {
      const source = layout[i - 1 - input];
      if (source !== undefined && block.topology.needed[input] === true) source.needed = true;
    }
  }
  return layout;
}

/** The GHN's graph: the sub-graphs of the blocks, with the stem at the end of the first and the classifier at the end of the last. */
export function graphOf(layout: readonly BlockLayout[]): GraphBlock[] {
  return layout.map(({ topology }, i) => {
    const first = i === 0;
    const last = i === layout.length - 1;
    if (!first && !last) return topology.graph;
    const nodes: GraphNode[] = [...topology.graph.nodes];
    const order = [...topology.graph.order];
    if (first) {
      const stem = nodes.length;
      nodes.push({ type: "stem", inputs: [] });
      order.unshift(stem);
      nodes[0] = { type: "input0", inputs: [stem] };
      nodes[1] = { type: "input1", inputs: [stem] };
    }
    if (last) {
      order.push(nodes.length);
      nodes.push({ type: "classifier", inputs: topology.outputs });
    }
    return { nodes, order };
  });
}
