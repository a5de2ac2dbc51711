import { INPUT_NODES } from "../../../../src-shared/domain/architecture/cell.ts";
import { UserError } from "../../../lib/errors.ts";

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
 * Colour refinement distinguishes nodes by their predecessors and successors. Nodes that it cannot distinguish are tried in
 * turn, and the smallest text wins. Choices that are equivalent to an earlier one by an automorphism are skipped, so cells with
 * many interchangeable nodes stay cheap.
 *
 * @param outputs indices of the output nodes
 */
export function canonicalText(nodes: readonly LabelledNode[], outputs: readonly number[]): string {
  const graph = labelledGraph(nodes, outputs);
  // The input nodes are the only ones of level 0; their index distinguishes them.
  const start = ranks(graph.labels.map((label, v) => `${digits(graph.levels[v] ?? 0)}${v < INPUT_NODES ? v : label}`));
  const search = new OrderSearch(graph);
  return search.smallest(search.refine(start), []);
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

/** Colour of every node: 0, 1, … Refinement splits a class in place, so all other classes keep their order. */
type Colours = readonly number[];

/** Maximum number of refinements for one canonical form. Valid cells need a few thousand at most; only graphs constructed to defeat refinement need more. */
const MAX_REFINEMENTS = 5_000;

/** An order of the nodes: the place of each node, and the text of the cell in that order. */
interface Leaf {
  readonly places: Colours;
  readonly text: string;
}

/**
 * Searches for the smallest text over all orders that refinement leaves open, pruned by the automorphisms found on the way: two leaves with the same text are mapped to each other
 * by an automorphism, and of nodes that are interchangeable by automorphisms only one is tried. Deep branches are searched first, so their automorphisms prune all levels above.
 */
class OrderSearch {
  readonly #graph: LabelledGraph;
  readonly #leaves = new Map<string, Leaf>();
  readonly #automorphisms: (readonly number[])[] = [];
  #refinements = 0;

  constructor(graph: LabelledGraph) {
    this.#graph = graph;
  }

  /**
   * The smallest text below one node of the search tree.
   * @param fixed nodes that were singled out above
   * @throws UserError `cell-too-symmetric` when the cell needs more than {@link MAX_REFINEMENTS}
   */
  smallest(colours: Colours, fixed: readonly number[]): string {
    const alike = firstClass(colours);
    if (alike === undefined) return this.#leaf(colours).text;
    let smallest: string | undefined;
    const tried: number[] = [];
    for (const v of alike) {
      if (this.#interchangeable(tried, fixed, v)) continue;
      const next = this.refine(singleOut(colours, v));
      // A leaf with a known text reveals an automorphism. If it maps v to a node tried before and fixes all nodes above, the remaining texts would be the same.
      if (tried.length > 0) {
        this.#leaf(this.#firstLeafBelow(next));
        if (this.#interchangeable(tried, fixed, v)) continue;
      }
      const below = this.smallest(next, [...fixed, v]);
      if (smallest === undefined || below < smallest) smallest = below;
      tried.push(v);
    }
    return smallest ?? "";
  }

  refine(colours: Colours): Colours {
    this.#refinements++;
    if (this.#refinements > MAX_REFINEMENTS)
      throw new UserError("This cell is too symmetric to be compared with others.", {
        code: "cell-too-symmetric",
        remedy: "Use fewer nodes with the same operation and the same inputs.",
      });
    return refine(this.#graph, colours);
  }

  #firstLeafBelow(colours: Colours): Colours {
    let current = colours;
    for (let alike = firstClass(current); alike !== undefined; alike = firstClass(current)) current = this.refine(singleOut(current, alike[0] ?? 0));
    return current;
  }

  #leaf(places: Colours): Leaf {
    const text = orderedText(this.#graph, places);
    const known = this.#leaves.get(text);
    if (known === undefined) {
      const leaf = { places, text };
      this.#leaves.set(text, leaf);
      return leaf;
    }
    const nodeAt = new Map(places.map((place, node) => [place, node]));
    const permutation = known.places.map((place) => nodeAt.get(place) ?? 0);
    if (permutation.some((image, node) => image !== node)) this.#automorphisms.push(permutation);
    return known;
  }

  /** Whether the known automorphisms that fix all of `fixed` map v to a node tried before. */
  #interchangeable(tried: readonly number[], fixed: readonly number[], v: number): boolean {
    if (tried.length === 0) return false;
    if (tried.some((u) => this.#twins(u, v))) return true;
    const usable = this.#automorphisms.filter((permutation) => fixed.every((node) => permutation[node] === node));
    const orbit = new Set([v]);
    for (const node of orbit) {
      for (const permutation of usable) {
        orbit.add(permutation[node] ?? node);
        orbit.add(permutation.indexOf(node));
      }
    }
    return tried.some((u) => orbit.has(u));
  }

  /** Nodes of one colour with the same inputs and consumers are interchangeable, whatever the rest of the cell is. */
  #twins(u: number, v: number): boolean {
    const { labels, inputs, consumers } = this.#graph;
    return labels[u] === labels[v] && sameNodes(inputs[u], inputs[v]) && sameNodes(consumers[u], consumers[v]);
  }
}

function sameNodes(a: readonly number[] = [], b: readonly number[] = []): boolean {
  return a.length === b.length && a.every((node) => b.includes(node));
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

/** A small number as text that sorts like the number. */
function digits(value: number): string {
  return `${String(value).padStart(3, "0")} `;
}
