import { INPUT_NODES } from "../../../../src-shared/domain/architecture/cell.ts";
import type { Architecture, NetworkConfig, NetworkInput } from "../../../../src-shared/domain/architecture/network.ts";
import type { NodeDescription } from "../../../../src-shared/domain/records/architecture-facts.ts";
import { ProgramBuilder } from "../../network/builder.ts";
import type { NodeRef, ParameterSlot } from "../../network/plan-types.ts";
import { type BuiltPlan, IMAGES, lazySequences, type Register } from "../../network/program.ts";
import { writeAuxiliaryHead } from "./auxiliary.ts";
import { writeOperation } from "./operations.ts";
import { type BlockLayout, graphOf, layOutBlocks } from "./topology.ts";

/** Output of a block or of the stem, with the nodes whose outputs are concatenated in it. */
interface Source {
  readonly register: Register;
  readonly parts: NonNullable<ParameterSlot["parts"]>;
}

/** The stem is described as node −1, the classifier as node −2. */
const STEM = -1;
const CLASSIFIER = -2;

/**
 * Turns an architecture into a plan (paper, appendix 5.1): stem, blocks of cells, global average pooling, classifier.
 *
 * - Stem: 3×3 convolution and batch norm; stride 2 for "imagenet". "stride8" is the stem of DARTS on ImageNet: three convolutions of stride 2, the first
 *   to half of the channels, with batch norm and ReLU in between.
 * - Before block r, for each r in `reductions`, the image is halved and the channels are doubled. The input nodes do this.
 * - Input nodes 0 and 1 of block i read blocks i - 1 and i - 2, or the stem: ReLU, 1×1 convolution to the block's channels
 *   (with stride 2, or 4 across two reductions), batch norm.
 * - A block's output is the concatenation of its output nodes.
 * - Nodes, input nodes and blocks that the logits do not depend on have no parameters and are not computed.
 *
 * Counts are exact. Multiply-adds are those of convolutions and the classifier for one image, batch norm not counted; an
 * operation on two inputs counts twice.
 *
 * @param architecture must be valid (cellSchema)
 */
