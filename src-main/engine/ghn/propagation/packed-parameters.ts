import { type Tensor, type Tensor2D, tf } from "../../backend/ops/tf.ts";

/** Widths: D of node embeddings, Q of the hidden layer of the message function. */
export interface Widths {
  readonly embedding: number;
  readonly message: number;
}

/**
 * Parameters of the GNN (docs/ghn.md, eqs. 3 to 9), each with a leading axis of sets: one set, or one for each block when blocks do not share parameters.
 * The comments give symbol and shape; D and Q are the {@link Widths}. The gates stand side by side in the order reset, update, candidate.
 */
export interface GnnParameters<T = Tensor> {
  /** Q₁, [sets, D, Q]. */
  readonly messageIn: T;
  /** b₁, [sets, Q]. */
  readonly messageInBias: T;
  /** Q₂, [sets, Q, D]. */
  readonly messageOut: T;
  /** b₂, [sets, D]. */
  readonly messageOutBias: T;
  /** W_m, [sets, D, 3 D]. */
  readonly gruMessage: T;
  /** b_m, [sets, 3 D]. */
  readonly gruMessageBias: T;
  /** W_h, [sets, D, 3 D]. */
  readonly gruState: T;
  /** b_h, [sets, 3 D]. */
  readonly gruStateBias: T;
}

/**
 * One set of parameters as the loops use them, in the order in which they are packed. Names that also occur in {@link GnnParameters} mean the same. `folded` is
 * G = W₂ W_m and `foldedBias` is g = b₂ W_m: the second layer of M and the GRU's product with the message are both linear, so they are one matrix here (eq. 21).
 */
const PACKED_PARTS = ["messageIn", "messageInBias", "folded", "foldedBias", "gruMessageBias", "gruState", "gruStateBias"] as const;
type PackedPart = (typeof PACKED_PARTS)[number];

/** Shape of each packed part: [inputs, outputs] of matrices, [outputs] of vectors. */
function packedShapes({ embedding, message }: Widths): Readonly<Record<PackedPart, readonly number[]>> {
  const gates = 3 * embedding;
  return {
    messageIn: [embedding, message],
    messageInBias: [message],
    folded: [message, gates],
    foldedBias: [gates],
    gruMessageBias: [gates],
    gruState: [embedding, gates],
    gruStateBias: [gates],
  };
}

/** Number of values in a packed set. */
export function packedSize(widths: Widths): number {
  return Object.values(packedShapes(widths)).reduce((sum, shape) => sum + product(shape), 0);
}

/** Packs all sets with tensor operations, so that the gradients of W₂, b₂ and W_m follow from those of G and g. Returns [sets, packedSize]. */
export function packParameters(parameters: GnnParameters, sets: number, widths: Widths): Tensor2D {
  const { messageOut, messageOutBias, gruMessage } = parameters;
  const folded = tf.matMul(messageOut, gruMessage);
  const foldedBias = tf.matMul(tf.reshape(messageOutBias, [sets, 1, widths.embedding]), gruMessage);
  const tensors: Readonly<Record<PackedPart, Tensor>> = { ...parameters, folded, foldedBias };
  const shapes = packedShapes(widths);
  return tf.concat2d(
    PACKED_PARTS.map((part): Tensor2D => tf.reshape(tensors[part], [sets, product(shapes[part])])),
    1,
  );
}

/** The parts of one packed set as views: writing into them writes into `packed`. */
export function packedViews(widths: Widths, packed: Float32Array): Readonly<Record<PackedPart, Float32Array>> {
  const shapes = packedShapes(widths);
  let offset = 0;
  const next = (part: PackedPart): Float32Array => {
    const size = product(shapes[part]);
    offset += size;
    return packed.subarray(offset - size, offset);
  };
  const [messageIn, messageInBias, folded, foldedBias, gruMessageBias, gruState, gruStateBias] = [
    next("messageIn"),
    next("messageInBias"),
    next("folded"),
    next("foldedBias"),
    next("gruMessageBias"),
    next("gruState"),
    next("gruStateBias"),
  ];
  return { messageIn, messageInBias, folded, foldedBias, gruMessageBias, gruState, gruStateBias };
}

/** One packed set. Forward products read a matrix by output ([outputs, inputs]), backward products by input, so both are kept. */
export interface ParameterSet extends Readonly<Record<PackedPart, Float32Array>> {
  readonly messageInByOutput: Float32Array;
  readonly foldedByOutput: Float32Array;
  readonly gruStateByOutput: Float32Array;
}

/** Unpacks one set; the matrices by output are copies, all other parts are views. */
export function parameterSet(widths: Widths, packed: Float32Array): ParameterSet {
  const { embedding, message } = widths;
  const parts = packedViews(widths, packed);
  return {
    ...parts,
    messageInByOutput: transposed(parts.messageIn, embedding, message),
    foldedByOutput: transposed(parts.folded, message, 3 * embedding),
    gruStateByOutput: transposed(parts.gruState, embedding, 3 * embedding),
  };
}

/** [rows, columns] -> [columns, rows]. */
function transposed(x: Float32Array, rows: number, columns: number): Float32Array {
  const y = new Float32Array(x.length);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) y[j * rows + i] = x[i * columns + j] as number;
  }
  return y;
}

function product(shape: readonly number[]): number {
  return shape.reduce((total, size) => total * size, 1);
}
