import { z } from "zod";
import { networkConfigSchema } from "../architecture/network.ts";
import { datasetConfigSchema } from "../dataset.ts";

/** The Graph HyperNetwork itself (paper, appendix 5.2). */
export const ghnConfigSchema = z.strictObject({
  generator: z.enum(["graph", "smash", "mlp", "one-shot"]).default("graph").meta({
    title: "Weights from",
    description:
      "A graph hypernetwork, or a baseline in its place: SMASH reads the cell as a tensor, MLP sees each node alone (both without message passing), one-shot shares weights in a supernet.",
  }),
  hiddenSize: z.int().min(4).max(256).default(32).meta({ title: "GRU hidden size", description: "Width of a node embedding. The paper uses 32." }),
  messageHiddenSize: z
    .int()
    .min(4)
    .max(256)
    .default(32)
    .meta({ title: "Message MLP width", description: "Hidden width of the message function M. The paper uses 32." }),
  decoderHiddenSize: z
    .int()
    .min(4)
    .max(512)
    .default(64)
    .meta({ title: "Hypernetwork width", description: "Hidden width of H, which turns embeddings into weights. The paper uses 64." }),
  propagation: z
    .enum(["forward-backward", "synchronous"])
    .default("forward-backward")
    .meta({ title: "Propagation", description: "Forward-backward imitates the order of backpropagation; synchronous updates all nodes at once." }),
  propagationSteps: z
    .int()
    .min(0)
    .max(20)
    .default(5)
    .meta({ title: "Propagation steps T", description: "Phases of message passing in each block. The paper uses 5." }),
  shareParameters: z.boolean().default(true).meta({ title: "Share parameters (SP)", description: "One set of GNN parameters for all blocks." }),
  passEmbedding: z
    .boolean()
    .default(true)
    .meta({ title: "Pass embedding (PE)", description: "The mean embedding of a block becomes a message to the next block's inputs." }),
  fanInNormalisation: z.boolean().default(true).meta({ title: "Fan-in normalisation", description: "Generated weights are scaled by their fan-in." }),
});
export type GhnConfig = z.infer<typeof ghnConfigSchema>;

/** What a whole-network augmentation does to training images. */
export const augmentationSchema = z.strictObject({
  cropPadding: z
    .int()
    .min(0)
    .max(64)
    .default(4)
    .meta({ title: "Crop padding", description: "Images are padded by this many pixels and cropped at random; 0 is off." }),
  horizontalFlip: z.boolean().default(true).meta({ title: "Horizontal flip", description: "Mirror half of the images. Leave off for digits and letters." }),
  cutout: z.int().min(0).max(128).default(0).meta({ title: "Cutout", description: "Side of a square that is blanked out; 0 is off." }),
});
export type AugmentationConfig = z.infer<typeof augmentationSchema>;

/** What training from scratch adds: the usual augmentation of ImageNet, for images that are streamed from disk at their own size. */
export const trainingAugmentationSchema = augmentationSchema.extend({
  smallestCrop: z.number().min(0).max(1).default(0).meta({
    title: "Smallest random crop",
    description: "Streamed images only: a random part of at least this share of the image is resized to the whole (ImageNet: 0.08); 0 takes the centre.",
  }),
  colourJitter: z.number().min(0).max(1).default(0).meta({
    title: "Colour jitter",
    description: "Streamed images only: brightness, contrast and saturation change by up to this share (ImageNet: 0.4); 0 is off.",
  }),
});
export type TrainingAugmentation = z.infer<typeof trainingAugmentationSchema>;

const seed = z
  .int()
  .min(0)
  .max(2 ** 31 - 1)
  .default(1)
  .meta({ title: "Seed", description: "The same seed and config on the same backend give the same numbers." });

/** Where the run computes. */
export const computeSchema = z.strictObject({
  backend: z.enum(["auto", "tensorflow", "wasm"]).default("auto").meta({ title: "Backend", description: "TensorFlow where it can be had, else wasm." }),
  threads: z.int().min(0).max(256).default(0).meta({ title: "Threads", description: "Compute threads; 0 leaves the choice to the studio." }),
  readers: z
    .int()
    .min(0)
    .max(64)
    .default(0)
    .meta({ title: "Image readers", description: "Threads that decode streamed images; 0 takes all processors but one. The numbers are the same with any." }),
  gpu: z.string().max(32).optional().meta({ title: "GPU", description: "CUDA device index; empty means the first free one." }),
});
export type ComputeConfig = z.infer<typeof computeSchema>;

