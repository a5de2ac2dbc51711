import type { GraphNode, NetworkPlan, NodeRef } from "../../network/plan-types.ts";

/** Output heads of the decoder, in the order of the file: one for each kind of weight. */
export const OUTPUT_HEADS = ["stem", "bottleneck", "pointwise", "conv1xk", "convkx1", "depthwise", "scale", "shift", "classifier", "bias"] as const;
export type OutputHeadName = (typeof OUTPUT_HEADS)[number];

/** One output head: the largest weight that it generates. Smaller weights are slices of it (docs/ghn.md, eq. 18). */
export interface OutputHead {
  readonly sizes: readonly number[];
  /** This many leading axes are kernel axes and are sliced around their centre; the other axes are channels and are sliced from the front. */
  readonly centred: number;
}

export type OutputHeads = Readonly<Record<OutputHeadName, OutputHead>>;

/** What a decoder must be able to generate for the networks of one search space. It does not describe a single architecture, so that one decoder can be used for all of them. */
export interface ParameterLayout {
  /** Blocks of the networks; their graphs have as many. */
  readonly blocks: number;
  readonly outputHeads: OutputHeads;
  /** The heads that suffice for one block, for a decoder that serves no other. */
  outputHeadsOf(block: number): Partial<OutputHeads>;
  /** Number of image scales. */
  readonly scales: number;
  /** Image scale at which a node works, from 0 (full size) to `scales` − 1. */
  scaleOf(plan: NetworkPlan, owner: NodeRef): number;
  /** Side of the largest full convolution kernel. Its kernel positions are distinguished; smaller kernels use those in its centre. */
  readonly kernelSide: number;
}

/** How a node becomes the vector that its initial embedding is computed from (docs/ghn.md, eq. 2). The order of the entries is part of the GHN file. */
export interface NodeEncoding {
  /** Length of the vector. */
  readonly entries: number;
  /** Entries of the vector that are 1; all others are 0. @throws Error for a node of another space */
  onesOf(node: GraphNode): readonly number[];
}

/** The networks that one hypernetwork serves. */
export interface NetworkFamily {
  readonly layout: ParameterLayout;
  readonly encoding: NodeEncoding;
}
