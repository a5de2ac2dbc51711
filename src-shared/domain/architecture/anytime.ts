import { z } from "zod";
import { INPUT_NODES, MAX_NODES } from "./cell.ts";
import type { OperationFacts } from "./operations.ts";

/** The five operations of the anytime space (paper, appendix 5.1), one entry each. Nodes concatenate their inputs, so there is no identity. */
const OPERATION_ENTRIES = {
  conv1x1: { label: "1×1 conv", family: "conv", description: "1×1 bottleneck over its inputs; ReLU, 1×1 convolution, batch norm." },
  conv3x3: { label: "3×3 conv", family: "conv", description: "1×1 bottleneck over its inputs; ReLU, 3×3 convolution, batch norm." },
  conv5x5: { label: "5×5 conv", family: "conv", description: "1×1 bottleneck over its inputs; ReLU, 5×5 convolution, batch norm." },
  maxPool3x3: { label: "3×3 max", family: "pool", description: "1×1 bottleneck over its inputs; maximum over a 3×3 window." },
  avgPool3x3: { label: "3×3 avg", family: "pool", description: "1×1 bottleneck over its inputs; mean over a 3×3 window." },
} satisfies Readonly<Record<string, Omit<OperationFacts, "standard" | "genotype">>>;

export type AnytimeOperation = keyof typeof OPERATION_ENTRIES;

export const ANYTIME_OPERATION_FACTS: Readonly<Record<AnytimeOperation, Omit<OperationFacts, "standard" | "genotype">>> = OPERATION_ENTRIES;
export const ANYTIME_OPERATIONS = Object.keys(OPERATION_ENTRIES) as [AnytimeOperation, ...AnytimeOperation[]];

/** Maximum number of image scales: full size and MAX_SCALES − 1 halvings. */
export const MAX_SCALES = 4;
export const MAX_ANYTIME_CELLS = 6;

/**
 * One node. It resizes its inputs to its own scale by pooling or upsampling, concatenates them, and applies its operation after a 1×1 bottleneck.
 * `inputs` are indices as in a standard cell: 0 and 1 are the cell's input nodes, 2 + i is `nodes[i]`.
 */
export const anytimeNodeSchema = z.strictObject({
  operation: z.enum(ANYTIME_OPERATIONS),
  inputs: z.array(z.int().min(0)).min(1).max(MAX_NODES),
  /** Number of halvings relative to the input of the cell. */
  scale: z
    .int()
    .min(0)
    .max(MAX_SCALES - 1),
  /** Whether a classifier is attached to the output. */
  exit: z.boolean(),
});

/** A cell of the anytime space, in topological order. Its output is the concatenation of its leaves. */
export const anytimeCellSchema = z.strictObject({ nodes: z.array(anytimeNodeSchema).min(1).max(MAX_NODES) }).superRefine(({ nodes }, context) => {
  nodes.forEach((node, i) => {
    const own = INPUT_NODES + i;
    node.inputs.forEach((input, j) => {
      const report = (message: string): void => context.addIssue({ code: "custom", path: ["nodes", i, "inputs", j], message });
      if (input >= own) report(`Node ${own} reads node ${input}, which does not come before it. List nodes in topological order.`);
      if (node.inputs.indexOf(input) !== j) report(`Node ${own} lists input ${input} twice.`);
    });
  });
});

export type AnytimeNode = z.infer<typeof anytimeNodeSchema>;
export type AnytimeCell = z.infer<typeof anytimeCellSchema>;

/** Scale of the input of a cell: each cell halves the scale of the previous one, down to the smallest scale (paper, appendix 5.1). */
export function inputScale(cell: number, scales: number): number {
  return Math.min(cell, scales - 1);
}

/** Number of scales available to the nodes of a cell, relative to its input: 3, 2 and 1 in the paper's three cells. */
export function scalesOf(cell: number, scales: number): number {
  return scales - inputScale(cell, scales);
}

/** An anytime network: a sequence of different cells. At least one node has an exit. */
export const anytimeArchitectureSchema = z
  .strictObject({
    /** Image scales in the network. */
    scales: z.int().min(1).max(MAX_SCALES),
    cells: z.array(anytimeCellSchema).min(1).max(MAX_ANYTIME_CELLS),
  })
  .superRefine(({ scales, cells }, context) => {
    cells.forEach(({ nodes }, c) => {
      const most = scalesOf(c, scales);
      nodes.forEach((node, i) => {
        if (node.scale >= most)
          context.addIssue({
            code: "custom",
            path: ["cells", c, "nodes", i, "scale"],
            message: `Node ${INPUT_NODES + i} of cell ${c + 1} has scale ${node.scale}, but with ${scales} scales this cell allows scales 0 to ${most - 1}.`,
          });
      });
    });
    if (!cells.some(({ nodes }) => nodes.some((node) => node.exit)))
      context.addIssue({ code: "custom", path: ["cells"], message: "No node has an exit. Set exit on at least one node." });
  });
