import type { MsdNet, ResNetMc } from "../../../../src-shared/domain/architecture/anytime.ts";
import type { NetworkInput } from "../../../../src-shared/domain/architecture/network.ts";
import { ProgramBuilder } from "../../network/builder.ts";
import type { NodeRef } from "../../network/plan-types.ts";
import { IMAGES, type Register } from "../../network/program.ts";
import { type AnytimePlan, planAsWritten, type WrittenExit } from "./exit-plan.ts";

/** References have no graph, because no GHN generates their weights. */
const NOBODY: NodeRef = { block: 0, node: 0 };

/**
 * MSDNet for small images (Huang et al., 2018): layers of several scales, each of which reads all layers before it at its own scale and, with stride 2, at the next finer one.
 * The finest scale ends after each third of the layers, where a transition keeps a share of the channels ("max" pruning of the published code). With the schema's defaults,
 * the multiply-adds at CIFAR-10's shapes are those of MSDNet's own code: 15.1 million at the first exit, 121.6 million at the last.
 */
export function buildMsdNet(config: MsdNet, input: NetworkInput): AnytimePlan {
  const { exits, base, step, stepMode, channels, growth, factors, bottleneckFactors, reduction } = config;
  const builder = new ProgramBuilder([input.height, input.width, input.channels]);
  const scales = factors.length;
  const factor = (scale: number): number => factors[scale] ?? 1;
  const layersOf = Array.from({ length: exits }, (_, i) => (i === 0 ? base : stepMode === "even" ? step : step * i + 1));
  const interval = Math.ceil(layersOf.reduce((sum, layers) => sum + layers, 0) / scales);
  /** Number of scales that remain after this many layers. */
  const scalesAfter = (layers: number): number => scales - Math.floor(Math.max(0, layers - 1) / interval);

  /** Bottleneck and 3×3 convolution, each with batch norm and ReLU; with stride 2 from the next finer scale. */
  const dense = (x: Register, name: string, filters: number, from: number, stride: 1 | 2): Register => {
    const inner = Math.min(builder.shape(x)[2], (bottleneckFactors[from] ?? 1) * filters);
    const narrow = convolution(builder, x, `${name}/bottleneck`, 1, inner, 1);
    return convolution(builder, narrow, name, 3, filters, stride);
  };

  // The features of each scale, finest first; empty for scales that have ended.
  let features: (Register | undefined)[] = [];
  builder.startNode(NOBODY, "first");
  for (let scale = 0; scale < scales; scale++)
    features.push(convolution(builder, features[scale - 1] ?? IMAGES, `scale${scale}`, 3, channels * factor(scale), scale === 0 ? 1 : 2));
  let width = channels;
  let layer = 0;
  const written: WrittenExit[] = [];
  layersOf.forEach((layers, block) => {
    for (let i = 0; i < layers; i++) {
      layer += 1;
      const offset = scales - scalesAfter(layer);
      const before = scales - scalesAfter(layer - 1);
      builder.startNode(NOBODY, `layer${layer}`);
      const read = features;
      features = read.map((own, scale) => {
        if (own === undefined || scale < offset) return undefined;
        const finer = read[scale - 1];
        const filters = growth * factor(scale);
        if (finer === undefined || (scale === offset && offset === before)) return builder.concat([own, dense(own, `scale${scale}`, filters, scale, 1)]);
        const half = Math.floor(filters / 2);
        return builder.concat([own, dense(finer, `scale${scale}/down`, half, scale - 1, 2), dense(own, `scale${scale}/normal`, half, scale, 1)]);
      });
      width += growth;
      if (offset > before && reduction > 0) {
        width = Math.floor(reduction * width);
        features = features.map((x, scale) => (x === undefined ? undefined : convolution(builder, x, `transition${scale}`, 1, width * factor(scale), 1)));
      }
    }
    written.push({ logits: convolutionalExit(builder, known(features.at(-1)), block, config.classifierChannels, input.classes), node: null });
  });
  return planAsWritten(builder, written, input);
}

/** ResNet-MC (Huang et al., 2018): a residual network of basic blocks (He et al., 2016) with exits behind some blocks of each scale and at its end. */
export function buildResNet({ blocks, channels, scales, exitsAfter, classifierChannels }: ResNetMc, input: NetworkInput): AnytimePlan {
  const builder = new ProgramBuilder([input.height, input.width, input.channels]);
  builder.startNode(NOBODY, "first");
  let x = convolution(builder, IMAGES, "conv", 3, channels, 1);
  const written: WrittenExit[] = [];
  for (let scale = 0; scale < scales; scale++) {
    for (let block = 1; block <= blocks; block++) {
      builder.startNode(NOBODY, `scale${scale}/block${block}`);
      const stride = scale > 0 && block === 1 ? 2 : 1;
      const filters = channels * 2 ** scale;
      const inner = convolution(builder, x, "first", 3, filters, stride);
      const outer = builder.norm(builder.conv(inner, "second/conv", "conv3x3", { kernel: [3, 3], filters }), "second");
      const skip = stride === 1 ? x : builder.norm(builder.conv(x, "shortcut/conv", "pointwise", { kernel: [1, 1], filters, stride }), "shortcut");
      x = builder.relu(builder.sum([outer, skip]));
      if (exitsAfter.includes(block) && !(scale === scales - 1 && block === blocks))
        written.push({ logits: convolutionalExit(builder, x, written.length, classifierChannels, input.classes), node: null });
    }
  }
  builder.startNode(NOBODY, `exit${written.length}`);
  written.push({ logits: builder.classifier(x, input.classes), node: null });
  return planAsWritten(builder, written, input);
}

/** Convolution, batch norm and ReLU, as in both references. */
function convolution(builder: ProgramBuilder, x: Register, name: string, side: 1 | 3, filters: number, stride: number): Register {
  const role = side === 1 ? "pointwise" : x === IMAGES ? "stem" : "conv3x3";
  return builder.relu(builder.norm(builder.conv(x, `${name}/conv`, role, { kernel: [side, side], filters, stride }), name));
}

/** Two 3×3 convolutions with stride 2, pooling, and a linear classifier. */
function convolutionalExit(builder: ProgramBuilder, x: Register, exit: number, channels: number, classes: number): Register {
  builder.startNode(NOBODY, `exit${exit}`);
  const first = convolution(builder, x, "first", 3, channels, 2);
  return builder.classifier(convolution(builder, first, "second", 3, channels, 2), classes);
}

function known<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("The coarsest scale never ends.");
  return value;
}
