import { z } from "zod";
import { cellSchema } from "./cell.ts";

/** How cells are stacked into a network (paper, appendix 5.1). */
export const networkConfigSchema = z.strictObject({
  blocks: z.int().min(1).max(60).default(18).meta({
    title: "Blocks",
    description: "Number of stacked cells. The paper uses 18.",
  }),
  initialChannels: z.int().min(4).max(512).default(32).meta({
    title: "Initial channels F",
    description: "Channels of each node in the first blocks; doubled at each reduction. The paper uses 32.",
  }),
  reductions: z.array(z.int().min(0).max(60)).max(8).default([6, 12]).meta({
    title: "Reductions after block",
    description: "After this many blocks the image size is halved and the channels are doubled, by the block that follows; 0 means the first block.",
  }),
  auxiliaryAfter: z.int().min(1).max(60).optional().meta({
    title: "Auxiliary head after block",
    description: "The auxiliary head reads the output after this many blocks; empty: the block that begins at two thirds of the depth.",
  }),
  stem: z.enum(["conv3x3", "imagenet", "stride8"]).default("conv3x3").meta({
    title: "Stem",
    description: "First layers: a 3×3 convolution at full size, a 3×3 convolution with stride 2 for 224 × 224 images, or three of stride 2 as in DARTS.",
  }),
  stemMultiplier: z.int().min(1).max(8).default(1).meta({
    title: "Stem multiplier",
    description: "Channels of the stem as a multiple of F.",
  }),
  separableRepeats: z.int().min(1).max(3).default(2).meta({
    title: "Separable repeats",
    description: "How often a node applies its separable or dilated convolution.",
  }),
  dilatedRepeats: z.int().min(1).max(3).optional().meta({
    title: "Dilated repeats",
    description: "How often a node applies its dilated convolution, if different (DARTS: once).",
  }),
  factorizedDivisor: z.int().min(1).max(8).default(4).meta({
    title: "1×7–7×1 bottleneck",
    description: "The 1×7–7×1 operation uses C divided by this number of channels.",
  }),
  multiplyAddBudget: z.int().min(1000).optional().meta({
    title: "Maximum multiply-adds",
    description:
      "For training a single cell: sets F to the largest value whose network stays within this budget (ImageNet-mobile: 600,000,000); empty keeps F.",
  }),
});
export type NetworkConfig = z.infer<typeof networkConfigSchema>;

/** How often each stem halves the image. */
export const STEM_HALVINGS: Readonly<Record<NetworkConfig["stem"], number>> = { conv3x3: 0, imagenet: 1, stride8: 3 };

/** An architecture: one cell for all blocks, or separate normal and reduction cells. */
export const architectureSchema = z.strictObject({
  normal: cellSchema,
  reduction: cellSchema.optional(),
});
export type Architecture = z.infer<typeof architectureSchema>;

/** Input and output shape of a network. */
export interface NetworkInput {
  /** Image height and width in pixels (square images are not required). */
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly classes: number;
}
