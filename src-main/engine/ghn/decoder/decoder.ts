import { at } from "../../backend/ops/kernels.ts";
import { type Tensor, type Tensor2D, tf, type Variable } from "../../backend/ops/tf.ts";
import type { ParameterLayout } from "../../spaces/shared/network-family.ts";
import type { DecoderRows, DecoderSettings, RowGroup, Target } from "./decoder-rows.ts";
import { decoderParameter, headsOfDecoder } from "./decoder-specs.ts";
import { sizeOf } from "./parameter-spec.ts";
import { sliceBegin } from "./slices.ts";

/**
 * H of the paper (its equation 2; docs/ghn.md, eqs. 15 to 20): turns final embeddings into weights. One hidden layer with ReLU sees the embedding of the slot's node,
 * the embedding of the source if the weight reads a concatenation, and the slot features. Then each kind of weight has a linear output head of the largest shape in
 * the network. Smaller weights are slices of it; the head is sliced before the product, so no unused values are computed. With `sharing` "none" there is one such H for
 * every block, of the largest shapes in that block.
 */
export class Decoder {
  private readonly layout: ParameterLayout;
  private readonly settings: DecoderSettings;

  constructor(layout: ParameterLayout, settings: DecoderSettings) {
    this.layout = layout;
    this.settings = settings;
  }

  /**
   * Weights of all slots, in the order of `rows.targets`.
   *
   * @param embeddings final embeddings of `rows.nodes`, [2 · rows, D]: owner and source in turn
   * @param parameter returns the tensors of `decoderSpecs` by name
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
      if (part !== undefined) pieces.set(group, this.decodeGroup(group, part, parameter(decoderParameter(group.set, group.head, this.settings))));
    });
    return rows.targets.map((target) => assemble(target, pieces));
  }

  /** [s g | s], [rows, P + 1] (eq. 15): rows are multiplied by the weight scale here, where they are short; the last column multiplies the bias of the head. */
  private hiddenLayer(rows: DecoderRows, embeddings: Tensor2D, parameter: (name: string) => Variable): Tensor2D {
    const width = embeddings.shape[1];
    const pairs = tf.reshape(embeddings, [rows.count, 2 * width]) as Tensor2D;
    const features = tf.tensor2d(rows.features, [rows.count, rows.features.length / rows.count]);
    const scales = tf.tensor2d(rows.scales, [rows.count, 1]);
    const sum = this.weightedSum(rows, pairs, features, parameter);
    return tf.concat2d([tf.mul(tf.relu(sum), scales) as Tensor2D, scales], 1);
  }

  /** [h_v | h_u] W_e + φ W_s, with the parameters of each row's decoder. */
  private weightedSum({ sets }: DecoderRows, pairs: Tensor2D, features: Tensor2D, parameter: (name: string) => Variable): Tensor2D {
    const of = (set: number, ofPairs: Tensor2D, ofFeatures: Tensor2D): Tensor2D => {
      const matrix = (name: "embedding" | "slot"): Tensor2D => parameter(decoderParameter(set, name, this.settings)) as unknown as Tensor2D;
      return tf.add(tf.matMul(ofPairs, matrix("embedding")), tf.matMul(ofFeatures, matrix("slot")));
    };
    const [only] = sets;
    if (only !== undefined && sets.length === 1) return of(only.set, pairs, features);
    const counts = sets.map(({ rows }) => rows);
    const [pairsOf, featuresOf]: [Tensor2D[], Tensor2D[]] = [tf.split(pairs, counts, 0), tf.split(features, counts, 0)];
    return tf.concat2d(
      sets.map(({ set }, i) => of(set, at(pairsOf, i), at(featuresOf, i))),
      0,
    );
  }

  /** One tensor for each piece of the group (eqs. 16 and 17). */
  private decodeGroup(group: RowGroup, hidden: Tensor2D, head: Variable): Tensor[] {
    const { sizes, shape, pieces, rows, squash } = group;
    const largest = headsOfDecoder(group.set, this.layout, this.settings)[group.head];
    if (largest === undefined) throw new Error(`The decoder of block ${group.set} has no head for ${group.head} weights.`);
    const width = hidden.shape[1];
    const begin = sliceBegin(largest, sizes, group.head);
    const isWhole = sizes.every((size, axis) => size === largest.sizes[axis]);
    const matrix = isWhole ? head : tf.slice(head, [0, ...begin], [width, ...sizes]);
    let values: Tensor = tf.matMul(hidden, tf.reshape(matrix, [width, sizeOf(sizes)]) as Tensor2D);
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
