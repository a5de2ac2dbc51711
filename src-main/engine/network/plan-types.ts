/**
 * A network as data: the graph that a GHN reads, the parameters, and the flat list of steps that computes it.
 * A search space builds it once per architecture, network config and input. It holds no tensors.
 */
export interface NetworkPlan {
  readonly graph: ComputationGraph;
  /** Every trainable parameter in a fixed order. Ids are unique and stable. */
  readonly slots: readonly ParameterSlot[];
  /** Parameters of the auxiliary head, which are neither generated nor counted. */
  readonly auxiliarySlots: readonly ParameterSlot[];
  readonly counts: { readonly parameters: number; readonly multiplyAdds: number };
}

/**
 * The operation of a node of the GHN's graph. Each search space has its own vocabulary: its operations, the input nodes `input0` and `input1`, and what else it needs,
 * such as `stem` and `classifier`. A GHN encodes it as a one-hot vector.
 */
export type NodeType = string;

/**
 * The graph that a GHN propagates over, with one subgraph per block (paper, figure 2). In each block, `nodes[0]` and `nodes[1]`
 * are the input nodes and `nodes[2 + i]` is operation node i of the cell. The last node of the first block is the stem (a
 * predecessor of both input nodes); the last node of the last block is the classifier (a successor of the output nodes).
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
  /** Spaces with several scales: how often the image has been halved at this node. */
  readonly scale?: number;
  /** Spaces with several exits: whether a classifier is attached to the output of this node. */
  readonly exit?: boolean;
}

/** A node of the graph: its block, and its index in the block. */
export interface NodeRef {
  readonly block: number;
  readonly node: number;
}

/** Kind of a parameter. A GHN's decoder has one output head per kind of weight. */
export type SlotRole =
  | "stem" // [3, 3, image channels, C]
  | "bottleneck" // [1, 1, sum of inputs, C] of an input node; has `parts`
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
  /** Number of inputs summed into one output: kh·kw·Cin, or kh·kw for depthwise. */
  readonly fanIn: number;
  /** The node whose embedding generates the parameter. */
  readonly owner: NodeRef;
  /**
   * If the input is a concatenation: its source nodes and their channels, in order. Each part of the weight is
   * generated from the pair (source embedding, owner embedding), and the parts are concatenated along the input axis, so that
   * the size of the decoder does not depend on the number of sources (as in the paper's anytime bottlenecks).
   */
  readonly parts?: readonly { readonly source: NodeRef; readonly channels: number }[];
}
