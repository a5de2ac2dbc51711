import { z } from "zod";
import { networkConfigSchema } from "../architecture/network.ts";
import { datasetConfigSchema } from "../dataset.ts";

/** The Graph HyperNetwork (paper, appendix 5.2). */
export const ghnConfigSchema = z.strictObject({
  generator: z.enum(["graph", "smash", "mlp", "one-shot"]).default("graph").meta({
    title: "Weights from",
    description:
      "A graph hypernetwork, or a baseline: SMASH reads the cell as a tensor, MLP sees each node in isolation (both without message passing), one-shot shares weights in a supernet.",
  }),
  hiddenSize: z.int().min(4).max(256).default(32).meta({ title: "GRU hidden size", description: "Size of a node embedding. The paper uses 32." }),
  messageHiddenSize: z
    .int()
    .min(4)
    .max(256)
    .default(32)
    .meta({ title: "Message MLP width", description: "Hidden size of the message function M. The paper uses 32." }),
  decoderHiddenSize: z
    .int()
    .min(4)
    .max(512)
    .default(64)
    .meta({ title: "Hypernetwork width", description: "Hidden size of H, which maps embeddings to weights. The paper uses 64." }),
  propagation: z
    .enum(["forward-backward", "synchronous"])
    .default("forward-backward")
    .meta({ title: "Propagation", description: "Forward-backward follows the order of backpropagation; synchronous updates all nodes at once." }),
  propagationSteps: z
    .int()
    .min(0)
    .max(20)
    .default(5)
    .meta({ title: "Propagation steps T", description: "Rounds of message passing in each block. The paper uses 5." }),
  sharing: z.enum(["all", "gnn", "none"]).default("all").meta({
    title: "Sharing between blocks (SP)",
    description:
      "all: one embedding, GNN and H for all blocks, as in the paper. gnn: a GNN for every block, one embedding and H. none: embedding, GNN and H for every block, as in the first rows of the paper's Table 4.",
  }),
  passEmbedding: z
    .boolean()
    .default(true)
    .meta({ title: "Pass embedding (PE)", description: "The mean embedding of a block is passed as a message to the inputs of the next block." }),
  fanInNormalisation: z.boolean().default(true).meta({ title: "Fan-in normalisation", description: "Scales generated weights by their fan-in." }),
  scaleFeature: z.boolean().default(true).meta({
    title: "H sees the image scale",
    description: "The scale tells H the depth of a block without any message passing. Turn it off to study what the graph contributes.",
  }),
});
export type GhnConfig = z.infer<typeof ghnConfigSchema>;

/** Augmentation of training images. */
export const augmentationSchema = z.strictObject({
  cropPadding: z
    .int()
    .min(0)
    .max(64)
    .default(4)
    .meta({ title: "Crop padding", description: "Pads images by this many pixels and crops them at random; 0 is off." }),
  horizontalFlip: z.boolean().default(true).meta({ title: "Horizontal flip", description: "Mirrors half of the images. Turn off for digits and letters." }),
  cutout: z.int().min(0).max(128).default(0).meta({ title: "Cutout", description: "Side of the square that is masked; 0 is off." }),
});
export type AugmentationConfig = z.infer<typeof augmentationSchema>;

/** Additional augmentation for training from scratch: the standard one of ImageNet, for images streamed at their original size. */
export const trainingAugmentationSchema = augmentationSchema.extend({
  smallestCrop: z.number().min(0).max(1).default(0).meta({
    title: "Smallest random crop",
    description: "Streamed images only: minimum area of the random crop as a share of the image (ImageNet: 0.08); 0 takes the centre crop.",
  }),
  colourJitter: z.number().min(0).max(1).default(0).meta({
    title: "Colour jitter",
    description: "Streamed images only: brightness, contrast and saturation vary by up to this share (ImageNet: 0.4); 0 is off.",
  }),
});
export type TrainingAugmentation = z.infer<typeof trainingAugmentationSchema>;

const seed = z
  .int()
  .min(0)
  .max(2 ** 31 - 1)
  .default(1)
  .meta({ title: "Seed", description: "The same seed and config give the same numbers on the same backend." });

