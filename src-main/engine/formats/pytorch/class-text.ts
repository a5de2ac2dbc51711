/** The text of one Python class. */
import { IMAGES_VALUE, type OperationData, type OperationOf } from "../../network/operation-data.ts";
import type { ExportedNetwork } from "../exported-network.ts";
import { type Layer, PYTHON_OPERATIONS, type PythonOperation } from "./operations.ts";
import { inputsOfOperation, type Part } from "./parts.ts";

/** Longest expression that is not given a name. */
const LONGEST = 88;

export interface ClassText {
  /** `__init__` and what follows it, indented for a class. Equal for parts that compute the same. */
  readonly body: readonly string[];
  readonly layers: readonly Layer[];
}

export interface NetworkFacts {
  readonly network: ExportedNetwork;
  readonly shapes: ReadonlyMap<string, readonly number[]>;
  /** By id of a scale: the means of all batch norms that share it. */
  readonly meansOf: ReadonlyMap<string, readonly string[]>;
  /** What a node computes, by its path; for comments. */
  readonly wordsOf: ReadonlyMap<string, string>;
  readonly outputs: readonly string[];
}

/** @param exits whether the class is a whole network with several exits, which yields their logits one by one */
export function classText(part: Part, facts: NetworkFacts, exits: boolean): ClassText {
  const layers = new Map<string, Layer>();
  const inputNames = part.inputs.map((input, i) => (input === IMAGES_VALUE ? "images" : `s${i}`));
  const names = new Map(part.inputs.map((input, i) => [input, inputNames[i] ?? input]));
  const uses = new Map<string, OperationData[]>();
  for (const operation of part.operations) for (const input of inputsOfOperation(operation)) uses.set(input, [...(uses.get(input) ?? []), operation]);
  const forward: string[] = [];
  const taken = new Set(inputNames);
  let commented = "";
  let serial = 0;
  part.operations.forEach((operation, i) => {
    const { layer, expression } = describe(operation, part, facts);
    if (layer !== null) layers.set(layer.attribute, layer);
    const { output } = operation;
    const value = expression(inputsOfOperation(operation).map((input) => names.get(input) ?? input));
    const [reader, other] = uses.get(output) ?? [];
    const needed = part.results.includes(output) || facts.outputs.includes(output);
    if (!needed && reader !== undefined && other === undefined && reader.part === operation.part && value.length <= LONGEST) {
      names.set(output, operation.operation === "sum" && operation.inputs.length > 1 ? `(${value})` : value);
      return;
    }
    if (operation.part !== commented) {
      commented = operation.part;
      const words = facts.wordsOf.get(operation.part);
      const name = relative(operation.part, part).replaceAll("/", " ");
      if (name !== "") forward.push(`# ${name}${words === undefined ? "" : `: ${words}`}`);
    }
    if (exits && facts.outputs.includes(output)) {
      forward.push(`yield ${value}`);
      return;
    }
    const last = part.operations.findLastIndex((another) => another.part === operation.part) === i;
    const own = relative(operation.part, part).replaceAll("/", "_");
    const name = last && own !== "" && !taken.has(own) ? own : `x${serial++}`;
    taken.add(name);
    names.set(output, name);
    forward.push(`${name} = ${value}`);
  });
  const results = part.results.map((result) => names.get(result) ?? result);
  // The last statement is the result itself where it has just been named.
  const final = forward.at(-1);
  if (!exits && results.length === 1 && final?.startsWith(`${results[0]} = `)) forward.splice(-1, 1, `return ${final.slice(`${results[0]} = `.length)}`);
  else if (!exits) forward.push(`return ${results.join(", ")}`);
  const heading = exits
    ? ["def exits(self, images):", '    """The logits of each exit, in the order in which they are computed. Exits that are not requested cost nothing."""']
    : [`def forward(self, ${inputNames.join(", ")}):`];
  return {
    body: [
      "def __init__(self):",
      "    super().__init__()",
      ...[...layers.values()].map(({ attribute, create }) => `    self.${attribute} = ${create}`),
      "",
      ...heading,
      ...forward.map((line) => `    ${line}`),
    ],
    layers: [...layers.values()],
  };
}

function describe(operation: OperationData, part: Part, { network, shapes, meansOf }: NetworkFacts): PythonOperation {
  const describeOne = PYTHON_OPERATIONS[operation.operation] as (operation: OperationData, ...rest: unknown[]) => PythonOperation;
  const context = {
    network,
    attributeOf: (path: string) => relative(path, part).replaceAll("/", "_"),
    applicationOf({ scale, mean }: OperationOf<"batchNorm">) {
      const means = meansOf.get(scale) ?? [mean];
      return { index: means.indexOf(mean), means };
    },
  };
  const [first = IMAGES_VALUE] = inputsOfOperation(operation);
  return describeOne(operation, context, shapes.get(first.replace(/\/.*$/, "")) ?? []);
}

/** A path within a part. */
function relative(path: string, { name }: Part): string {
  return name === "" ? path : path === name ? "" : path.slice(name.length + 1);
}
