import { parameterGradients, runBackward } from "./backward-pass.ts";
import { type Pass, runForward } from "./forward-pass.ts";
import { packedSize, parameterSet, type Widths } from "./packed-parameters.ts";
import type { Schedule } from "./schedule.ts";
import { forwardValues, valueGradients } from "./workspace.ts";

/** Gradients of a pass. */
export interface PropagationGradients {
  /** [nodes, D]. */
  readonly embeddings: Float32Array;
  /** [sets, packedSize]. */
  readonly parameters: Float32Array;
}

/** Number of forward passes so far, to detect whether the shared buffers still contain the values of a pass. */
let passes = 0;

/**
 * Message passing over a schedule as plain loops, with its gradient. An instance keeps its arguments; the values of the forward pass are in buffers that all instances
 * share. A backward pass whose values were overwritten in the meantime repeats its forward pass first.
 */
export class MessagePassing {
  private readonly pass: Pass;
  private readonly embeddings: Float32Array;
  private number = -1;

  /**
   * @param embeddings initial embeddings, [nodes, D]; they are not copied and must stay as they are until the backward pass
   * @param parameters packed sets, [sets, packedSize]; the same holds for them
   * @throws Error when a length does not fit the schedule
   */
  constructor(schedule: Schedule, widths: Widths, embeddings: Float32Array, parameters: Float32Array) {
    const size = packedSize(widths);
    if (embeddings.length !== schedule.nodes * widths.embedding) throw new Error("The embeddings do not fit the graphs.");
    if (parameters.length !== schedule.sets * size) throw new Error("The parameters do not fit the graphs.");
    const sets = Array.from({ length: schedule.sets }, (_, set) => parameterSet(widths, parameters.subarray(set * size, (set + 1) * size)));
    this.pass = { schedule, widths, sets };
    this.embeddings = embeddings;
  }

  /** Final embeddings of the chosen nodes, [select.length, D]; zeros for node −1. */
  forward(select: Int32Array): Float32Array {
    const { schedule, widths } = this.pass;
    const { embedding: D } = widths;
    const values = forwardValues(schedule, widths);
    this.number = ++passes;
    runForward(this.pass, this.embeddings, values);
    const result = new Float32Array(select.length * D);
    for (let k = 0; k < select.length; k++) {
      const row = this.finalRow(select[k] as number) * D;
      for (let i = 0; i < D; i++) result[k * D + i] = values.h[row + i] as number;
    }
    return result;
  }

  /** @param dResult gradient of the loss with respect to the result of `forward(select)` */
  backward(select: Int32Array, dResult: Float32Array): PropagationGradients {
    if (passes !== this.number) this.forward(new Int32Array(0));
    const { schedule, widths } = this.pass;
    const { embedding: D } = widths;
    const values = forwardValues(schedule, widths);
    const gradients = valueGradients(schedule, widths);
    const { dh } = gradients;
    for (let k = 0; k < select.length; k++) {
      const row = this.finalRow(select[k] as number) * D;
      for (let i = 0; i < D; i++) dh[row + i] = (dh[row + i] as number) + (dResult[k * D + i] as number);
    }
    runBackward(this.pass, values, gradients);
    return { embeddings: dh.slice(0, schedule.nodes * D), parameters: parameterGradients(this.pass, values, gradients) };
  }

  /** Row of a node's final embedding; of node −1 the row of zeros. */
  private finalRow(node: number): number {
    const { nodes, final } = this.pass.schedule;
    return node < 0 ? nodes : (final[node] as number);
  }
}
