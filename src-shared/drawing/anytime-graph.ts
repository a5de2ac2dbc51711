/** Graphs and descriptions of anytime networks. */
import {
  ANYTIME_OPERATION_FACTS,
  type AnytimeArchitecture,
  type AnytimeNodeRef,
  type AnytimeOperation,
  inputScale,
  leavesOf,
} from "../domain/architecture/anytime.ts";
import { INPUT_NODES } from "../domain/architecture/cell.ts";
import { type DrawingNode, edge, type Graph, type GraphEdge, nodeId, portNode } from "./graph.ts";

/** Exits in order of their cost, as listed by candidates and trainings. */
type Exits = readonly { readonly node: AnytimeNodeRef | null }[];

/** Image size at a scale relative to the input: "1", "1/2", "1/4". */
export function scaleWord(scale: number): string {
  return scale === 0 ? "1" : `1/${2 ** scale}`;
}

/** Number of the exit on a node, from 1, in order of cost; 0 without an exit. */
export function exitNumber(exits: Exits, cell: number, node: number): number {
  return exits.findIndex((exit) => exit.node?.cell === cell && exit.node.node === node) + 1;
}

/**
 * A cell as a graph: input nodes, operation nodes with their scales and exits, and the concatenation of the leaves if another cell reads it.
 * @param exits in order of cost; without them exits are not numbered
 */
export function anytimeCellGraph(architecture: AnytimeArchitecture, cell: number, exits: Exits = []): Graph {
  const { nodes: own = [] } = architecture.cells[cell] ?? {};
  const base = inputScale(cell, architecture.scales);
  // The output of the last cell is not read.
  const last = cell === architecture.cells.length - 1;
  const source = (back: number): string => (cell - back >= 0 ? `cell ${cell - back + 1}` : "stem");
  const nodes: DrawingNode[] = [
    portNode(nodeId(0), source(1), `Output of ${source(1)}, resized to ${scaleWord(base)} of the image.`, 0),
    portNode(nodeId(1), source(2), `Output of ${source(2)}, resized to ${scaleWord(base)} of the image.`, 1),
    ...own.map(({ operation, scale, exit }, i) => operationNode(operation, base + scale, INPUT_NODES + i, exit, exitNumber(exits, cell, INPUT_NODES + i))),
    ...(last ? [] : [portNode("out", "concat", "The leaves of the cell, concatenated along the channels.", -3)]),
  ];
  const edges: GraphEdge[] = own.flatMap(({ inputs }, i) => inputs.map((input) => edge(nodeId(input), nodeId(INPUT_NODES + i))));
  if (!last) for (const index of leavesOf({ nodes: own })) edges.push(edge(nodeId(index), "out"));
  return { nodes, edges };
}

function operationNode(operation: AnytimeOperation, scale: number, node: number, exit: boolean, number: number): DrawingNode {
  const { family } = ANYTIME_OPERATION_FACTS[operation];
  const label = `${ANYTIME_OPERATION_FACTS[operation].label} @ ${scaleWord(scale)}${exit ? ` → exit${number > 0 ? ` ${number}` : ""}` : ""}`;
  return {
    id: nodeId(node),
    label,
    description: `${ANYTIME_OPERATION_FACTS[operation].description} At ${scaleWord(scale)} of the image${exit ? "; a classifier is attached" : ""}.`,
    family,
    width: Math.max(92, 20 + label.length * 7.2),
    height: 30,
    mark: "same",
    node,
    block: null,
    ...(exit ? { exit } : {}),
  };
}

/** "Cell 1: node 2: 3×3 conv at 1/2 of stem, exit; …"; a text alternative to the drawing. */
export function anytimeDescription(architecture: AnytimeArchitecture): string {
  return architecture.cells
    .map(({ nodes }, cell) => {
      const base = inputScale(cell, architecture.scales);
      const name = (index: number): string => (index < INPUT_NODES ? (cell - 1 - index >= 0 ? `cell ${cell - index}` : "stem") : `node ${index}`);
      const sentences = nodes.map(
        ({ operation, inputs, scale, exit }, i) =>
          `node ${INPUT_NODES + i}: ${ANYTIME_OPERATION_FACTS[operation].label} at ${scaleWord(base + scale)} of ${inputs.map(name).join(" and ")}${exit ? ", exit" : ""}`,
      );
      return `Cell ${cell + 1}: ${sentences.join("; ")}.`;
    })
    .join(" ");
}
