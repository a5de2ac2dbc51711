import type { GhnConfig } from "../../../src-shared/domain/config/run-config.ts";
import type { Tensor } from "../backend/ops/tf.ts";
import type { ParameterSpec } from "./decoder/parameter-spec.ts";
import type { GnnParameters } from "./propagation/packed-parameters.ts";

/** Names of the GNN's parameters in files. */
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

/** Standard deviation of the entries of an initial embedding. */
const EMBEDDING_DEVIATION = 0.7;

/** The GNN's parameters, as `propagate` takes them. @param parameter returns a parameter by its name in files */
export function gnnParameters(parameter: (fileName: string) => Tensor): GnnParameters {
  return {
    messageIn: parameter(FILE_NAMES.messageIn),
    messageInBias: parameter(FILE_NAMES.messageInBias),
    messageOut: parameter(FILE_NAMES.messageOut),
    messageOutBias: parameter(FILE_NAMES.messageOutBias),
    gruMessage: parameter(FILE_NAMES.gruMessage),
    gruMessageBias: parameter(FILE_NAMES.gruMessageBias),
    gruState: parameter(FILE_NAMES.gruState),
    gruStateBias: parameter(FILE_NAMES.gruStateBias),
  };
}

/**
 * Learned embedding of nodes, E of docs/ghn.md, eq. 2.
 * @param entries length of a node's encoding
 * @param sets number of embeddings if every block has its own; null if all blocks share one
 */
export function embeddingSpec(width: number, entries: number, sets: number | null = null): ParameterSpec {
  return { name: "embedding", shape: [...(sets === null ? [] : [sets]), entries, width], initial: { normal: EMBEDDING_DEVIATION } };
}

/**
 * The GNN with its initial values (docs/ghn.md, sections 3 to 5). The update gate starts nearly closed (eq. 14): after all updates of a node about half
 * of its initial embedding, which holds its operation, is left (cf. Tallec and Ollivier, 2018). With a zero bias each update keeps half of the state, so T = 5 would
 * leave a thousandth.
 *
 * @param sets number of sets of GNN parameters: 1 when blocks share them, otherwise one for each block
 */
export function gnnSpecs({ hiddenSize: width, messageHiddenSize: message, propagation, propagationSteps }: GhnConfig, sets: number): ParameterSpec[] {
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