export function buildPlan(architecture: Architecture, network: NetworkConfig, input: NetworkInput): BuiltPlan {
  const layout = layOutBlocks(architecture, network);
  const builder = new ProgramBuilder([input.height, input.width, input.channels]);
  const nodes: NodeDescription[] = [];
  const describe = (block: number, node: number, operation: string, register: Register): void => {
    nodes.push({ block, node, operation, shape: builder.shape(register), ...builder.nodeCounts });
  };

  const stem = writeStem(builder, network, layout);
  describe(0, STEM, "stem", stem.register);
  const sources: Source[] = [];
  layout.forEach((block, i) => {
    const channels = network.initialChannels * 2 ** block.scale;
    const [stemHeight, stemWidth] = builder.shape(stem.register);
    const size = [Math.ceil(stemHeight / 2 ** block.scale), Math.ceil(stemWidth / 2 ** block.scale)] as const;
    const skip = (node: number, operation: string): void =>
      void nodes.push({ block: i, node, operation, shape: [...size, channels], parameters: 0, multiplyAdds: 0 });
    const registers: Register[] = [];
    for (let node = 0; node < INPUT_NODES; node++) {
      if (!block.needed || block.topology.needed[node] !== true) {
        skip(node, `input${node}`);
        continue;
      }
      const source = sources[i - 1 - node] ?? stem;
      const sourceScale = layout[i - 1 - node]?.scale ?? 0;
      builder.startNode({ block: i, node }, `block${i}/input${node}`);
      const conv = builder.conv(builder.relu(source.register), "conv", "bottleneck", {
        kernel: [1, 1],
        filters: channels,
        stride: 2 ** (block.scale - sourceScale),
        parts: source.parts,
      });
      registers[node] = builder.norm(conv, "");
      describe(i, node, `input${node}`, registers[node] ?? IMAGES);
    }
    block.cell.nodes.forEach(({ operation, inputs }, k) => {
      const node = INPUT_NODES + k;
      if (!block.needed || block.topology.needed[node] !== true) {
        skip(node, operation);
        return;
      }
      builder.startNode({ block: i, node }, `block${i}/node${node}`);
      registers[node] = writeOperation(
        builder,
        operation,
        inputs.map((index) => known(registers, index)),
        network,
      );
      describe(i, node, operation, registers[node] ?? IMAGES);
    });
    if (block.needed) {
      const { outputs } = block.topology;
      sources[i] = {
        register: builder.concat(outputs.map((index) => known(registers, index))),
        parts: outputs.map((node) => ({ source: { block: i, node }, channels })),
      };
    }
  });

  const last = layout.length - 1;
  const owner: NodeRef = { block: last, node: graphLength(layout, last) - 1 };
  builder.startNode(owner, "classifier");
  const end = known(sources, last);
  const logits = builder.classifier(builder.relu(end.register), input.classes, end.parts);
  describe(last, CLASSIFIER, "classifier", logits);

  // The block that begins at two thirds of the depth (paper, appendix 5.3) unless the config says otherwise, or the last block before it that the network needs.
  let at = Math.min(last, network.auxiliaryAfter === undefined ? Math.floor((2 * layout.length) / 3) : network.auxiliaryAfter - 1);
  while (at > 0 && layout[at]?.needed !== true) at -= 1;
  // The blocks that read this output apply ReLU to it, so the ReLU exists already.
  const source = builder.relu(known(sources, at).register);
  const main = builder.startBranch();
  const auxiliaryLogits = writeAuxiliaryHead(builder, source, input.classes, owner);
  const after = main.steps.findIndex((step) => step.y === source) + 1;
  const auxiliary = { steps: builder.steps, after, logits: auxiliaryLogits, norms: builder.norms };

  return {
    graph: { blocks: graphOf(layout) },
    slots: main.slots,
    auxiliarySlots: builder.slots,
    counts: {
      parameters: nodes.reduce((sum, node) => sum + node.parameters, 0),
      multiplyAdds: nodes.reduce((sum, node) => sum + node.multiplyAdds, 0),
    },
    program: {
      input,
      steps: main.steps,
      logits,
      masks: builder.masks,
      norms: main.norms,
      auxiliary,
      sequence: lazySequences(main.steps, logits, auxiliary),
    },
    nodes,
  };
}

function writeStem(builder: ProgramBuilder, network: NetworkConfig, layout: readonly BlockLayout[]): Source {
  const channels = network.initialChannels * network.stemMultiplier;
  const owner: NodeRef = { block: 0, node: INPUT_NODES + (layout[0]?.cell.nodes.length ?? 0) };
  builder.startNode(owner, "stem");
  const parts = [{ source: owner, channels }];
  const first = (filters: number, stride: number): Register => builder.norm(builder.conv(IMAGES, "conv", "stem", { kernel: [3, 3], filters, stride }), "");
  if (network.stem !== "stride8") return { register: first(channels, network.stem === "imagenet" ? 2 : 1), parts };
  const down = (x: Register, name: string): Register =>
    builder.norm(builder.conv(builder.relu(x), `${name}/conv`, "conv3x3", { kernel: [3, 3], filters: channels, stride: 2 }), name);
  return { register: down(down(first(Math.ceil(channels / 2), 2), "down1"), "down2"), parts };
}

/** Nodes in a block's sub-graph, stem and classifier included. */
function graphLength(layout: readonly BlockLayout[], block: number): number {
  return INPUT_NODES + (layout[block]?.cell.nodes.length ?? 0) + (block === 0 ? 1 : 0) + (block === layout.length - 1 ? 1 : 0);
}

function known<T>(list: readonly T[], index: number): T {
  const value = list[index];
  if (value === undefined) throw new Error(`The cell reads node ${index}, which does not come before it.`);
  return value;
}
