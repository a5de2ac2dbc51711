import { type Cell, INPUT_NODES, outputNodes } from "../domain/architecture/cell.ts";
import { type AnyOperationName, OPERATION_FACTS, type OperationFamily } from "../domain/architecture/operations.ts";

/** Families of operations: one colour each, in addition to the text label. */
export type Family = OperationFamily | "port";

export const FAMILY_TITLES: Readonly<Record<Family, string>> = {
  conv: "Convolution",
  sep: "Separable",
  dil: "Dilated",
  pool: "Pooling",
  identity: "Identity",
  port: "Input, output",
};

/** State of a node or an edge in a comparison of two cells. */
export type Mark = "same" | "added" | "removed" | "changed";
export const MARK_SIGNS: Readonly<Record<Mark, string>> = { same: "", added: "+", removed: "−", changed: "≠" };

export interface DrawingNode {
  readonly id: string;
  readonly label: string;
  readonly description: string;
  readonly family: Family;
  readonly width: number;
  readonly height: number;
  readonly mark: Mark;
  /** Node of the cell: 0 and 1 are inputs, 2 + i operation i; −1 stem, −2 classifier, −3 concatenation or block. */
  readonly node: number;
  readonly block: number | null;
  /** A classifier is attached to its output (anytime networks). */
  readonly exit?: boolean;
}

export interface GraphEdge {
  readonly id: string;
  readonly from: string;
  readonly to: string;
  readonly mark: Mark;
}

export interface Graph {
  readonly nodes: readonly DrawingNode[];
  readonly edges: readonly GraphEdge[];
}

const WIDTH = 92;
const HEIGHT = 30;

export function operationNode(
  id: string,
  operation: AnyOperationName,
  node: number,
  mark: Mark = "same",
  label: string = OPERATION_FACTS[operation].label,
): DrawingNode {
  return {
    id,
    label,
    description: OPERATION_FACTS[operation].description,
    family: OPERATION_FACTS[operation].family,
    width: Math.max(WIDTH, 20 + label.length * 7.4 + (mark === "same" ? 0 : 14)),
    height: HEIGHT,
    mark,
    node,
    block: null,
  };
}

export function portNode(id: string, label: string, description: string, node: number): DrawingNode {
  return { id, label, description, family: "port", width: Math.max(78, 22 + label.length * 7), height: 26, mark: "same", node, block: null };
}

export function nodeId(index: number): string {
  return `n${index}`;
}

/** An identity with several inputs is an addition, as drawn in publications. */
export function isAddition({ operation, inputs }: Cell["nodes"][number]): boolean {
  return operation === "identity" && inputs.length > 1;
}

/** A cell as a graph: its two inputs, its operations, and the concatenation of its outputs. */
export function cellGraph(cell: Cell): Graph {
  const nodes: DrawingNode[] = [
    portNode(nodeId(0), "block i − 1", "Output of the previous block.", 0),
    portNode(nodeId(1), "block i − 2", "Output of the block before the previous one.", 1),
    ...cell.nodes.map((node, i) =>
      isAddition(node)
        ? { ...operationNode(nodeId(i + INPUT_NODES), node.operation, i + INPUT_NODES, "same", "add"), description: "Sum of its inputs.", width: 48 }
        : operationNode(nodeId(i + INPUT_NODES), node.operation, i + INPUT_NODES),
    ),
    portNode("out", "concat", "The outputs of the cell, concatenated along the channels.", -3),
  ];
  const edges: GraphEdge[] = cell.nodes.flatMap((node, i) => node.inputs.map((input) => edge(nodeId(input), nodeId(i + INPUT_NODES))));
  for (const index of outputNodes(cell)) edges.push(edge(nodeId(index), "out"));
  return { nodes, edges };
}

export function edge(from: string, to: string, mark: Mark = "same"): GraphEdge {
  return { id: `${from}>${to}`, from, to, mark };
}

/** The graph without inputs that nothing reads. */
export function withoutIdleInputs(graph: Graph): Graph {
  const used = new Set(graph.edges.flatMap(({ from, to }) => [from, to]));
  return { nodes: graph.nodes.filter((node) => used.has(node.id)), edges: graph.edges };
}
