import { type AnytimeArchitecture, type AnytimeNode, inputScale, leavesOf } from "../../../../src-shared/domain/architecture/anytime.ts";
import { INPUT_NODES } from "../../../../src-shared/domain/architecture/cell.ts";
import type { NetworkInput } from "../../../../src-shared/domain/architecture/network.ts";
import type { AnytimeNetwork } from "../../../../src-shared/domain/config/anytime-config.ts";
import { ProgramBuilder } from "../../network/builder.ts";
import type { GraphBlock, GraphNode, NodeRef } from "../../network/plan-types.ts";
import { IMAGES, type Register } from "../../network/program.ts";
import { type AnytimePlan, planByNeed, type WrittenExit } from "./exit-plan.ts";

/** Output of a node: its register, the node, and how often the image is halved there. */
interface Source {
  readonly register: Register;
  readonly ref: NodeRef;
  readonly scale: number;
}

/** Channels of a node where the image is halved `scale` times: F, 2 F, 4 F … (MSDNet's factors). */
export function channelsAt(scale: number, { initialChannels }: AnytimeNetwork): number {
  return initialChannels * 2 ** scale;
}

/**
 * Turns an architecture of the anytime space into a plan (paper, section 3.2 and appendix 5.1).
 *
 * - Stem: 3×3 convolution to F channels and batch norm, at full size.
 * - Input nodes 0 and 1 of a cell read the leaves of the previous cell and of the one before that, or the stem, and resample them to the scale of the cell's input.
 * - Every node resamples its inputs to its own scale (average pooling or nearest-neighbour upsampling), then applies ReLU and concatenates them. A 1×1 bottleneck with batch norm reduces
 *   them to the node's channels. It has one part per input, so that a GHN can generate it from pairs of nodes, whatever their number. The operation follows: ReLU, convolution and
 *   batch norm, or pooling of size 3. An input node consists of the bottleneck only.
 * - Exit: ReLU, global average pooling, linear classifier.
 * - Exits are computed in the order of their individual cost; nothing is computed before an exit unless it or an earlier exit needs it.
 *
 * @param architecture must be valid (anytimeArchitectureSchema)
 */
export function buildAnytimePlan(architecture: AnytimeArchitecture, network: AnytimeNetwork, input: NetworkInput): AnytimePlan {
  const builder = new ProgramBuilder([input.height, input.width, input.channels]);
  const writer = new NodeWriter(builder, network, input);
  const stem = writer.stem({ block: 0, node: stemIndex(architecture) });
  const outputs: Source[][] = [];
  const exits: WrittenExit[] = [];
  architecture.cells.forEach((cell, c) => {
    const base = inputScale(c, architecture.scales);
    const nodes: Source[] = [];
    for (let node = 0; node < INPUT_NODES; node++) nodes.push(writer.inputNode({ block: c, node }, outputs[c - 1 - node] ?? [stem], base));
    cell.nodes.forEach((node, i) => {
      const ref: NodeRef = { block: c, node: INPUT_NODES + i };
      const written = writer.node(
        ref,
        node,
        node.inputs.map((index) => known(nodes, index)),
        base + node.scale,
      );
      nodes.push(written);
      if (node.exit) exits.push({ logits: writer.exit(written, input.classes), node: { cell: c, node: ref.node } });
    });
    outputs.push(leavesOf(cell).map((index) => known(nodes, index)));
  });
  return planByNeed(builder, exits, input, { blocks: graphOf(architecture) });
}

/** The GHN's graph: one sub-graph per cell, with the stem at the end of the first. Nodes have their scale in the network and whether they have an exit. */
function graphOf(architecture: AnytimeArchitecture): GraphBlock[] {
  return architecture.cells.map((cell, c) => {
    const base = inputScale(c, architecture.scales);
    const stem = c === 0 ? [INPUT_NODES + cell.nodes.length] : [];
    const nodes: GraphNode[] = [
      { type: "input0", inputs: stem, scale: base },
      { type: "input1", inputs: stem, scale: base },
      ...cell.nodes.map(({ operation, inputs, scale, exit }): GraphNode => ({ type: operation, inputs: [...inputs], scale: base + scale, exit })),
      ...stem.map((): GraphNode => ({ type: "stem", inputs: [], scale: 0 })),
    ];
    const order = nodes.map((_, i) => i);
    return { nodes, order: c === 0 ? [...stem, ...order.slice(0, -1)] : order };
  });
}

