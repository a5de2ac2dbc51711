import { type Tensor, type Tensor2D, tf, type Variable } from "../../backend/ops/tf.ts";
import { OUTPUT_HEADS, type OutputHeadName, type ParameterLayout } from "../../spaces/shared/network-family.ts";
import { type DecoderRows, featureCount, type RowGroup, type Target } from "./decoder-rows.ts";
import { type ParameterSpec, sizeOf } from "./parameter-spec.ts";
import { sliceBegin } from "./slices.ts";

/** Approximate second moment of the entries of initial final embeddings; the scale of initial weights depends on it. */
const EMBEDDING_MOMENT = 0.25;
/** Standard deviation of the initial weights of slot features. */
const FEATURE_DEVIATION = 0.7;

/**
 * Share of an initial weight's standard deviation that depends on its node; the rest comes from the bias of the output head and is common to all nodes. A GHN learns
 * what all nodes have in common much faster than what distinguishes them, and common initial weights spare it from having to overcome random differences first.
 */
const OWN_SHARE = 0.5;
/** Heads whose bias starts at zero: batch norm starts around scale 1 and shift 0, classifier biases around 0. */
const NEUTRAL_HEADS: ReadonlySet<OutputHeadName> = new Set(["scale", "shift", "bias"]);

/**
 * H of the paper (its equation 2; docs/ghn.md, eqs. 15 to 20): turns final embeddings into weights. One hidden layer with ReLU sees the embedding of the slot's node,
 * the embedding of the source if the weight reads a concatenation, and the slot features. Then each kind of weight has a linear output head of the largest shape in
 * the network. Smaller weights are slices of it; the head is sliced before the product, so nothing is computed in vain.
 */
export class Decoder {
  readonly specs: readonly ParameterSpec[];
  private readonly layout: ParameterLayout;
  private readonly hidden: number;

  /**
   * @param embedding width D of a final embedding
   * @param hidden width P of the hidden layer
   */
  constructor(embedding: number, hidden: number, layout: ParameterLayout) {
    this.layout = layout;
    this.hidden = hidden;
    const features = featureCount(layout);
    const ofEmbedding = Math.sqrt(1 / (embedding * EMBEDDING_MOMENT));
    // ReLU halves the second moment of its input: 1 from the owner's embedding, and that of two features.
    const moment = (1 + 2 * FEATURE_DEVIATION ** 2) / 2;
    this.specs = [
      { name: "decoder/embedding", shape: [2 * embedding, hidden], initial: { normal: ofEmbedding } },
      { name: "decoder/slot", shape: [features, hidden], initial: { normal: FEATURE_DEVIATION } },
      // The last row is the bias.
      ...OUTPUT_HEADS.map((name) => ({
        name: headParameter(name),
        shape: [hidden + 1, ...layout.outputHeads[name].sizes],
        initial: { normal: OWN_SHARE * Math.sqrt(1 / (hidden * moment)), lastRow: NEUTRAL_HEADS.has(name) ? 0 : Math.sqrt(1 - OWN_SHARE ** 2) },
      })),
    ];
  }

  /**
   * Weights of all slots, in the order of `rows.targets`.
   *
   * @param embeddings final embeddings of `rows.nodes`, [2 · rows, D]: owner and source in turn
   * @param parameter returns the tensors of `specs` by name
   */
  decode(rows: DecoderRows, embeddings: Tensor2D, parameter: (name: string) => Variable): Tensor[] {
    const hidden = this.hiddenLayer(rows, embeddings, parameter);
    const parts: Tensor2D[] = tf.split(
      hidden,
      rows.groups.map((group) => group.rows.length),
      0,
    );
    const pieces = new Map<RowGroup, Tensor[]>();
    rows.groups.forEach((group, g) => {
      const part = parts[g];
      if (part !== undefined) pieces.set(group, this.decodeGroup(group, part, parameter(headParameter(group.head))));
    });
    return rows.targets.map((target) => assemble(target, pieces));
  }

  /** [s g | s], [rows, P + 1] (eq. 15): rows are multiplied by the weight scale here, where they are short; the last column multiplies the bias of the head. */
  private hiddenLayer(rows: DecoderRows, embeddings: Tensor2D, parameter: (name: string) => Variable): Tensor2D {
    const width = embeddings.shape[1];
    const pairs = tf.reshape(embeddings, [rows.count, 2 * width]) as Tensor2D;
    const features = tf.tensor2d(rows.features, [rows.count, rows.features.length / rows.count]);
    const scales = tf.tensor2d(rows.scales, [rows.count, 1]);
    const sum = tf.add(
      tf.matMul(pairs, parameter("decoder/embedding") as unknown as Tensor2D),
      tf.matMul(features, parameter("decoder/slot") as unknown as Tensor2D),
    );
    return tf.concat2d([tf.mul(tf.relu(sum), scales) as Tensor2D, scales], 1);
  }

  /** One tensor for each piece of the group (eqs. 16 and 17). */
  private decodeGroup(group: RowGroup, hidden: Tensor2D, head: Variable): Tensor[] {
    const { sizes, shape, pieces, rows, squash } = group;
    const largest = this.layout.outputHeads[group.head];
    const begin = sliceBegin(largest, sizes, group.head);
    const isWhole = sizes.every((size, axis) => size === largest.sizes[axis]);
    const matrix = isWhole ? head : tf.slice(head, [0, ...begin], [this.hidden + 1, ...sizes]);
    let values: Tensor = tf.matMul(hidden, tf.reshape(matrix, [this.hidden + 1, sizeOf(sizes)]) as Tensor2D);
    if (squash === "scale") values = tf.mul(tf.sigmoid(values), 2);
    if (squash === "shift") values = tf.tanh(values);
    // The gradients of unstack and split fail if there is only one output.
    if (pieces.length === 1) return [rows.length === 1 ? tf.reshape(values, [...shape]) : values];
    // Most rows are a whole weight: one reshape for all of them.
    if (pieces.length === rows.length) return tf.unstack(tf.reshape(values, [rows.length, ...shape]));
    return tf.split(
      values,
      pieces.map((piece) => piece.rows),
      0,
    );
  }
}

function headParameter(head: OutputHeadName): string {
  return `decoder/${head}`;
}

/** Joins the pieces of a slot. */
function assemble({ slot, pieces }: Target, values: ReadonlyMap<RowGroup, readonly Tensor[]>): Tensor {
  const parts = pieces.map(({ group, index }) => {
    const part = values.get(group)?.[index];
    if (part === undefined) throw new Error(`Nothing was generated for ${slot.id}.`);
    return part;
  });
  const [only] = parts;
  if (only !== undefined && parts.length === 1) return only.shape.join() === slot.shape.join() ? only : tf.reshape(only, [...slot.shape]);
  return tf.reshape(tf.concat1d(parts.map((part) => tf.reshape(part, [part.size]))), [...slot.shape]);
}
