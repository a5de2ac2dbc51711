import { INPUT_NODES } from "../../../../src-shared/domain/architecture/cell.ts";

/** A node of a cell of any space. */
export interface LabelledNode {
  /** What distinguishes it from other nodes. */
  readonly label: string;
  /** Indices of the nodes that it reads: 0 and 1 are the input nodes, 2 + i is node i. */
  readonly inputs: readonly number[];
}

/**
 * A text that two cells share exactly when they are isomorphic: when renumbering the operation nodes turns one into the
 * other, with the same labels, edges and set of output nodes. The two input nodes are distinct. Stable across versions;
 * one term per node, `label(inputs)`, with `*` for output nodes, in topological order.
 *
 * Colour refinement distinguishes nodes by what is above and below them. Nodes that it cannot distinguish are tried in
 * turn, and the smallest text wins. Tries that an automorphism makes equal to an earlier one are skipped, so cells with
 * many interchangeable nodes stay cheap.
 *
 * @param outputs indices of the output nodes
 */
export function canonicalText(nodes: readonly LabelledNode[], outputs: readonly number[]): string {
  const graph = labelledGraph(nodes, outputs);
  // The input nodes are the only ones of level 0; their index tells them apart.
  const start = ranks(graph.labels.map((label, v) => `${digits(graph.levels[v] ?? 0)}${v < INPUT_NODES ? v : label}`));
  return searchBelow(graph, refine(graph, start)).smallest;
}

interface LabelledGraph {
  readonly count: number;
  /** Operation, `*` if an output; empty for the input nodes. */
  readonly labels: readonly string[];
  readonly inputs: readonly (readonly number[])[];
  readonly consumers: readonly (readonly number[])[];
  /** Longest path from an input node: colours that grow with it make every canonical order topological. */
  readonly levels: readonly number[];
}

function labelledGraph(nodes: readonly LabelledNode[], outputNodes: readonly number[]): LabelledGraph {
  const count = INPUT_NODES + nodes.length;
  const outputs = new Set(outputNodes);
  const inputs: (readonly number[])[] = Array.from({ length: INPUT_NODES }, () => []);
  const labels: string[] = Array.from({ length: INPUT_NODES }, () => "");
  const levels: number[] = Array.from({ length: INPUT_NODES }, () => 0);
  const consumers: number[][] = Array.from({ length: count }, () => []);
  nodes.forEach((node, i) => {
    const index = INPUT_NODES + i;
    inputs.push(node.inputs);
    labels.push(outputs.has(index) ? `${node.label}*` : node.label);
    levels.push(1 + Math.max(...node.inputs.map((input) => levels[input] ?? 0)));
    for (const input of node.inputs) consumers[input]?.push(index);
  });
  return { count, labels, inputs, consumers, levels };
}

/** Colour of every node: 0, 1 ... Refinement splits a class in place, so that all other classes keep their order. */
type Colours = readonly number[];

interface Subtree {
  readonly smallest: string;
  /** Texts of the leaves that were visited. */
  readonly texts: ReadonlySet<string>;
}

/** The texts below one node of the search tree: of each class of nodes that look alike, every member is singled out in turn. */
function searchBelow(graph: LabelledGraph, colours: Colours): Subtree {
  const alike = firstClass(colours);
  if (alike === undefined) {
    const text = orderedText(graph, colours);
    return { smallest: text, texts: new Set([text]) };
  }
  let smallest: string | undefined;
  const texts = new Set<string>();
  for (const v of alike) {
    const next = refine(graph, singleOut(colours, v));
    // A text seen below an earlier member u means an automorphism that maps u to v and fixes all that was singled out above:
    // the same texts would come. Only one leaf is tried, so missing one costs time but never correctness.
    if (texts.size > 0 && texts.has(anyLeaf(graph, next))) continue;
    const below = searchBelow(graph, next);
    for (const text of below.texts) texts.add(text);
    if (smallest === undefined || below.smallest < smallest) smallest = below.smallest;
  }
  return { smallest: smallest ?? "", texts };
}

function anyLeaf(graph: LabelledGraph, colours: Colours): string {
  let current = colours;
  for (let alike = firstClass(current); alike !== undefined; alike = firstClass(current)) current = refine(graph, singleOut(current, alike[0] ?? 0));
  return orderedText(graph, current);
}

/** Nodes of the first colour that several nodes share. */
function firstClass(colours: Colours): number[] | undefined {
  const members: number[][] = [];
  for (const [v, colour] of colours.entries()) {
    const list = members[colour];
    if (list === undefined) members[colour] = [v];
    else list.push(v);
  }
  return members.find((list) => list.length > 1);
}

/** Puts v before the others of its class. */
function singleOut(colours: Colours, v: number): Colours {
  const own = colours[v] ?? 0;
  return colours.map((colour, u) => (colour > own || (colour === own && u !== v) ? colour + 1 : colour));
}

/** Splits classes by the colours of inputs and consumers until nothing changes. */
function refine(graph: LabelledGraph, colours: Colours): Colours {
  let current = colours;
  for (let classes = new Set(current).size; classes < graph.count; ) {
    const before = current;
    const around = (list: readonly number[] | undefined): string =>
      (list ?? [])
        .map((u) => before[u] ?? 0)
        .sort((a, b) => a - b)
        .join(",");
    current = ranks(before.map((colour, v) => `${digits(colour)}${around(graph.inputs[v])};${around(graph.consumers[v])}`));
    const now = new Set(current).size;
    if (now === classes) break;
    classes = now;
  }
  return current;
}

/** The cell with its nodes renumbered by colour; all colours differ. */
function orderedText(graph: LabelledGraph, colours: Colours): string {
  const terms: string[] = [];
  for (const [v, place] of colours.entries()) {
    if (v < INPUT_NODES) continue;
    const inputs = (graph.inputs[v] ?? []).map((u) => colours[u] ?? 0).sort((a, b) => a - b);
    const label = graph.labels[v] ?? "";
    terms[place - INPUT_NODES] = label.endsWith("*") ? `${label.slice(0, -1)}(${inputs.join(",")})*` : `${label}(${inputs.join(",")})`;
  }
  return terms.join(" ");
}

/** Place of each key among the distinct keys, in order. */
function ranks(keys: readonly string[]): number[] {
  const sorted = [...new Set(keys)].sort();
  const rank = new Map(sorted.map((key, i) => [key, i]));
  return keys.map((key) => rank.get(key) ?? 0);
}

/** A small number so that texts sort as numbers do. */
function digits(value: number): string {
  return `${String(value).padStart(3, "0")} `;
}
