import path from "node:path/posix";

/** One file imports another; paths relative to the project, with `/`. */
export interface Import {
  readonly from: string;
  readonly to: string;
}

/**
 * Cycles between folders. A folder stands for the files directly in it, so a folder and its own subfolder can form a cycle. One bad import can close many
 * cycles, so only the shortest are returned: no two of them share a step.
 * @returns one import for each step of a cycle
 */
export function folderCycles(imports: readonly Import[]): readonly (readonly Import[])[] {
  const graph = folderGraph(imports);
  const cycles: (readonly Import[])[] = [];
  for (const [from, targets] of graph) {
    for (const [to, example] of targets) {
      const back = shortestPath(graph, to, from);
      if (back === null) continue;
      cycles.push([example, ...back]);
    }
  }
  const taken = new Set<string>();
  return cycles
    .sort((a, b) => a.length - b.length)
    .filter((cycle) => {
      const steps = cycle.map(({ from, to }) => `${path.dirname(from)} ${path.dirname(to)}`);
      if (steps.some((step) => taken.has(step))) return false;
      for (const step of steps) taken.add(step);
      return true;
    });
}

/** For each folder, the folders that it imports from, each with one import as an example. */
type FolderGraph = ReadonlyMap<string, ReadonlyMap<string, Import>>;

function folderGraph(imports: readonly Import[]): FolderGraph {
  const graph = new Map<string, Map<string, Import>>();
  for (const each of imports) {
    const [from, to] = [path.dirname(each.from), path.dirname(each.to)];
    if (from === to) continue;
    const targets = graph.get(from) ?? new Map<string, Import>();
    if (!targets.has(to)) targets.set(to, each);
    graph.set(from, targets);
  }
  return graph;
}

/** Breadth first. @returns the imports along the way; null when there is none */
function shortestPath(graph: FolderGraph, start: string, goal: string): readonly Import[] | null {
  const ways = new Map<string, readonly Import[]>([[start, []]]);
  for (const [folder, way] of ways) {
    if (folder === goal) return way;
    for (const [next, step] of graph.get(folder) ?? []) if (!ways.has(next)) ways.set(next, [...way, step]);
  }
  return null;
}
