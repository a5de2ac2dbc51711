import { type Tensor, type Tensor1D, type Tensor2D, tf } from "../../backend/ops/tf.ts";
import type { ComputationGraph } from "../../network/plan-types.ts";
import { MessagePassing, type Widths } from "./message-passing.ts";
import { buildSchedule, type PropagationSettings, type Schedule } from "./schedule.ts";

/**
 * Parameters of the GNN, each with a leading axis of sets: one set, or one for each block (SP off). D is the embedding's width, W that of the hidden layer of M.
 *
 * - message function M(h) = relu(h · messageIn + messageInBias) · messageOut + messageOutBias
 * - GRU (Cho et al., 2014, with the reset gate applied behind the product, as common libraries have it): [r, z, x_c] and [r, z, y_c] from
 *   m · gruMessage + gruMessageBias and h · gruState + gruStateBias; r and z are the sigmoids of the sums, candidate = tanh(x_c + r · y_c),
 *   h' = (1 - z) · candidate + z · h
 */
export interface GnnParameters<T = Tensor> {
  /** [sets, D, W]. */
  readonly messageIn: T;
  /** [sets, W]. */
  readonly messageInBias: T;
  /** [sets, W, D]. */
  readonly messageOut: T;
  /** [sets, D]. */
  readonly messageOutBias: T;
  /** [sets, D, 3 D]. */
  readonly gruMessage: T;
  /** [sets, 3 D]. */
  readonly gruMessageBias: T;
  /** [sets, D, 3 D]. */
  readonly gruState: T;
  /** [sets, 3 D]. */
  readonly gruStateBias: T;
}

/**
 * Message passing over several stacked graphs as one differentiable operation.
 *
 * @param graphs architectures; with unshared GNN parameters all have as many blocks as there are sets
 * @param embeddings initial embeddings [nodes, D] of all nodes, graph by graph, block by block, in the order of `nodes`
 * @param select nodes whose final embeddings are wanted, numbered as the rows of `embeddings`, in any order and as often as one likes; −1 gives a row of zeros. All nodes by default
 * @returns final embeddings of `select`, [select.length, D]; differentiable once with respect to embeddings and parameters
 */
export function propagate(
  graphs: readonly ComputationGraph[],
  embeddings: Tensor2D,
  parameters: GnnParameters,
  settings: PropagationSettings,
  select?: Int32Array,
): Tensor2D {
  const schedule = buildSchedule(graphs, settings);
  const [nodes = 0, width = 0] = embeddings.shape;
  const [sets = 0, , message = 0] = parameters.messageIn.shape;
  if (nodes !== schedule.nodes) throw new Error(`The graphs have ${schedule.nodes} nodes, the embeddings are of ${nodes}.`);
  if (sets !== schedule.sets) throw new Error(`The graphs need ${schedule.sets} sets of GNN parameters, not ${sets}.`);
  const widths: Widths = { embedding: width, message };
  const packed = tf.tidy(() => packParameters(parameters, sets, widths));
  return fused(schedule, widths, embeddings, packed, select ?? Int32Array.from({ length: nodes }, (_, node) => node));
}

/** [sets, packedSize]: the GRU's product with a message is moved into the message function's second layer, which is linear too. */
function packParameters(parameters: GnnParameters, sets: number, { embedding, message }: Widths): Tensor2D {
  const { messageIn, messageInBias, messageOut, messageOutBias, gruMessage, gruMessageBias, gruState, gruStateBias } = parameters;
  const gates = tf.matMul(messageOut, gruMessage);
  const perMessage = tf.matMul(tf.reshape(messageOutBias, [sets, 1, embedding]), gruMessage);
  const flat = (tensor: Tensor, size: number): Tensor2D => tf.reshape(tensor, [sets, size]);
  return tf.concat2d(
    [
      flat(messageIn, embedding * message),
      flat(messageInBias, message),
      flat(gates, message * 3 * embedding),
      flat(perMessage, 3 * embedding),
      flat(gruMessageBias, 3 * embedding),
      flat(gruState, embedding * 3 * embedding),
      flat(gruStateBias, 3 * embedding),
    ],
    1,
  );
}

function fused(schedule: Schedule, widths: Widths, embeddings: Tensor2D, packed: Tensor2D, select: Int32Array): Tensor2D {
  const operation = tf.customGrad((...inputs) => {
    const [x, parameters] = inputs as unknown as [Tensor2D, Tensor2D];
    const { embedding: width } = widths;
    const read = tf.tidy(() => tf.concat1d([flatten(x), flatten(parameters)]).dataSync()) as Float32Array;
    const passing = new MessagePassing(schedule, widths, read.subarray(0, x.size), read.subarray(x.size));
    const value = tf.tensor2d(passing.forward(select), [select.length, width]);
    return {
      value,
      gradFunc: (dy: Tensor) => {
        const gradients = passing.backward(select, dy.dataSync() as Float32Array);
        return [
          tf.tensor2d(gradients.embeddings, [schedule.nodes, width]),
          tf.tensor2d(gradients.parameters, [schedule.sets, parameters.size / schedule.sets]),
        ];
      },
    };
  });
  return operation(embeddings, packed) as Tensor2D;
}

function flatten(x: Tensor): Tensor1D {
  return tf.reshape(x, [x.size]);
}
