/** Divides a network into Python classes: the stem, each block, the classifier; or one class for networks with several exits. */
import type { NetworkData, OperationData } from "../../network/operation-data.ts";

/** Operations of one class. */
export interface Part {
  /** Attribute of the network, and beginning of parameter names; empty for a network that is one class. */
  readonly name: string;
  readonly operations: readonly OperationData[];
  /** Values of other parts that it reads, in the order of their first use. */
  readonly inputs: readonly string[];
  /** Its values that other parts read or that are outputs of the network. */
  readonly results: readonly string[];
}

/** Names of the values that an operation reads, in its order. */
export function inputsOfOperation(operation: OperationData): readonly string[] {
  return "inputs" in operation ? operation.inputs : [operation.input];
}

/** The parts of a network in the order in which they run; a single part with an empty name if it has several outputs or its parts are interleaved. */
export function partsOf({ operations, outputs }: NetworkData): Part[] {
  const groups = outputs.length === 1 ? contiguous(operations) : null;
  const chosen = groups === null ? [["", operations] as const] : localRelus(groups, operations);
  return chosen.map(([name, own], position) => {
    const written = new Set(own.map(({ output }) => output));
    const later = new Set(chosen.flatMap(([, others], i) => (i === position ? [] : others.flatMap(inputsOfOperation))));
    return {
      name,
      operations: own,
      inputs: [...new Set(own.flatMap(inputsOfOperation).filter((input) => !written.has(input)))],
      results: own.flatMap(({ output }) => (later.has(output) || outputs.includes(output) ? [output] : [])),
    };
  });
}

type Group = readonly [name: string, operations: readonly OperationData[]];

/** Operations by the first word of their part; null if a part is interrupted by another. */
function contiguous(operations: readonly OperationData[]): Group[] | null {
  const groups = new Map<string, OperationData[]>();
  let last = "";
  for (const operation of operations) {
    const [name = ""] = operation.part.split("/");
    if (name !== last && groups.has(name)) return null;
    groups.set(name, [...(groups.get(name) ?? []), operation]);
    last = name;
  }
  return [...groups];
}

/** A plan computes the ReLU of a value once; here every part does so itself, so that parts exchange outputs of blocks only. */
function localRelus(groups: readonly Group[], all: readonly OperationData[]): Group[] {
  const relus = new Map(all.flatMap((operation) => (operation.operation === "relu" ? [[operation.output, operation] as const] : [])));
  return groups.map(([name, operations]) => {
    const known = new Set<string>();
    const rename = (value: string): string => (relus.has(value) ? `${value}/${name}` : value);
    const own = operations.flatMap((operation): OperationData[] => {
      if (operation.operation === "relu") return [];
      const added = inputsOfOperation(operation).flatMap((input): OperationData[] => {
        const relu = relus.get(input);
        if (relu === undefined || known.has(input)) return [];
        known.add(input);
        return [{ ...relu, part: operation.part, output: rename(input) }];
      });
      const renamed: OperationData =
        "inputs" in operation ? { ...operation, inputs: operation.inputs.map(rename) } : { ...operation, input: rename(operation.input) };
      return [...added, renamed];
    });
    return [name, own] as const;
  });
}
