import type { NetworkConfig } from "../../../../src-shared/domain/architecture/network.ts";
import type { AnyOperationName } from "../../../../src-shared/domain/architecture/operations.ts";
import type { ProgramBuilder } from "../../network/builder.ts";
import type { Register } from "../../network/program.ts";

/** How one operation is applied to its input number `application`; C channels in, C channels out, same size. */
type Apply = (builder: ProgramBuilder, x: Register, application: number, config: NetworkConfig) => Register;

/**
 * f(x; w) of every operation (paper, appendix 5.1). To add an operation, list it in src-shared/domain/architecture/operations.ts and
 * implement it here; counts, weights and the GHN follow.
 */
const OPERATIONS: Readonly<Record<Exclude<AnyOperationName, "identity">, Apply>> = {
  conv1x1: (builder, x, application) => {
    const filters = builder.shape(x)[2];
    return builder.norm(builder.conv(builder.relu(x), "conv", "pointwise", { kernel: [1, 1], filters }), "", application);
  },
  conv3x3: (builder, x, application) => {
    const filters = builder.shape(x)[2];
    return builder.norm(builder.conv(builder.relu(x), "conv", "conv3x3", { kernel: [3, 3], filters }), "", application);
  },
  sepConv3x3: separable(3, 1),
  sepConv5x5: separable(5, 1),
  sepConv7x7: separable(7, 1),
  dilConv3x3: separable(3, 2),
  dilConv5x5: separable(5, 2),
  "conv1x7-7x1": factorized(7),
  "conv1x3-3x1": factorized(3),
  maxPool3x3: (builder, x) => builder.pool(x, "maxPool", 3),
  maxPool2x2: (builder, x) => builder.pool(x, "maxPool", 2),
  avgPool3x3: (builder, x) => builder.pool(x, "avgPool", 3),
  avgPool2x2: (builder, x) => builder.pool(x, "avgPool", 2),
};

/** ReLU, depthwise, pointwise, batch norm; `separableRepeats` times (`dilatedRepeats` if dilated), each time with different weights. */
function separable(size: number, dilation: number): Apply {
  return (builder, x, application, { separableRepeats, dilatedRepeats = separableRepeats }) => {
    let y = x;
    for (let i = 0; i < (dilation === 1 ? separableRepeats : dilatedRepeats); i++) {
      const filters = builder.shape(y)[2];
      const depthwise = builder.depthwise(builder.relu(y), `sep${i}/depthwise`, size, dilation);
      const pointwise = builder.conv(depthwise, `sep${i}/pointwise`, "pointwise", { kernel: [1, 1], filters });
      y = builder.norm(pointwise, `sep${i}`, application);
    }
    return y;
  };
}

/**
 * 1×k and k×1 convolutions inside a bottleneck of C / factorizedDivisor channels, as in residual networks: (ReLU, 1×1 down,
 * batch norm), (ReLU, 1×k, k×1, batch norm), (ReLU, 1×1 up, batch norm). With divisor 1 there is no bottleneck: ReLU, 1×k, k×1, batch norm.
 */
function factorized(size: number): Apply {
  return (builder, x, application, { factorizedDivisor }) => {
    const channels = builder.shape(x)[2];
    const pair = (y: Register, filters: number): Register => {
      const row = builder.conv(builder.relu(y), `conv1x${size}`, "conv1xk", { kernel: [1, size], filters });
      return builder.norm(builder.conv(row, `conv${size}x1`, "convkx1", { kernel: [size, 1], filters }), "", application);
    };
    if (factorizedDivisor === 1) return pair(x, channels);
    const inner = Math.max(1, Math.round(channels / factorizedDivisor));
    const down = builder.norm(builder.conv(builder.relu(x), "down/conv", "pointwise", { kernel: [1, 1], filters: inner }), "down", application);
    const narrow = pair(down, inner);
    return builder.norm(builder.conv(builder.relu(narrow), "up/conv", "pointwise", { kernel: [1, 1], filters: channels }), "up", application);
  };
}

/**
 * Adds a whole node: the sum over its inputs u of f(x_u; w), with the same weights for each (equation 1 of the paper).
 *
 * Inputs are never joined into one batch: batch norm normalises each application with its own statistics, and without
 * batch norm joining would not save kernel calls. Average pooling is linear, so it is applied once, after the sum.
 */
export function writeOperation(builder: ProgramBuilder, operation: AnyOperationName, inputs: readonly Register[], config: NetworkConfig): Register {
  if (operation === "identity") return builder.sum(inputs);
  const apply = OPERATIONS[operation];
  const linear = operation === "avgPool3x3" || operation === "avgPool2x2";
  if (linear && inputs.length > 1) return apply(builder, builder.droppedSum(inputs), 0, config);
  return builder.droppedSum(inputs.map((x, application) => apply(builder, x, application, config)));
}
