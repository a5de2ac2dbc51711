import type { ProgramBuilder } from "../../network/builder.ts";
import type { Register, Step } from "../../network/program.ts";

/** [height, width, channels] of a register. */
type ShapeOf = (register: Register) => readonly [height: number, width: number, channels: number];

/**
 * Multiply-adds of one step for one image, as MSDNet's authors count them (https://github.com/kalviny/MSDNet-PyTorch): those of convolutions and classifiers, the classifiers'
 * biases, and one for each value that enters a ReLU or a pooling window. Batch norm, sums, concatenation and upsampling are not counted. All networks of the anytime
 * experiments are counted in the same way. The figures of MSDNet's own code are reproduced only if activations are counted.
 */
function stepCost(step: Step, shapeOf: ShapeOf): number {
  const size = (register: Register): number => shapeOf(register).reduce((product, length) => product * length, 1);
  switch (step.kind) {
    case "conv": {
      const [kh = 0, kw = 0, channels = 0] = step.weight.shape;
      return size(step.y) * kh * kw * channels;
    }
    case "depthwise": {
      const [kh = 0, kw = 0] = step.weight.shape;
      return size(step.y) * kh * kw;
    }
    case "dense":
      return (shapeOf(step.x)[2] + 1) * shapeOf(step.y)[2];
    case "relu":
    case "globalAveragePool":
      return size(step.x);
    case "maxPool":
    case "avgPool":
      return size(step.y) * step.size ** 2;
    case "norm":
    case "sum":
    case "concat":
    case "upsample":
      return 0;
  }
}

/** Cost of each step that a builder has added. */
export function stepCosts(builder: ProgramBuilder): number[] {
  return builder.steps.map((step) => stepCost(step, (register) => builder.shape(register)));
}
