import { type Tensor, type Tensor2D, tf, type Variable } from "../../backend/ops/tf.ts";
import { BRANCHES, type Branch, type BranchName, sliceBegin, type WeightSpace } from "./branches.ts";
import { type DecoderRows, featureCount, type RowGroup, type Target } from "./decoder-rows.ts";
import type { InitialValues } from "./initial-values.ts";

/** Second moment that final embeddings have at the start, roughly; the scale of initial weights rests on it. */
const EMBEDDING_MOMENT = 0.25;
/** Deviation of the initial weights of slot features. */
const FEATURE_DEVIATION = 0.7;

/**
 * Share of the deviation of an initial weight that depends on its node; the rest, in the biases of the branches, is common to all nodes. What all nodes have in common is learned much faster
 * than what tells them apart, and a start from common weights spares the GHN from having to overcome random differences first.
 */
const OWN_SHARE = 0.5;
/** Batch norm and biases start around one and zero. */
const NEUTRAL: ReadonlySet<BranchName> = new Set(["scale", "shift", "bias"]);

/** A parameter by name: its shape and how it starts. */
export interface ParameterSpec {
  readonly name: string;
  readonly shape: readonly number[];
  readonly initial: InitialValues;
}

/**
 * H of the paper (equation 2): turns final embeddings into weights. One hidden layer with ReLU sees the embedding of the slot's node, that of the source where the weight reads a
 * concatenation, and which slot of the node it is; then comes one linear output branch for each kind of weight, of the largest shape in the network. Smaller weights are
 * slices of it, and the branch is cut before the product, so that nothing is computed in vain.
 */
export class Decoder {
  readonly specs: readonly ParameterSpec[];
  private readonly branches: Readonly<Record<BranchName, Branch>>;
  private readonly hidden: number;

  constructor(embedding: number, hidden: number, space: WeightSpace) {
    this.branches = space.branches;
    this.hidden = hidden;
    const features = featureCount(space);
    const ofEmbedding = Math.sqrt(1 / (embedding * EMBEDDING_MOMENT));
    // ReLU halves the second moment of what goes in: one from the owner's embedding, and that of two features.
    const moment = (1 + 2 * FEATURE_DEVIATION ** 2) / 2;
    this.specs = [
      { name: "decoder/embedding", shape: [2 * embedding, hidden], initial: { normal: ofEmbedding } },
      { name: "decoder/slot", shape: [features, hidden], initial: { normal: FEATURE_DEVIATION } },
      // The last row is the bias.
      ...BRANCHES.map((name) => ({
        name: `decoder/${name}`,
        shape: [hidden + 1, ...this.branches[name].sizes],
        initial: { normal: OWN_SHARE * Math.sqrt(1 / (hidden * moment)), lastRow: NEUTRAL.has(name) ? 0 : Math.sqrt(1 - OWN_SHARE ** 2) },
      })),
    ];
  }

  /**
   * Weights of all slots, in the order of `rows.targets`.
   *
   * @param embeddings final embeddings of `rows.nodes`: [2 · rows, D], owner and source in turn
   * @param parameter the tensors of `specs` by name
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
      if (part !== undefined) pieces.set(group, this.decodeGroup(group, part, parameter(`decoder/${group.branch}`)));
    });
    return rows.targets.map((target) => assemble(target, pieces));
  }

  /** [rows, hidden + 1]: rows are scaled here, where they are short, and end with a one (scaled) for the bias. */
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

  /** One tensor for each piece of the group. */
  private decodeGroup(group: RowGroup, hidden: Tensor2D, branch: Variable): Tensor[] {
    const { sizes, shape, pieces, rows, squash } = group;
    const whole = this.branches[group.branch];
    const begin = sliceBegin(whole, sizes, group.branch);
    const fits = sizes.every((size, axis) => size === whole.sizes[axis]);
    const matrix = fits ? branch : tf.slice(branch, [0, ...begin], [this.hidden + 1, ...sizes]);
    const size = sizes.reduce((product, length) => product * length, 1);
    let values: Tensor = tf.matMul(hidden, tf.reshape(matrix, [this.hidden + 1, size]) as Tensor2D);
    if (squash === "scale") values = tf.mul(tf.sigmoid(values), 2);
    if (squash === "shift") values = tf.tanh(values);
    // The gradients of unstack and split fail when there is one output only.
    if (pieces.length === 1) return [rows.length === 1 ? tf.reshape(values, [...shape]) : values];
    // Mostly a row is a whole weight: one reshape for all of them.
    if (pieces.length === rows.length) return tf.unstack(tf.reshape(values, [rows.length, ...shape]));
    return tf.split(
      values,
      pieces.map((piece) => piece.rows),
      0,
    );
  }
}

/** Puts a slot's pieces one behind the other. */
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
