/** A trained network as an ONNX model. */
import { BATCH_NORM_EPSILON } from "../../network/forward.ts";
import { IMAGES_VALUE, networkData, type OperationData, type OperationOf } from "../../network/operation-data.ts";
import { programOf } from "../../network/program.ts";
import type { ExportedNetwork } from "../exported-network.ts";
import { GraphWriter } from "./graph-writer.ts";
import { ONNX_OPERATIONS, type OnnxContext } from "./operations.ts";
import { ELEMENT, type ElementType, encodeModel, type OnnxValue } from "./proto.ts";

/** The IR version that appeared with each opset. Runtimes refuse newer ones than they know, so each model has the oldest that allows its opset. */
const IR_VERSIONS: Readonly<Record<number, number>> = { 13: 7, 14: 7, 15: 8, 16: 8, 17: 8, 18: 8, 19: 9, 20: 9, 21: 10 };

/** Opsets that can be written; the operations used here mean the same in all of them. */
export const OPSETS: readonly number[] = Object.keys(IR_VERSIONS).map(Number);

export interface OnnxOptions {
  /** One of {@link OPSETS}. */
  readonly opset: number;
  /** Whether batch norm becomes part of the convolution before it. */
  readonly foldBatchNorm: boolean;
  /**
   * `normalised`: input `images`, float32 [batch, channels, height, width], (byte / 255 − mean) / std; output logits.
   * `raw`: input `pixels`, uint8 [batch, height, width, channels], 0 to 255; output probabilities.
   */
  readonly preprocessing: "raw" | "normalised";
}

/** Names of the outputs, in the order in which the exits of a network are computed: `logits`, or `logits_exit1`, `logits_exit2` …; `probabilities` with raw images. */
export function onnxOutputNames(exits: number, { preprocessing }: Pick<OnnxOptions, "preprocessing">): readonly string[] {
  const base = preprocessing === "raw" ? "probabilities" : "logits";
  return exits === 1 ? [base] : Array.from({ length: exits }, (_, i) => `${base}_exit${i + 1}`);
}

export interface OnnxDescription {
  readonly name: string;
  readonly producerVersion: string;
  /** Where the network comes from; stored with the model as text by key. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** The bytes of an ONNX file. The batch size is free. @throws Error for an opset that is not in {@link OPSETS}, or if an array of the network is missing */
export function onnxModel(network: ExportedNetwork, options: OnnxOptions, { name, producerVersion, metadata }: OnnxDescription): Uint8Array {
  const irVersion = IR_VERSIONS[options.opset];
  if (irVersion === undefined) throw new Error(`ONNX opset ${options.opset} cannot be written.`);
  const { operations, outputs } = networkData(programOf(network.plan), BATCH_NORM_EPSILON);
  const graph = new GraphWriter();
  const folded = options.foldBatchNorm ? foldable(operations, outputs) : new Map<string, OperationOf<"batchNorm">>();
  const included = new Set([...folded.values()].map(({ output }) => output));
  const names = onnxOutputNames(outputs.length, options);
  const context: OnnxContext = {
    graph,
    network,
    refer: (value) => (value === IMAGES_VALUE && options.preprocessing === "raw" ? "normalised" : value),
    foldedInto: (output) => folded.get(output) ?? null,
  };
  if (options.preprocessing === "raw") writeNormalisation(graph, network);
  for (const operation of operations) if (!included.has(operation.output)) write(operation, context);
  outputs.forEach((value, i) => {
    const output = names[i] ?? value;
    if (options.preprocessing === "raw") graph.node("Softmax", output, [value], output, { axis: 1 });
    else graph.node("Identity", output, [value], output);
  });
  return encodeModel({
    ir_version: irVersion,
    opset_import: [{ domain: "", version: options.opset }],
    producer_name: "GHN Studio",
    producer_version: producerVersion,
    domain: "",
    model_version: 1,
    doc_string: docString(network, options),
    graph: {
      name,
      node: graph.nodes,
      initializer: graph.constants,
      input: [inputValue(network, options)],
      output: names.map((output) => value(output, ELEMENT.float32, ["batch", network.input.classes])),
    },
    metadata_props: Object.entries(metadata).map(([key, text]) => ({ key, value: text })),
  });
}

function write<Name extends OperationData["operation"]>(operation: OperationOf<Name>, context: OnnxContext): void {
  const writeOne = ONNX_OPERATIONS[operation.operation as Name] as (operation: OperationOf<Name>, context: OnnxContext) => void;
  writeOne(operation, context);
}

/** By output of a convolution: the batch norm that is its only reader. */
function foldable(operations: readonly OperationData[], outputs: readonly string[]): Map<string, OperationOf<"batchNorm">> {
  const readers = new Map<string, OperationData[]>();
  for (const operation of operations)
    for (const input of "inputs" in operation ? operation.inputs : [operation.input]) readers.set(input, [...(readers.get(input) ?? []), operation]);
  const found = new Map<string, OperationOf<"batchNorm">>();
  for (const { operation, output } of operations) {
    const [reader, other] = readers.get(output) ?? [];
    if (operation === "convolution" && reader?.operation === "batchNorm" && other === undefined && !outputs.includes(output)) found.set(output, reader);
  }
  return found;
}

/** (byte / 255 − mean) / std, and channels first. */
function writeNormalisation(graph: GraphWriter, { normalisation: { mean, std }, input: { channels } }: ExportedNetwork): void {
  const perChannel = (name: string, values: readonly number[]): string => graph.floats(name, { shape: [1, channels, 1, 1], values: Float32Array.from(values) });
  graph.node("Cast", "normalise/float", ["pixels"], "normalise/float", { to: ELEMENT.float32 });
  graph.node("Transpose", "normalise/channelsFirst", ["normalise/float"], "normalise/channelsFirst", { perm: [0, 3, 1, 2] });
  graph.node(
    "Div",
    "normalise/share",
    ["normalise/channelsFirst", graph.floats("normalise/255", { shape: [], values: Float32Array.of(255) })],
    "normalise/share",
  );
  graph.node("Sub", "normalise/centred", ["normalise/share", perChannel("normalise/mean", mean)], "normalise/centred");
  graph.node("Div", "normalise/scaled", ["normalise/centred", perChannel("normalise/std", std)], "normalised");
}

function inputValue({ input: { height, width, channels } }: ExportedNetwork, { preprocessing }: OnnxOptions): OnnxValue {
  return preprocessing === "raw"
    ? value("pixels", ELEMENT.uint8, ["batch", height, width, channels])
    : value(IMAGES_VALUE, ELEMENT.float32, ["batch", channels, height, width]);
}

function value(name: string, type: ElementType, dims: readonly (string | number)[]): OnnxValue {
  const dim = dims.map((length) => (typeof length === "string" ? { dim_param: length } : { dim_value: length }));
  return { name, type: { tensor_type: { elem_type: type, shape: { dim } } } };
}

function docString({ normalisation: { mean, std } }: ExportedNetwork, { preprocessing }: OnnxOptions): string {
  return preprocessing === "raw"
    ? "Input: uint8 pixels [batch, height, width, channels], 0 to 255. Output: probabilities of the classes, in the order of the metadata entry classNames."
    : `Input: float32 images [batch, channels, height, width], (byte / 255 - mean) / std with mean [${mean.join(", ")}] and std [${std.join(", ")}]. Output: logits of the classes, in the order of the metadata entry classNames.`;
}
