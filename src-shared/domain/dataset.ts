import { z } from "zod";
import { DATASET_IDS } from "./dataset-facts.ts";
import { USER_PATH } from "./user-paths.ts";

/** How to interpret the folders of an image folder if this is not detected: as classes, or as parts (training, validation, test) with class folders inside. */
export const DATASET_LAYOUTS = ["classes", "parts"] as const;
export type DatasetLayout = (typeof DATASET_LAYOUTS)[number];

/** The images of a run and how they are split. Test images are used only for the final measurement. */
export const datasetConfigSchema = z.strictObject({
  id: z.enum(DATASET_IDS).default("digits").meta({ title: "Dataset", description: "Images to search and train on." }),
  path: z
    .string()
    .max(4096)
    .optional()
    .meta({
      ...USER_PATH,
      title: "Folder or archive",
      description: "Location of the images; empty: the data folder of the project.",
    }),
  layout: z.enum(DATASET_LAYOUTS).optional().meta({
    title: "Folder layout",
    description: "Image folders only: whether each folder is a class, or the folders are parts such as train and test; empty: automatic.",
  }),
  imageSize: z.int().min(8).max(512).optional().meta({
    title: "Image size",
    description: "Image folders only: images are resized to this many pixels per side; empty: 32, or 224 when streamed.",
  }),
  streamed: z.boolean().optional().meta({
    title: "Stream from disk",
    description: "Image folders and training from scratch only: images are decoded on demand by threads instead of being kept in memory. For ImageNet.",
  }),
  damaged: z.enum(["stop", "substitute"]).optional().meta({
    title: "Damaged images",
    description: "Streamed images only: a file that cannot be decoded either fails the run or is replaced by the next image of its class.",
  }),
  validationImages: z.int().min(10).max(100_000).default(5000).meta({
    title: "Validation images",
    description: "Held out from training; used to rank cells. The paper uses 5,000.",
  }),
  trainImages: z.int().min(10).max(10_000_000).optional().meta({
    title: "Maximum training images",
    description: "Use only this many training images; empty: all.",
  }),
  splitSeed: z
    .int()
    .min(0)
    .max(2 ** 31 - 1)
    .default(0)
    .meta({
      title: "Split seed",
      description: "Selects the held-out images. Runs with the same seed share the split.",
    }),
});
export type DatasetConfig = z.infer<typeof datasetConfigSchema>;
