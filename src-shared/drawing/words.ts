/** Text descriptions of cells, for screen readers and terminals. */
import { type Cell, INPUT_NODES, outputNodes } from "../domain/architecture/cell.ts";
import type { Architecture } from "../domain/architecture/network.ts";
import { OPERATION_FACTS } from "../domain/architecture/operations.ts";
import { isAddition } from "./graph.ts";

/** "node 2: 3×3 sep of block i − 1"; one entry per operation node, and one for the output. */
export function cellSentences(cell: Cell): string[] {
  const name = (index: number): string => (index === 0 ? "block i − 1" : index === 1 ? "block i − 2" : `node ${index}`);
  return [
    ...cell.nodes.map(
      (node, i) => `node ${i + INPUT_NODES}: ${isAddition(node) ? "sum" : OPERATION_FACTS[node.operation].label} of ${node.inputs.map(name).join(" plus ")}`,
    ),
    `output: ${outputNodes(cell).map(name).join(", ")}${outputNodes(cell).length > 1 ? ", concatenated" : ""}`,
  ];
}

/** Operations and their counts, most frequent first: "3 × 3×3 sep, 2 × identity". */
export function operationCounts(cell: Cell): string {
  const counts = new Map<string, number>();
  for (const node of cell.nodes) {
    const label = isAddition(node) ? "add" : OPERATION_FACTS[node.operation].label;
    counts.set(label, (counts.get(label) ?? 0) + 1);
  }
  return [...counts]
    .sort((a, b) => b[1] - a[1] || a[0].localeCompare(b[0]))
    .map(([label, count]) => `${count} × ${label}`)
    .join(", ");
}

/** Describes the whole architecture in one paragraph. */
export function architectureDescription(architecture: Architecture): string {
  const normal = `${architecture.reduction === undefined ? "Cell" : "Normal cell"} of ${architecture.normal.nodes.length} operation nodes. ${cellSentences(architecture.normal).join("; ")}.`;
  if (architecture.reduction === undefined) return normal;
  return `${normal} Reduction cell of ${architecture.reduction.nodes.length} operation nodes. ${cellSentences(architecture.reduction).join("; ")}.`;
}
