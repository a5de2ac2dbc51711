import type { AnytimeOperation } from "../../../src-shared/domain/architecture/anytime.ts";
import type { AnyOperationName } from "../../../src-shared/domain/architecture/operations.ts";

/**
 * A network as data: the GHN graph that describes it, the parameters that it needs and the flat list of steps that
 * computes it. Built once per (architecture, network config, input) by `buildPlan`; holds no tensors.
 */
export interface NetworkPlan {
  readonly graph: ComputationGraph;
  /** Every trainable parameter, in a fixed order. Ids are unique and stable. */
  readonly slots: readonly ParameterSlot[];
  /** Parameters of the auxiliary head; never generated, never counted. */
  readonly auxiliarySlots: readonly ParameterSlot[];
  readonly counts: { readonly parameters: number; readonly multiplyAdds: number };
}

/** What a node of the GHN's graph stands for; the vocabulary of the one-hot vector. */
export type NodeType = AnyOperationName | AnytimeOperation | "stem" | "input0" | "input1" | "classifier";

/**
 * The graph that a GHN propagates over, one sub-graph a block (paper, figure 2). In each block `nodes[0]` and `nodes[1]`
 * are the input nodes and `nodes[2 + i]` is operation node i of the cell. The first block ends with the stem (a
 * predecessor of both input nodes), the last block ends with the classifier (a successor of the output nodes).
 */
export interface ComputationGraph {
  readonly blocks: readonly GraphBlock[];
}

export interface GraphBlock {
  readonly nodes: readonly GraphNode[];
  /** A topological order of `nodes`, as indices. */
  readonly order: readonly number[];
}

export interface GraphNode {
  readonly type: NodeType;
  /** Indices into `nodes` of the same block. */
  readonly inputs: readonly number[];
  /** Anytime space: how often the image is halved where the node works, and whether a classifier is attached to its output. */
  readonly scale?: number;
  readonly exit?: boolean;
}

/** A node of the graph, by block and index in it. */
export interface NodeRef {
  readonly block: number;
  readonly node: number;
}

/** Kind of a parameter; the decoder has one output branch for each kind of weight. */
export type SlotRole =
  | "stem" // [3, 3, image channels, C]
  | "bottleneck" // [1, 1, sum of inputs, C], of an input node; has `parts`
  | "pointwise" // [1, 1, Cin, C]
  | "conv3x3" // [3, 3, Cin, C]
  | "conv5x5" // [5, 5, Cin, C]
  | "conv1xk" // [1, k, Cin, Cout], k up to 7
  | "convkx1" // [k, 1, Cin, Cout]
  | "depthwise" // [k, k, C, 1]
  | "scale" // [C], batch norm
  | "shift" // [C], batch norm
  | "classifier" // [sum of inputs, classes]; has `parts`
  | "bias"; // [classes]

export interface ParameterSlot {
  /** Unique and stable, e.g. "block3/node5/sep0/pointwise". */
  readonly id: string;
  readonly role: SlotRole;
  readonly shape: readonly number[];
  /** Inputs summed into one output: kh·kw·Cin, or kh·kw for depthwise. */
  readonly fanIn: number;
  /** The node whose embedding generates it. */
  readonly owner: NodeRef;
  /**
   * Where the input is a concatenation, the nodes it comes from and their channels, in order. The weight is then
   * generated in parts from the pair (source embedding, owner embedding) and concatenated along the input axis, so that
   * the size of the decoder does not depend on the number of leaves (as the paper does for anytime bottlenecks).
   */
  readonly parts?: readonly { readonly source: NodeRef; readonly channels: number }[];
}