export type AnytimeArchitecture = z.infer<typeof anytimeArchitectureSchema>;

/** A node of an architecture: cell, and index in the cell (0 and 1 are the input nodes). */
export interface AnytimeNodeRef {
  readonly cell: number;
  readonly node: number;
}

/** Indices (≥ 2) of the leaves of a cell in ascending order; the following cells read their concatenation. */
export function leavesOf({ nodes }: AnytimeCell): number[] {
  const used = new Set(nodes.flatMap((node) => node.inputs));
  return nodes.map((_, i) => INPUT_NODES + i).filter((index) => !used.has(index));
}

/** Nodes with an exit, by position. */
export function exitNodes({ cells }: AnytimeArchitecture): AnytimeNodeRef[] {
  return cells.flatMap(({ nodes }, cell) => nodes.flatMap((node, i) => (node.exit ? [{ cell, node: INPUT_NODES + i }] : [])));
}

/** MSDNet (Huang et al., 2018), the paper's reference. Defaults: its CIFAR networks with ten exits. */
export const msdNetSchema = z.strictObject({
  kind: z.literal("msdnet"),
  exits: z.int().min(1).max(20).default(10).meta({ title: "Exits", description: "Number of classifiers, one after each block of layers." }),
  base: z.int().min(1).max(20).default(4).meta({ title: "Layers before the first exit", description: "Layers of the first block; MSDNet uses 4." }),
  step: z.int().min(1).max(20).default(2).meta({ title: "Layers between exits", description: "Layers of each further block; MSDNet uses 2." }),
  stepMode: z.enum(["even", "growing"]).default("even").meta({ title: "Step mode", description: "Even, or growing with each exit." }),
  channels: z
    .int()
    .min(1)
    .max(256)
    .default(16)
    .meta({ title: "Initial channels", description: "Channels at full size; multiplied by the factor of each scale." }),
  growth: z.int().min(1).max(128).default(6).meta({ title: "Growth rate", description: "Channels added by each layer at full size." }),
  factors: z
    .array(z.int().min(1).max(16))
    .min(1)
    .max(MAX_SCALES)
    .default([1, 2, 4])
    .meta({ title: "Growth factors", description: "One per scale; their number is the number of scales." }),
  bottleneckFactors: z
    .array(z.int().min(1).max(16))
    .min(1)
    .max(MAX_SCALES)
    .default([1, 2, 4])
    .meta({ title: "Bottleneck factors", description: "One per scale." }),
  reduction: z
    .number()
    .min(0)
    .max(1)
    .default(0.5)
    .meta({ title: "Reduction", description: "Share of channels kept where a scale ends; 0 omits the transitions." }),
  classifierChannels: z.int().min(1).max(512).default(128).meta({ title: "Classifier channels", description: "Channels of the two convolutions of an exit." }),
});
export type MsdNet = z.infer<typeof msdNetSchema>;

/** A residual network with classifiers at several depths (ResNet-MC of Huang et al., 2018), the second reference. */
export const resNetSchema = z.strictObject({
  kind: z.literal("resnet"),
  blocks: z
    .int()
    .min(1)
    .max(40)
    .default(10)
    .meta({ title: "Blocks per scale", description: "Residual blocks of two 3×3 convolutions each; ResNet-MC uses 10." }),
  channels: z.int().min(1).max(256).default(16).meta({ title: "Initial channels", description: "Doubled whenever the image size is halved." }),
  scales: z.int().min(1).max(MAX_SCALES).default(3).meta({ title: "Scales", description: "Number of image sizes." }),
  exitsAfter: z
    .array(z.int().min(1).max(40))
    .max(10)
    .default([4, 8])
    .meta({ title: "Exits after block", description: "Exits within each scale; one more exit is at the end of the network." }),
  classifierChannels: z.int().min(1).max(512).default(128).meta({ title: "Classifier channels", description: "Channels of the two convolutions of an exit." }),
});
export type ResNetMc = z.infer<typeof resNetSchema>;

/** A reference network with a known structure. */
export const anytimeReferenceSchema = z.discriminatedUnion("kind", [msdNetSchema, resNetSchema]);
export type AnytimeReference = z.infer<typeof anytimeReferenceSchema>;

/** A network with several exits: cells of the search space, or a reference. */
export const anytimeModelSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("cells"), architecture: anytimeArchitectureSchema }),
  msdNetSchema,
  resNetSchema,
]);
export type AnytimeModel = z.infer<typeof anytimeModelSchema>;

/** Version of the file format. */
export const ANYTIME_FILE_VERSION = 1;

/** File of an anytime architecture; `format` distinguishes it from a standard cell file. */
export const anytimeFileSchema = z.strictObject({
  format: z.literal("ghn-studio-anytime-cells"),
  version: z.literal(ANYTIME_FILE_VERSION),
  name: z.string().min(1).max(200),
  source: z.string().max(2000).optional(),
  architecture: anytimeArchitectureSchema,
  meta: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])).optional(),
});
export type AnytimeFile = z.infer<typeof anytimeFileSchema>;
