import { z } from "zod";

export const DATASET_IDS = ["digits", "cifar10", "cifar100", "mnist", "fashion-mnist", "kmnist", "folder"] as const;
export type DatasetId = (typeof DATASET_IDS)[number];

/** Which images a run sees and how they are split. The test part takes part in nothing but the last measurement. */
export const datasetConfigSchema = z.strictObject({
  id: z.enum(DATASET_IDS).default("digits").meta({ title: "Dataset", description: "Images to search and train on." }),
  path: z.string().max(4096).optional().meta({
    title: "Folder or archive",
    description: "Where the images are; empty means the project's data folder.",
  }),
  imageSize: z.int().min(8).max(512).optional().meta({
    title: "Image size",
    description: "Image folders are resized to this many pixels a side; empty means 32, or 224 where they are streamed.",
  }),
  streamed: z.boolean().optional().meta({
    title: "Stream from disk",
    description: "Image folders only, and training from scratch only: images are decoded by threads as they are needed, never all in memory. For ImageNet.",
  }),
  damaged: z.enum(["stop", "substitute"]).optional().meta({
    title: "Damaged images",
    description: "Streamed images only: a file that cannot be decoded ends the run with its name, or the next image of its class takes its place.",
  }),
  validationImages: z.int().min(10).max(100_000).default(5000).meta({
    title: "Validation images",
    description: "Held back from training; they rank cells. The paper uses 5,000.",
  }),
  trainImages: z.int().min(10).max(10_000_000).optional().meta({
    title: "Training images, at most",
    description: "Use only this many training images; empty means all.",
  }),
  splitSeed: z
    .int()
    .min(0)
    .max(2 ** 31 - 1)
    .default(0)
    .meta({
      title: "Split seed",
      description: "Draws which images are held back. Runs with the same seed share the split.",
    }),
});
export type DatasetConfig = z.infer<typeof datasetConfigSchema>;
