import { type Tensor, type Tensor1D, type Tensor2D, tf } from "../../backend/ops/tf.ts";
import type { ComputationGraph } from "../../network/plan-types.ts";
import { MessagePassing } from "./message-passing.ts";
import { type GnnParameters, packParameters, type Widths } from "./packed-parameters.ts";
import { buildSchedule, type PropagationSettings, type Schedule } from "./schedule.ts";

/**
 * Message passing over several stacked graphs as one differentiable operation (docs/ghn.md, eqs. 3 to 13). The readable version that tests compare it with is
 * tests/engine/ghn/support/slow-propagation.ts.
 *
 * @param graphs architectures; with one set of GNN parameters per block, all must have that many blocks
 * @param embeddings initial embeddings h⁽⁰⁾ of all nodes, [nodes, D]: graph by graph, block by block, in the order of `nodes`
 * @param select nodes whose final embeddings are wanted, numbered as the rows of `embeddings`; any order, repetitions allowed, −1 gives a row of zeros. All nodes by default
 * @returns final embeddings of `select`, [select.length, D]; differentiable once with respect to embeddings and parameters
 * @throws Error when embeddings or sets of parameters do not fit the graphs
 */
export function propagate(
  graphs: readonly ComputationGraph[],
  embeddings: Tensor2D,
  parameters: GnnParameters,
  settings: PropagationSettings,
  select?: Int32Array,
): Tensor2D {
  const schedule = buildSchedule(graphs, settings);
  const [nodes = 0, embedding = 0] = embeddings.shape;
  const [sets = 0, , message = 0] = parameters.messageIn.shape;
  if (nodes !== schedule.nodes) throw new Error(`The graphs have ${schedule.nodes} nodes, but there are ${nodes} embeddings.`);
  if (sets !== schedule.sets) throw new Error(`The graphs need ${schedule.sets} sets of GNN parameters, not ${sets}.`);
  const widths: Widths = { embedding, message };
  const packed = tf.tidy(() => packParameters(parameters, sets, widths));
  return fused(schedule, widths, embeddings, packed, select ?? Int32Array.from({ length: nodes }, (_, node) => node));
}

function fused(schedule: Schedule, widths: Widths, embeddings: Tensor2D, packed: Tensor2D, select: Int32Array): Tensor2D {
  const operation = tf.customGrad((...inputs) => {
    const [x, parameters] = inputs as unknown as [Tensor2D, Tensor2D];
    const { embedding: D } = widths;
    // One read for both: each read waits for the device.
    const read = tf.tidy(() => tf.concat1d([flatten(x), flatten(parameters)]).dataSync()) as Float32Array;
    const passing = new MessagePassing(schedule, widths, read.subarray(0, x.size), read.subarray(x.size));
    const value = tf.tensor2d(passing.forward(select), [select.length, D]);
    return {
      value,
      gradFunc: (dy: Tensor) => {
        const gradients = passing.backward(select, dy.dataSync() as Float32Array);
        return [tf.tensor2d(gradients.embeddings, [schedule.nodes, D]), tf.tensor2d(gradients.parameters, [schedule.sets, parameters.size / schedule.sets])];
      },
    };
  });
  return operation(embeddings, packed) as Tensor2D;
}

function flatten(x: Tensor): Tensor1D {
  return tf.reshape(x, [x.size]);
}