function stemIndex({ cells }: AnytimeArchitecture): number {
  return INPUT_NODES + (cells[0]?.nodes.length ?? 0);
}

/** Adds nodes to a builder. A node's output is resampled to another scale once for all its readers. */
class NodeWriter {
  private readonly builder: ProgramBuilder;
  private readonly network: AnytimeNetwork;
  private readonly input: NetworkInput;
  private readonly scaled = new Map<string, Register>();

  constructor(builder: ProgramBuilder, network: AnytimeNetwork, input: NetworkInput) {
    this.builder = builder;
    this.network = network;
    this.input = input;
  }

  stem(ref: NodeRef): Source {
    const { builder } = this;
    builder.startNode(ref, "stem");
    const conv = builder.conv(IMAGES, "conv", "stem", { kernel: [3, 3], filters: channelsAt(0, this.network) });
    return { register: builder.norm(conv, ""), ref, scale: 0 };
  }

  inputNode(ref: NodeRef, sources: readonly Source[], scale: number): Source {
    this.builder.startNode(ref, `cell${ref.block}/input${ref.node}`);
    return { register: this.bottleneck(sources, scale), ref, scale };
  }

  node(ref: NodeRef, { operation }: AnytimeNode, sources: readonly Source[], scale: number): Source {
    const { builder } = this;
    builder.startNode(ref, `cell${ref.block}/node${ref.node}`);
    const x = this.bottleneck(sources, scale);
    const filters = channelsAt(scale, this.network);
    const conv = (role: "pointwise" | "conv3x3" | "conv5x5", side: number): Register =>
      builder.norm(builder.conv(builder.relu(x), "conv", role, { kernel: [side, side], filters }), "");
    const write = (): Register => {
      switch (operation) {
        case "conv1x1":
          return conv("pointwise", 1);
        case "conv3x3":
          return conv("conv3x3", 3);
        case "conv5x5":
          return conv("conv5x5", 5);
        case "maxPool3x3":
          return builder.pool(x, "maxPool", 3);
        case "avgPool3x3":
          return builder.pool(x, "avgPool", 3);
      }
    };
    return { register: write(), ref, scale };
  }

  exit({ register, ref, scale }: Source, classes: number): Register {
    const { builder } = this;
    builder.startNode(ref, `cell${ref.block}/node${ref.node}/exit`);
    return builder.classifier(builder.relu(register), classes, [{ source: ref, channels: channelsAt(scale, this.network) }]);
  }

  /** The inputs resampled to one scale, rectified, concatenated, and reduced to the channels of that scale. */
  private bottleneck(sources: readonly Source[], scale: number): Register {
    const { builder, network } = this;
    const joined = builder.concat(sources.map((source) => builder.relu(this.atScale(source, scale))));
    const conv = builder.conv(joined, "bottleneck/conv", "bottleneck", {
      kernel: [1, 1],
      filters: channelsAt(scale, network),
      parts: sources.map(({ ref, scale: own }) => ({ source: ref, channels: channelsAt(own, network) })),
    });
    return builder.norm(conv, "bottleneck");
  }

  private atScale({ register, scale: own }: Source, scale: number): Register {
    if (own === scale) return register;
    const key = `${register} ${scale}`;
    const found = this.scaled.get(key);
    if (found !== undefined) return found;
    const factor = 2 ** Math.abs(scale - own);
    const size = [this.input.height, this.input.width].map((side) => Math.ceil(side / 2 ** scale));
    const y = scale > own ? this.builder.pool(register, "avgPool", factor, factor) : this.builder.upsample(register, factor, [size[0] ?? 1, size[1] ?? 1]);
    this.scaled.set(key, y);
    return y;
  }
}

function known<T>(list: readonly T[], index: number): T {
  const value = list[index];
  if (value === undefined) throw new Error(`The cell reads node ${index}, which does not come before it.`);
  return value;
}