/** Compute settings of a run. */
const computeSchema = z.strictObject({
  backend: z
    .enum(["auto", "tensorflow", "wasm"])
    .default("auto")
    .meta({ title: "Backend", description: "Auto uses TensorFlow if available, otherwise WebAssembly." }),
  threads: z.int().min(0).max(256).default(0).meta({ title: "Threads", description: "Compute threads; 0 chooses automatically." }),
  readers: z
    .int()
    .min(0)
    .max(64)
    .default(0)
    .meta({ title: "Image readers", description: "Threads that decode streamed images; 0 uses all processors but one. Results do not depend on it." }),
  deterministic: z.boolean().default(false).meta({
    title: "Deterministic kernels",
    description:
      "CUDA only: repeated runs give the same numbers. Slower, and a run fails if an operation has no deterministic kernel. On CPUs, the kernels are always deterministic.",
  }),
  gpu: z.string().max(32).optional().meta({ title: "GPU", description: "CUDA device index; empty: the first free one." }),
});

const checkpointEvery = z.number().min(1).max(86_400).default(60).meta({ title: "Checkpoint every", description: "Seconds between checkpoints.", unit: "s" });

/** Configs that were frozen before there was a choice have none: they keep it. */
const shortBatch = z.enum(["drop", "keep"]).default("drop").meta({
  title: "Short last batch",
  description:
    "If the images of an epoch do not fill the last batch. A short batch would weigh as much as a full one, in the gradient and in the statistics of batch normalisation. It is always kept if it is the only one.",
});

/** Training of the GHN (paper, section 2 and appendix 5.2). */
export const ghnTrainingSchema = z.strictObject({
  nodes: z
    .int()
    .min(1)
    .max(40)
    .default(7)
    .meta({ title: "Nodes N in training", description: "The GHN is trained on smaller cells than it scores. The paper uses 7." }),
  epochs: z.number().min(0.01).max(2000).default(200).meta({ title: "Epochs", description: "Passes over the training images. The paper uses 200." }),
  batchSize: z.int().min(1).max(4096).default(64).meta({ title: "Batch size", description: "Images per step. The paper uses 64." }),
  shortBatch,
  learningRate: z.number().positive().max(1).default(1e-3).meta({
    title: "Learning rate",
    description: "Initial learning rate of Adam; the paper uses 0.001. A one-shot supernet is trained by SGD; ENAS uses 0.05.",
  }),
  halveAt: z
    .array(z.number().min(0).max(1))
    .max(10)
    .default([0.5, 0.75])
    .meta({ title: "Halve at", description: "The learning rate is halved after these fractions of the epochs (paper: epochs 100 and 150 of 200)." }),
  metaBatch: z.int().min(1).max(64).default(1).meta({ title: "Meta-batch", description: "Architectures per step, on the same images." }),
  gradientClip: z.number().min(0).max(1000).default(5).meta({ title: "Gradient clip", description: "Maximum global gradient norm; 0 is off." }),
  maxSkippedSteps: z
    .int()
    .min(1)
    .max(10_000)
    .default(20)
    .meta({ title: "Stop after skipped steps", description: "Steps with a non-finite loss are skipped; this many in a row fail the run." }),
  validationCells: z
    .int()
    .min(0)
    .max(1000)
    .default(8)
    .meta({ title: "Validation cells", description: "Number of unseen cells whose mean accuracy with generated weights is tracked." }),
  validationImages: z
    .int()
    .min(10)
    .max(100_000)
    .default(500)
    .meta({ title: "Images per validation", description: "Images used for each of these validations." }),
  validateEvery: z.number().min(0.01).max(1000).default(1).meta({ title: "Validate every", description: "Epochs between validations." }),
  augmentation: augmentationSchema.default(augmentationSchema.parse({})),
});

/** Ranking cells with generated weights. */
export const searchSettingsSchema = z.strictObject({
  strategy: z
    .enum(["random", "evolution", "local-search"])
    .default("random")
    .meta({ title: "Strategy", description: "How cells are proposed. The paper uses random sampling." }),
  objectives: z
    .array(z.enum(["score", "parameters", "multiplyAdds", "latency"]))
    .min(1)
    .max(4)
    .refine((list) => new Set(list).size === list.length, "Each objective may be listed only once.")
    .default(["score"])
    .meta({
      title: "Objectives",
      description:
        "Score is maximised; parameters, multiplyAdds and latency are minimised. With several objectives, the Pareto front guides the strategy and forms the shortlist.",
    }),
  latencyRuns: z
    .int()
    .min(0)
    .max(1000)
    .default(0)
    .meta({ title: "Timed passes", description: "Timed forward passes of one image per cell; latency is their median. 0 disables it." }),
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
    .meta({ title: "Validation images", description: "Images that each cell is scored on; the same for all, in the same order." }),
  batchSize: z.int().min(2).max(4096).default(250).meta({ title: "Evaluation batch", description: "Batch normalisation uses the statistics of this batch." }),
  maxParameters: z.int().min(1).optional().meta({ title: "Maximum parameters", description: "Larger cells are skipped." }),
  minParameters: z.int().min(0).optional().meta({ title: "Minimum parameters", description: "Smaller cells are skipped." }),
  maxMultiplyAdds: z.int().min(1).optional().meta({ title: "Maximum multiply-adds", description: "Cells that need more are skipped." }),
  minMultiplyAdds: z.int().min(0).optional().meta({ title: "Minimum multiply-adds", description: "Cells that need fewer are skipped." }),
  shortlist: z.int().min(1).max(1000).default(10).meta({ title: "Shortlist", description: "Number of best cells to keep for training (GHN Top: 10)." }),
  randomBaseline: z.int().min(0).max(1000).default(10).meta({ title: "Random baseline", description: "Random cells, for comparison." }),
  populationSize: z.int().min(2).max(10_000).default(50).meta({ title: "Population size", description: "For regularised evolution." }),
  tournamentSize: z.int().min(2).max(1000).default(10).meta({ title: "Tournament size", description: "For regularised evolution." }),
});

