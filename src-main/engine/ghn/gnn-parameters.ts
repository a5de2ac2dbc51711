import type { GhnConfig } from "../../../src-shared/domain/config/run-config.ts";
import type { ParameterSpec } from "./decoder/decoder.ts";
import { NODE_TYPES } from "./embedding/embedding.ts";
import type { GnnParameters } from "./propagation/propagation.ts";

/** Names of the GNN's parameters in `GnnParameters`, in the order of the file. */
export const GNN_PARAMETERS = [
  "messageIn",
  "messageInBias",
  "messageOut",
  "messageOutBias",
  "gruMessage",
  "gruMessageBias",
  "gruState",
  "gruStateBias",
] as const satisfies readonly (keyof GnnParameters)[];

const FILE_NAMES: Readonly<Record<keyof GnnParameters, string>> = {
  messageIn: "gnn/message/in",
  messageInBias: "gnn/message/in-bias",
  messageOut: "gnn/message/out",
  messageOutBias: "gnn/message/out-bias",
  gruMessage: "gnn/gru/message",
  gruMessageBias: "gnn/gru/message-bias",
  gruState: "gnn/gru/state",
  gruStateBias: "gnn/gru/state-bias",
};

export function gnnParameterName(parameter: keyof GnnParameters): string {
  return FILE_NAMES[parameter];
}

/** Deviation of the entries of an initial embedding. */
const EMBEDDING_DEVIATION = 0.7;

/**
 * Learned embedding of node types, which the GNN starts from.
 * @param entries of a node's vector: one for each type, unless nodes are told apart by more
 */
export function embeddingSpec(width: number, entries: number = NODE_TYPES.length): ParameterSpec {
  return { name: "embedding", shape: [entries, width], initial: { normal: EMBEDDING_DEVIATION } };
}

/**
 * Embedding of node types and the GNN. The update gate starts nearly closed, so that after all updates of a node about half of its first embedding, which holds its operation, is
 * left (cf. Tallec and Ollivier, 2018); at one half per update, as with a zero bias, T = 5 would leave a thousandth.
 *
 * @param sets sets of GNN parameters: 1 (SP), or one for each block
 * @param entries of a node's initial vector; one for each type by default
 */
export function gnnSpecs(
  { hiddenSize: width, messageHiddenSize: message, propagation, propagationSteps }: GhnConfig,
  sets: number,
  entries?: number,
): ParameterSpec[] {
  const updates = Math.max(1, propagation === "forward-backward" ? 2 * propagationSteps : propagationSteps);
  const kept = 0.5 ** (1 / updates);
  const updateBias = Math.log(kept / (1 - kept));
  const bound = Math.sqrt(1 / width);
  const zero = { constants: () => 0 };
  const spec = (parameter: keyof GnnParameters, shape: readonly number[], initial: ParameterSpec["initial"]): ParameterSpec => ({
    name: FILE_NAMES[parameter],
    shape: [sets, ...shape],
    initial,
  });
  return [
    embeddingSpec(width, entries),
    spec("messageIn", [width, message], { normal: Math.sqrt(2 / width) }),
    spec("messageInBias", [message], zero),
    spec("messageOut", [message, width], { normal: Math.sqrt(1 / message) }),
    spec("messageOutBias", [width], zero),
    spec("gruMessage", [width, 3 * width], { uniform: bound }),
    spec("gruMessageBias", [3 * width], { constants: (i) => (Math.floor(i / width) % 3 === 1 ? updateBias : 0) }),
    spec("gruState", [width, 3 * width], { uniform: bound }),
    spec("gruStateBias", [3 * width], zero),
  ];
}
