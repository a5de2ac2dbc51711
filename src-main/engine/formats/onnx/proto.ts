/** Messages of ONNX files, from the published schema (resources/onnx/onnx.proto). */
import { readFileSync } from "node:fs";
import protobuf from "protobufjs";
import { resourceFile } from "../../../lib/resources.ts";

/** The parts of the schema that are written here; field names are those of onnx.proto. */
export interface OnnxModel {
  readonly ir_version: number;
  readonly opset_import: readonly { readonly domain: string; readonly version: number }[];
  readonly producer_name: string;
  readonly producer_version: string;
  readonly domain: string;
  readonly model_version: number;
  readonly doc_string: string;
  readonly graph: OnnxGraph;
  readonly metadata_props: readonly { readonly key: string; readonly value: string }[];
}

export interface OnnxGraph {
  readonly name: string;
  readonly doc_string?: string;
  readonly node: readonly OnnxNode[];
  readonly initializer: readonly OnnxTensor[];
  readonly input: readonly OnnxValue[];
  readonly output: readonly OnnxValue[];
}

export interface OnnxNode {
  readonly op_type: string;
  readonly name: string;
  readonly input: readonly string[];
  readonly output: readonly string[];
  readonly attribute: readonly OnnxAttribute[];
}

export interface OnnxAttribute {
  readonly name: string;
  readonly type: AttributeType;
  readonly i?: number;
  readonly f?: number;
  readonly s?: Uint8Array;
  readonly ints?: readonly number[];
}

export interface OnnxTensor {
  readonly name: string;
  readonly data_type: ElementType;
  readonly dims: readonly number[];
  readonly raw_data: Uint8Array;
}

/** A named input or output; a dimension is a number or the name of a free one. */
export interface OnnxValue {
  readonly name: string;
  readonly doc_string?: string;
  readonly type: {
    readonly tensor_type: { readonly elem_type: ElementType; readonly shape: { readonly dim: readonly ({ dim_value: number } | { dim_param: string })[] } };
  };
}

/** AttributeProto.AttributeType */
export const ATTRIBUTE = { float: 1, int: 2, string: 3, ints: 7 } as const;
type AttributeType = (typeof ATTRIBUTE)[keyof typeof ATTRIBUTE];

/** TensorProto.DataType */
export const ELEMENT = { float32: 1, uint8: 2, int64: 7 } as const;
export type ElementType = (typeof ELEMENT)[keyof typeof ELEMENT];

let modelType: protobuf.Type | undefined;

function model(): protobuf.Type {
  modelType ??= protobuf.parse(readFileSync(resourceFile("onnx", "onnx.proto"), "utf8"), { keepCase: true }).root.lookupType("onnx.ModelProto");
  return modelType;
}

/** The bytes of an ONNX file. @throws Error for a message that does not follow the schema */
export function encodeModel(message: OnnxModel): Uint8Array {
  const problem = model().verify(message);
  if (problem !== null) throw new Error(`The ONNX model does not follow its schema: ${problem}.`);
  return model().encode(message).finish();
}

/** Reads an ONNX file; fields that the schema knows and {@link OnnxModel} does not are there too. @throws Error for other bytes */
export function decodeModel(bytes: Uint8Array): OnnxModel {
  return model().toObject(model().decode(bytes), { longs: Number, enums: Number, arrays: true }) as OnnxModel;
}