const checkpointEvery = z.number().min(1).max(86_400).default(60).meta({ title: "Checkpoint every", description: "Seconds between checkpoints.", unit: "s" });

/** Learning of the GHN (paper, section 2 and appendix 5.2). */
export const ghnTrainingSchema = z.strictObject({
  nodes: z
    .int()
    .min(1)
    .max(40)
    .default(7)
    .meta({ title: "Nodes N in training", description: "The GHN learns on smaller cells than it scores. The paper uses 7." }),
  epochs: z.number().min(0.01).max(2000).default(200).meta({ title: "Epochs", description: "Passes over the training images. The paper uses 200." }),
  batchSize: z.int().min(1).max(4096).default(64).meta({ title: "Batch size", description: "Images a step. The paper uses 64." }),
  learningRate: z.number().positive().max(1).default(1e-3).meta({ title: "Learning rate", description: "Of Adam, at the start. The paper uses 0.001." }),
  halveAt: z
    .array(z.number().min(0).max(1))
    .max(10)
    .default([0.5, 0.75])
    .meta({ title: "Halve at", description: "Fractions of the epochs after which the learning rate is halved (paper: epochs 100 and 150 of 200)." }),
  metaBatch: z.int().min(1).max(64).default(1).meta({ title: "Meta-batch", description: "Architectures a step, on the same images." }),
  gradientClip: z.number().min(0).max(1000).default(5).meta({ title: "Gradient clip", description: "Largest global norm of the gradient; 0 is off." }),
  maxSkippedSteps: z
    .int()
    .min(1)
    .max(10_000)
    .default(20)
    .meta({ title: "Stop after skipped steps", description: "Steps with a non-finite loss are skipped; this many in a row end the run." }),
  validationCells: z
    .int()
    .min(0)
    .max(1000)
    .default(8)
    .meta({ title: "Validation cells", description: "Unseen cells whose mean accuracy with generated weights is followed." }),
  validationImages: z.int().min(10).max(100_000).default(500).meta({ title: "Images per validation", description: "Validation images used for that." }),
  validateEvery: z.number().min(0.01).max(1000).default(1).meta({ title: "Validate every", description: "Epochs between validations." }),
  augmentation: augmentationSchema.default(augmentationSchema.parse({})),
});

/** Ranking cells with generated weights. */
export const searchSettingsSchema = z.strictObject({
  strategy: z
    .enum(["random", "evolution", "local-search"])
    .default("random")
    .meta({ title: "Strategy", description: "How cells are proposed. The paper samples at random." }),
  objectives: z
    .array(z.enum(["score", "parameters", "multiplyAdds", "latency"]))
    .min(1)
    .max(4)
    .refine((list) => new Set(list).size === list.length, "Each objective may be listed once.")
    .default(["score"])
    .meta({
      title: "Objectives",
      description:
        "What is sought: score is high, parameters, multiplyAdds and latency are low. With several, the best trade-offs (Pareto) guide the strategy and make the shortlist.",
    }),
  latencyRuns: z
    .int()
    .min(0)
    .max(1000)
    .default(0)
    .meta({ title: "Timed passes", description: "Forward passes of one image that are timed for each cell; their median is its latency. 0 measures none." }),
  samples: z
    .int()
    .min(1)
    .max(100_000)
    .default(1000)
    .meta({ title: "Cells to score", description: "Distinct cells (isomorphic cells count once). The paper uses 1,000." }),
  validationImages: z
    .int()
    .min(10)
    .max(100_000)
    .default(5000)
    .meta({ title: "Validation images", description: "Images each cell is scored on, always the same in the same order." }),
  batchSize: z.int().min(2).max(4096).default(250).meta({ title: "Evaluation batch", description: "Batch norm uses the statistics of this batch." }),
  maxParameters: z.int().min(1).optional().meta({ title: "Parameters, at most", description: "Cells above are not considered." }),
  minParameters: z.int().min(0).optional().meta({ title: "Parameters, at least", description: "Cells below are not considered." }),
  maxMultiplyAdds: z.int().min(1).optional().meta({ title: "Multiply-adds, at most", description: "Cells above are not considered." }),
  minMultiplyAdds: z.int().min(0).optional().meta({ title: "Multiply-adds, at least", description: "Cells below are not considered." }),
  shortlist: z.int().min(1).max(1000).default(10).meta({ title: "Shortlist", description: "Best cells to keep for training (GHN Top: 10)." }),
  randomBaseline: z.int().min(0).max(1000).default(10).meta({ title: "Random baseline", description: "Cells drawn at random, for comparison." }),
  populationSize: z.int().min(2).max(10_000).default(50).meta({ title: "Population", description: "For regularised evolution." }),
  tournamentSize: z.int().min(2).max(1000).default(10).meta({ title: "Tournament", description: "For regularised evolution." }),
});