/** Training networks from scratch (paper, appendix 5.3). */
export const cellTrainingSchema = z.strictObject({
  epochs: z.number().min(0.01).max(2000).default(600).meta({ title: "Epochs", description: "The paper uses 600." }),
  batchSize: z.int().min(1).max(4096).default(64).meta({ title: "Batch size", description: "Images per step. The paper uses 64." }),
  shortBatch,
  learningRate: z
    .number()
    .positive()
    .max(10)
    .default(0.025)
    .meta({ title: "Learning rate", description: "Initial learning rate. The paper uses 0.025 on CIFAR-10 and 0.1 on ImageNet." }),
  schedule: z
    .enum(["cosine", "exponential", "step"])
    .default("cosine")
    .meta({ title: "Schedule", description: "A single cosine period, decay in every epoch (the paper on ImageNet), or decay at given points." }),
  decayRate: z
    .number()
    .positive()
    .max(1)
    .default(0.97)
    .meta({ title: "Decay rate", description: "Factor of the exponential and step schedules. The paper uses 0.97 per epoch on ImageNet." }),
  decayAt: z
    .array(z.number().min(0).max(1))
    .max(20)
    .default([0.5, 0.75])
    .meta({ title: "Decay at", description: "Step schedule only: the learning rate decays after these fractions of the epochs." }),
  momentum: z.number().min(0).max(0.999).default(0.9).meta({ title: "Momentum", description: "Momentum of SGD." }),
  weightDecay: z.number().min(0).max(1).default(3e-4).meta({ title: "Weight decay", description: "L2 penalty on convolution and classifier weights." }),
  gradientClip: z.number().min(0).max(1000).default(5).meta({ title: "Gradient clip", description: "Maximum global gradient norm; 0 is off." }),
  labelSmoothing: z
    .number()
    .min(0)
    .max(0.9)
    .default(0)
    .meta({ title: "Label smoothing", description: "Share of the target that is spread over all classes; 0 is off. ImageNet default: 0.1." }),
  dropPath: z.number().min(0).max(0.9).default(0.4).meta({ title: "Drop-path", description: "Final drop probability; increases linearly from 0." }),
  auxiliaryWeight: z
    .number()
    .min(0)
    .max(2)
    .default(0.5)
    .meta({ title: "Auxiliary head", description: "Weight of the auxiliary loss at 2/3 of the depth; 0 removes the head." }),
  accumulate: z.int().min(1).max(1024).default(1).meta({
    title: "Batches per step",
    description: "A step accumulates the gradients of this many batches, as if several GPUs took one each (the paper's large batch: 32).",
  }),
  learningRateFactor: z.number().positive().max(1024).optional().meta({
    title: "Learning-rate factor",
    description: "The learning rate is multiplied by this at the end of the warm-up; empty: by the batches per step, as the paper does.",
  }),
  warmupEpochs: z.number().min(0).max(100).default(0).meta({
    title: "Warm-up",
    description: "Epochs in which the learning rate rises to its factor (the paper: 5, with its large batch). It has no effect while the factor is 1.",
  }),
  repetitions: z.int().min(1).max(100).default(1).meta({ title: "Repetitions", description: "Number of independent trainings per cell." }),
  augmentation: trainingAugmentationSchema.default(trainingAugmentationSchema.parse({})),
});

/** Fields of all runs. */
export const runCommon = {
  seed,
  dataset: datasetConfigSchema.default(datasetConfigSchema.parse({})),
  network: networkConfigSchema.default(networkConfigSchema.parse({})),
  compute: computeSchema.default(computeSchema.parse({})),
  checkpointEvery,
};
