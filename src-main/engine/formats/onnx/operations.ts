/** ONNX nodes of each operation. */
import type { OperationData, OperationOf } from "../../network/operation-data.ts";
import { arrayOf, type ExportedNetwork, toChannelsFirst } from "../exported-network.ts";
import type { GraphWriter } from "./graph-writer.ts";

/** What the nodes of an operation are made from. */
export interface OnnxContext {
  readonly graph: GraphWriter;
  readonly network: ExportedNetwork;
  /** Name in the graph of a value of the network. */
  readonly refer: (name: string) => string;
  /** The batch norm that the convolution with this output includes; null where there is none. */
  readonly foldedInto: (output: string) => OperationOf<"batchNorm"> | null;
}

type Write<Name extends OperationData["operation"]> = (operation: OperationOf<Name>, context: OnnxContext) => void;

/** One entry per operation; a new one does not compile without it. */
export const ONNX_OPERATIONS: { readonly [Name in OperationData["operation"]]: Write<Name> } = {
  relu: ({ input, output }, { graph, refer }) => graph.node("Relu", `relu/${output}`, [refer(input)], output),
  convolution: writeConvolution,
  batchNorm({ input, output, scale, shift, mean, variance, epsilon }, { graph, network, refer }) {
    const constants = [scale, shift, mean, variance].map((name) => graph.floats(name, arrayOf(network, name)));
    graph.node("BatchNormalization", mean.replace(/\/mean$/, ""), [refer(input), ...constants], output, { epsilon });
  },
  maxPool: ({ input, output, kernel, stride, padding }, { graph, refer }) =>
    graph.node("MaxPool", `maxPool/${output}`, [refer(input)], output, { kernel_shape: kernel, strides: [stride, stride], pads: padding }),
  averagePool: ({ input, output, kernel, stride, padding }, { graph, refer }) =>
    graph.node("AveragePool", `averagePool/${output}`, [refer(input)], output, {
      kernel_shape: kernel,
      strides: [stride, stride],
      pads: padding,
      count_include_pad: 0,
    }),
  upsample({ input, output, factor, shape: [height, width] }, { graph, refer }) {
    const scales = graph.floats(`scales/${factor}`, { shape: [4], values: Float32Array.of(1, 1, factor, factor) });
    const large = `${output}/uncut`;
    graph.node("Resize", `upsample/${output}`, [refer(input), "", scales], large, {
      mode: "nearest",
      coordinate_transformation_mode: "asymmetric",
      nearest_mode: "floor",
    });
    const [from, to, axes] = [
      graph.integers("cut/from", [0, 0]),
      graph.integers(`cut/to/${height}x${width}`, [height, width]),
      graph.integers("cut/axes", [2, 3]),
    ];
    graph.node("Slice", `cut/${output}`, [large, from, to, axes], output);
  },
  sum: ({ inputs, output }, { graph, refer }) => graph.node(inputs.length === 2 ? "Add" : "Sum", `sum/${output}`, inputs.map(refer), output),
  concatenate: ({ inputs, output }, { graph, refer }) => graph.node("Concat", `concatenate/${output}`, inputs.map(refer), output, { axis: 1 }),
  globalAveragePool({ input, output }, { graph, refer }) {
    graph.node("GlobalAveragePool", `globalAveragePool/${output}`, [refer(input)], `${output}/image`);
    graph.node("Flatten", `flatten/${output}`, [`${output}/image`], output, { axis: 1 });
  },
  linear({ input, output, weight, bias }, { graph, network, refer }) {
    graph.node("Gemm", weight, [refer(input), graph.floats(weight, arrayOf(network, weight)), graph.floats(bias, arrayOf(network, bias))], output);
  },
};

function writeConvolution(operation: OperationOf<"convolution">, { graph, network, refer, foldedInto }: OnnxContext): void {
  const { input, output, weight, kernel, stride, dilation, groups, padding } = operation;
  const attributes = { kernel_shape: kernel, strides: [stride, stride], dilations: [dilation, dilation], pads: padding, group: groups };
  const values = toChannelsFirst(arrayOf(network, weight), groups > 1);
  const norm = foldedInto(output);
  if (norm === null) {
    graph.node("Conv", `convolution/${output}`, [refer(input), graph.floats(weight, values)], output, attributes);
    return;
  }
  // The weight is shared by all inputs of an operation, but each has statistics of its own, and so folded weights of its own.
  const name = norm.mean.replace(/\/mean$/, "");
  const folded = foldNorm(values, network, norm);
  graph.node(
    "Conv",
    `convolution/${output}`,
    [refer(input), graph.floats(`${name}/weight`, folded.weight), graph.floats(`${name}/bias`, folded.bias)],
    norm.output,
    attributes,
  );
}

/** A convolution and the batch norm after it as one convolution with bias. */
function foldNorm(
  { shape, values }: ReturnType<typeof toChannelsFirst>,
  network: ExportedNetwork,
  { scale, shift, mean, variance, epsilon }: OperationOf<"batchNorm">,
): {
  readonly weight: { shape: readonly number[]; values: Float32Array<ArrayBuffer> };
  readonly bias: { shape: readonly number[]; values: Float32Array<ArrayBuffer> };
} {
  const [scales, shifts, means, variances] = [scale, shift, mean, variance].map((name) => arrayOf(network, name).values);
  const filters = shape[0] ?? 0;
  const size = values.length / filters;
  const weight = new Float32Array(values.length);
  const bias = new Float32Array(filters);
  for (let filter = 0; filter < filters; filter++) {
    const factor = (scales?.[filter] ?? 0) / Math.sqrt((variances?.[filter] ?? 0) + epsilon);
    for (let i = filter * size; i < (filter + 1) * size; i++) weight[i] = (values[i] ?? 0) * factor;
    bias[filter] = (shifts?.[filter] ?? 0) - (means?.[filter] ?? 0) * factor;
  }
  return { weight: { shape, values: weight }, bias: { shape: [filters], values: bias } };
}