/** Training networks from scratch (paper, appendix 5.3). */
export const cellTrainingSchema = z.strictObject({
  epochs: z.number().min(0.01).max(2000).default(600).meta({ title: "Epochs", description: "The paper uses 600." }),
  batchSize: z.int().min(1).max(4096).default(64).meta({ title: "Batch size", description: "Images a step. The paper uses 64." }),
  learningRate: z
    .number()
    .positive()
    .max(10)
    .default(0.025)
    .meta({ title: "Learning rate", description: "At the start of the schedule. The paper uses 0.025 on CIFAR-10 and 0.1 on ImageNet." }),
  schedule: z
    .enum(["cosine", "exponential", "step"])
    .default("cosine")
    .meta({ title: "Schedule", description: "A single-period cosine, a factor every epoch (the paper on ImageNet), or a factor at given points." }),
  decayRate: z
    .number()
    .positive()
    .max(1)
    .default(0.97)
    .meta({ title: "Decay rate", description: "Factor of the exponential and step schedules. The paper uses 0.97 an epoch on ImageNet." }),
  decayAt: z
    .array(z.number().min(0).max(1))
    .max(20)
    .default([0.5, 0.75])
    .meta({ title: "Decay at", description: "Step schedule only: fractions of the epochs after which the rate is multiplied by the decay rate." }),
  momentum: z.number().min(0).max(0.999).default(0.9).meta({ title: "Momentum", description: "Of SGD." }),
  weightDecay: z.number().min(0).max(1).default(3e-4).meta({ title: "Weight decay", description: "L2 on convolution and classifier weights." }),
  gradientClip: z.number().min(0).max(1000).default(5).meta({ title: "Gradient clip", description: "Largest global norm of the gradient; 0 is off." }),
  labelSmoothing: z
    .number()
    .min(0)
    .max(0.9)
    .default(0)
    .meta({ title: "Label smoothing", description: "Share of the target that is spread over all classes; 0 is off. Usual on ImageNet: 0.1." }),
  dropPath: z.number().min(0).max(0.9).default(0.4).meta({ title: "Drop-path", description: "Final probability; grows linearly from 0." }),
  auxiliaryWeight: z
    .number()
    .min(0)
    .max(2)
    .default(0.5)
    .meta({ title: "Auxiliary head", description: "Weight of the loss of the head at 2/3 of the network; 0 leaves it out." }),
  accumulate: z
    .int()
    .min(1)
    .max(1024)
    .default(1)
    .meta({ title: "Large-batch factor", description: "Gradients accumulated over this many batches; the learning rate is multiplied by it." }),
  warmupEpochs: z
    .number()
    .min(0)
    .max(100)
    .default(0)
    .meta({ title: "Warm-up", description: "Epochs of linear warm-up (the paper uses 5 with its large batch)." }),
  repetitions: z.int().min(1).max(100).default(1).meta({ title: "Repetitions", description: "Independent trainings of each cell." }),
  augmentation: trainingAugmentationSchema.default(trainingAugmentationSchema.parse({})),
});

/** Fields of every run. */
export const runCommon = {
  seed,
  dataset: datasetConfigSchema.default(datasetConfigSchema.parse({})),
  network: networkConfigSchema.default(networkConfigSchema.parse({})),
  compute: computeSchema.default(computeSchema.parse({})),
  checkpointEvery,
};
