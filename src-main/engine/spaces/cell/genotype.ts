/** Cells as genotypes of DARTS-style code, and back. */
import { type Cell, cellSchema, INPUT_NODES, outputNodes } from "../../../../src-shared/domain/architecture/cell.ts";
import type { Architecture } from "../../../../src-shared/domain/architecture/network.ts";
import { ALL_OPERATIONS, type AnyOperationName, OPERATION_FACTS } from "../../../../src-shared/domain/architecture/operations.ts";
import { UserError } from "../../../lib/errors.ts";
import { type Genotype, type GenotypeCell, genotypeText, parseGenotype, type Term } from "../../formats/genotype.ts";
import { canonicalForm } from "./canonical.ts";

const OPERATION_OF = new Map(
  ALL_OPERATIONS.flatMap((operation) => (OPERATION_FACTS[operation].genotype === null ? [] : [[OPERATION_FACTS[operation].genotype, operation] as const])),
);
/** The operation that computes zeros; it fills the second place of steps with one term. */
const NONE = "none";

/** Why an architecture cannot be a genotype, as a sentence; null if it can. */
export function genotypeObstacle({ normal, reduction }: Architecture): string | null {
  for (const { nodes } of [normal, ...(reduction === undefined ? [] : [reduction])])
    for (const [i, { operation, inputs }] of nodes.entries()) {
      const { label, family, genotype } = OPERATION_FACTS[operation];
      if (genotype === null) return `Node ${INPUT_NODES + i} is a ${label}, which genotypes of DARTS do not have.`;
      if (inputs.length > 1 && family !== "identity" && family !== "pool")
        return `Node ${INPUT_NODES + i} (${label}) uses the same weights for ${inputs.length} inputs, but operations of a genotype do not share weights.`;
    }
  return null;
}

/**
 * The genotype of an architecture as Python code. Without a reduction cell, `reduce` is the normal cell.
 * @throws Error for an architecture with a {@link genotypeObstacle}
 */
export function architectureGenotype({ normal, reduction }: Architecture): string {
  return genotypeText({ name: "CELL", normal: genotypeOf(normal), reduce: genotypeOf(reduction ?? normal) });
}

function genotypeOf(cell: Cell): GenotypeCell {
  const outputs = outputNodes(cell);
  const readers = cell.nodes.map((_, i) => cell.nodes.filter(({ inputs }) => inputs.includes(INPUT_NODES + i)));
  // A node that only one sum reads becomes a term of that sum instead of a step.
  const isTerm = cell.nodes.map(
    ({ inputs }, i) =>
      inputs.length === 1 && !outputs.includes(INPUT_NODES + i) && readers[i]?.length === 1 && readers[i]?.every(({ operation }) => operation === "identity"),
  );
  const terms: Term[] = [];
  // DARTS numbers the inputs the other way round: state 0 is the cell before the last one.
  const states = new Map<number, number>([
    [0, 1],
    [1, 0],
  ]);
  const stateOf = (index: number): number => {
    const state = states.get(index);
    if (state === undefined) throw new Error(`Node ${index} does not have a state.`);
    return state;
  };
  const addStep = (first: Term, second: Term): number => {
    terms.push(first, second);
    return INPUT_NODES + terms.length / 2 - 1;
  };
  const termOf = (operation: AnyOperationName, input: number): Term => {
    const name = OPERATION_FACTS[operation].genotype;
    if (name === null) throw new Error(`${operation} cannot be part of a genotype.`);
    const node = cell.nodes[input - INPUT_NODES];
    const inner = node?.inputs[0];
    if (operation === "identity" && node !== undefined && inner !== undefined && isTerm[input - INPUT_NODES] === true) return termOf(node.operation, inner);
    return [name, stateOf(input)];
  };
  cell.nodes.forEach(({ operation, inputs }, i) => {
    if (isTerm[i] === true) return;
    const [first, second, ...more] = inputs.map((input) => termOf(operation, input));
    if (first === undefined) throw new Error("A node has an input.");
    let state = addStep(first, second ?? [NONE, 0]);
    // Sums of more than two terms take several steps.
    for (const term of more) state = addStep(["skip_connect", state], term);
    states.set(INPUT_NODES + i, state);
  });
  return { terms, concat: outputs.map(stateOf) };
}

/**
 * Reads a genotype. A step becomes one node per operation and an identity node that adds them. A `reduce` cell equal to the normal cell is left out.
 * @throws UserError `cell-too-large`, `cell-genotype`
 */
export function parseArchitectureGenotype(text: string, where: string): Architecture & { readonly name: string | null } {
  const genotype: Genotype = parseGenotype(text, where);
  const normal = cellOf(genotype.normal, "normal", where);
  const reduction = cellOf(genotype.reduce, "reduce", where);
  return { name: genotype.name, normal, ...(canonicalForm(normal) === canonicalForm(reduction) ? {} : { reduction }) };
}

function cellOf({ terms, concat }: GenotypeCell, field: "normal" | "reduce", where: string): Cell {
  const fail = (why: string): UserError =>
    new UserError(`${where} is not a valid genotype: ${why}.`, { code: "cell-genotype", file: where, field, remedy: `Correct ${field}, or use a cell file.` });
  if (terms.length === 0 || terms.length % 2 !== 0) throw fail(`${field} has ${terms.length} operations, but every step takes two`);
  const nodes: { operation: AnyOperationName; inputs: number[] }[] = [];
  /** Index of the node of each state. */
  const states = [1, 0];
  const add = (operation: AnyOperationName, inputs: number[]): number => INPUT_NODES + nodes.push({ operation, inputs }) - 1;
  for (let i = 0; i < terms.length; i += 2) {
    const step = terms.slice(i, i + 2).flatMap(([name, state]) => {
      const input = states[state];
      if (input === undefined) throw fail(`step ${i / 2} of ${field} reads state ${state}, which does not come before it`);
      if (name === NONE) return [];
      const operation = OPERATION_OF.get(name);
      if (operation === undefined) throw fail(`${field} contains the unknown operation ${name}; known are ${[NONE, ...OPERATION_OF.keys()].join(", ")}`);
      return [{ operation, input }];
    });
    const [first, second] = step;
    if (first === undefined) throw fail(`step ${i / 2} of ${field} computes nothing`);
    if (second === undefined) {
      states.push(add(first.operation, [first.input]));
      continue;
    }
    const inputs = step.map(({ operation, input }) => (operation === "identity" ? input : add(operation, [input])));
    const [a = 0, b = 0] = inputs;
    states.push(add("identity", a === b ? [a, add("identity", [a])] : [a, b].sort((x, y) => x - y)));
  }
  const output = concat.map((state) => {
    const node = states[state];
    if (node === undefined) throw fail(`${field}_concat contains state ${state}, but the last one is ${states.length - 1}`);
    return node < INPUT_NODES ? add("identity", [node]) : node;
  });
  const cell = { nodes, output: output.sort((x, y) => x - y) };
  const leaves = outputNodes({ nodes });
  const parsed = cellSchema.safeParse(leaves.join() === cell.output.join() ? { nodes } : cell);
  if (!parsed.success) throw fail(`${field}: ${(parsed.error.issues[0]?.message ?? "it cannot be read").replace(/\.$/, "")}`);
  return parsed.data;
}
