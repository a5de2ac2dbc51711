import { CELL_FILE_VERSION, type Cell, type CellFile, cellFileSchema } from "../../../../src-shared/domain/architecture/cell.ts";
import type { Architecture } from "../../../../src-shared/domain/architecture/network.ts";
import { cellGraph, type Graph, withoutIdleInputs } from "../../../../src-shared/drawing/graph.ts";
import { unionGraph } from "./union.ts";

export type CellPart = "normal" | "reduction";

/** The cell of one part; a network without a reduction cell uses its normal cell everywhere. */
export function partOf(architecture: Architecture, part: CellPart): Cell {
  return part === "reduction" ? (architecture.reduction ?? architecture.normal) : architecture.normal;
}

export function drawnGraph(a: Cell, b: Cell | null): Graph {
  return withoutIdleInputs(b === null ? cellGraph(a) : unionGraph(a, b));
}

/** How many operations and connections differ; a changed operation counts once. */
export function unionCounts(graph: Graph): {
  readonly same: number;
  readonly added: number;
  readonly removed: number;
  readonly changed: number;
  readonly edges: number;
} {
  const operations = graph.nodes.filter((node) => node.family !== "port");
  const count = (mark: string): number => operations.filter((node) => node.mark === mark).length;
  return {
    same: count("same"),
    added: count("added"),
    removed: count("removed"),
    changed: count("changed"),
    edges: graph.edges.filter((edge) => edge.mark !== "same").length,
  };
}

/** The cell file that GHN Studio and its command line import. */
export function cellFile(name: string, architecture: Architecture, source: string): CellFile {
  return cellFileSchema.parse({
    format: "ghn-studio-cell",
    version: CELL_FILE_VERSION,
    name: name.slice(0, 200) || "cell",
    ...(source === "" ? {} : { source }),
    ...architecture,
  });
}
