import type { NamedArray } from "../../backend/ops/types.ts";
import { ATTRIBUTE, ELEMENT, type OnnxAttribute, type OnnxNode, type OnnxTensor } from "./proto.ts";

/** Attributes of a node: integers, lists of integers, and text. */
export type Attributes = Readonly<Record<string, number | string | readonly number[]>>;

/** Collects nodes and constants of an ONNX graph. */
export class GraphWriter {
  readonly nodes: OnnxNode[] = [];
  readonly constants: OnnxTensor[] = [];
  private readonly known = new Set<string>();

  /**
   * Adds a node.
   * @param name unique in the graph; shown by viewers
   */
  node(type: string, name: string, inputs: readonly string[], output: string, attributes: Attributes = {}): void {
    this.nodes.push({ op_type: type, name, input: inputs, output: [output], attribute: Object.entries(attributes).map(attributeOf) });
  }

  /** Adds a float constant once, and returns its name. */
  floats(name: string, { shape, values }: NamedArray): string {
    // The format is little-endian, and so is every supported platform.
    return this.constant(name, ELEMENT.float32, shape, new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  }

  /** Adds a list of integers once, and returns its name. */
  integers(name: string, values: readonly number[]): string {
    return this.constant(name, ELEMENT.int64, [values.length], new Uint8Array(BigInt64Array.from(values.map(BigInt)).buffer));
  }

  private constant(name: string, type: OnnxTensor["data_type"], dims: readonly number[], bytes: Uint8Array): string {
    if (!this.known.has(name)) this.constants.push({ name, data_type: type, dims, raw_data: bytes });
    this.known.add(name);
    return name;
  }
}

function attributeOf([name, value]: readonly [string, number | string | readonly number[]]): OnnxAttribute {
  if (typeof value === "string") return { name, type: ATTRIBUTE.string, s: Buffer.from(value) };
  if (typeof value !== "number") return { name, type: ATTRIBUTE.ints, ints: value };
  // Only epsilon is a fraction.
  return Number.isInteger(value) ? { name, type: ATTRIBUTE.int, i: value } : { name, type: ATTRIBUTE.float, f: value };
}
