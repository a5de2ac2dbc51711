import { type Cell, INPUT_NODES, outputNodes } from "../../../../src-shared/domain/architecture/cell.ts";
import { OPERATION_FACTS } from "../../../../src-shared/domain/architecture/operations.ts";
import { type DrawingNode, edge, type Graph, type GraphEdge, nodeId, operationNode, portNode } from "../../../../src-shared/drawing/graph.ts";

/** For each operation of b its counterpart in a, or −1; matched by operation and shared inputs. */
export function matchNodes(a: Cell, b: Cell): number[] {
  const partner: number[] = [];
  const free = new Set(a.nodes.map((_, i) => i));
  b.nodes.forEach((node, j) => {
    const inputs = node.inputs.map((input) => (input < INPUT_NODES ? input : (partner[input - INPUT_NODES] ?? -1) + INPUT_NODES));
    let best = -1;
    let bestScore = 1.2;
    for (const i of free) {
      const other = a.nodes[i];
      if (other === undefined) continue;
      const shared = inputs.filter((input) => input >= 0 && other.inputs.includes(input)).length;
      const either = new Set([...inputs, ...other.inputs]).size;
      const score = (other.operation === node.operation ? 2 : 0) + (1.5 * shared) / either + (i === j ? 0.25 : 0);
      if (score > bestScore) [best, bestScore] = [i, score];
    }
    partner.push(best);
    if (best >= 0) free.delete(best);
  });
  return partner;
}

/** Both cells in one graph: shared parts once, parts only in a as removed, parts only in b as added. */
export function unionGraph(a: Cell, b: Cell): Graph {
  const partner = matchNodes(a, b);
  const matchOf = new Map(partner.map((i, j) => [i, j]));
  const nodes: DrawingNode[] = [
    portNode(nodeId(0), "block i − 1", "Output of the previous block.", 0),
    portNode(nodeId(1), "block i − 2", "Output of the block before the previous one.", 1),
  ];
  a.nodes.forEach((node, i) => {
    const other = b.nodes[matchOf.get(i) ?? -1];
    const id = nodeId(i + INPUT_NODES);
    if (other === undefined) nodes.push(operationNode(id, node.operation, i + INPUT_NODES, "removed"));
    else if (other.operation === node.operation) nodes.push(operationNode(id, node.operation, i + INPUT_NODES));
    else
      nodes.push(
        operationNode(id, other.operation, i + INPUT_NODES, "changed", `${OPERATION_FACTS[node.operation].label} → ${OPERATION_FACTS[other.operation].label}`),
      );
  });
  b.nodes.forEach((node, j) => {
    if (partner[j] === -1) nodes.push(operationNode(`b${j + INPUT_NODES}`, node.operation, j + INPUT_NODES, "added"));
  });
  nodes.push(portNode("out", "concat", "The outputs of the cell, concatenated along the channels.", -3));

  const idInB = (index: number): string =>
    index < INPUT_NODES ? nodeId(index) : (partner[index - INPUT_NODES] ?? -1) >= 0 ? nodeId((partner[index - INPUT_NODES] ?? 0) + INPUT_NODES) : `b${index}`;
  const ofA = new Map(edgesOf(a, nodeId).map((entry) => [entry.id, entry]));
  const ofB = new Map(edgesOf(b, idInB).map((entry) => [entry.id, entry]));
  const edges: GraphEdge[] = [];
  for (const entry of ofA.values()) edges.push({ ...entry, mark: ofB.has(entry.id) ? "same" : "removed" });
  for (const entry of ofB.values()) if (!ofA.has(entry.id)) edges.push({ ...entry, mark: "added" });
  return breakCycles({ nodes, edges });
}

function edgesOf(cell: Cell, id: (index: number) => string): GraphEdge[] {
  return [
    ...cell.nodes.flatMap((node, i) => node.inputs.map((input) => edge(id(input), id(i + INPUT_NODES)))),
    ...outputNodes(cell).map((index) => edge(id(index), "out")),
  ];
}

/** Merging two acyclic cells may create cycles; the layout handles those, but not duplicate edges. */
function breakCycles(graph: Graph): Graph {
  const seen = new Set<string>();
  return { nodes: graph.nodes, edges: graph.edges.filter((entry) => !seen.has(entry.id) && seen.add(entry.id)) };
}
