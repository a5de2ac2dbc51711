import { z } from "zod";
import {
  ANYTIME_OPERATIONS,
  anytimeArchitectureSchema,
  anytimeReferenceSchema,
  MAX_ANYTIME_CELLS,
  MAX_SCALES,
  msdNetSchema,
  resNetSchema,
} from "../architecture/anytime.ts";
import { cellTrainingSchema, ghnConfigSchema, ghnTrainingSchema, runCommon } from "./training-config.ts";

/** The anytime search space (paper, section 3.2 and appendix 5.1). */
export const anytimeSpaceSchema = z.strictObject({
  operations: z
    .array(z.enum(ANYTIME_OPERATIONS))
    .min(1, "Select at least one operation.")
    .refine((list) => new Set(list).size === list.length, "Each operation may be listed only once.")
    .default([...ANYTIME_OPERATIONS])
    .meta({ title: "Operations", description: "Operations that a node can have. The paper lists five." }),
  nodes: z.array(z.int().min(1).max(40)).min(1).max(MAX_ANYTIME_CELLS).default([24, 16, 8]).meta({
    title: "Nodes of each cell",
    description: "One entry per cell of the network; the first cell sees the largest images. The paper uses 24, 16 and 8.",
  }),
  maxInputs: z.int().min(1).max(8).default(3).meta({
    title: "Inputs per node",
    description: "Each node draws 1 to this many inputs from the earlier nodes and concatenates them.",
  }),
  scales: z.int().min(1).max(MAX_SCALES).default(3).meta({
    title: "Image scales",
    description: "Each cell starts at half the size of the previous one. The paper uses 3 scales: 32, 16 and 8 pixels.",
  }),
  exits: z
    .int()
    .min(1)
    .max(40)
    .default(10)
    .meta({ title: "Exits", description: "Number of nodes with a classifier, the same in every network. The last node has one." }),
});
export type AnytimeSpace = z.infer<typeof anytimeSpaceSchema>;

/** Width of the networks. */
export const anytimeNetworkSchema = z.strictObject({
  initialChannels: z.int().min(2).max(256).default(16).meta({
    title: "Initial channels F",
    description: "Channels of each node at full size; doubled at each smaller scale, like MSDNet's factors 1-2-4.",
  }),
});
export type AnytimeNetwork = z.infer<typeof anytimeNetworkSchema>;

/** Budgets that the area under the curve covers (docs/ghn.md, eq. 35). */
const budgetRange = z
  .number()
  .min(1000)
  .max(1e12)
  .default(1.2e8)
  .meta({ title: "Largest budget", description: "In multiply-adds. The area covers budgets from 0 to this value, all equally likely." });

/** Ranking by the area under the predicted curve. Networks are sampled at random, as in the paper. */
export const anytimeSearchSettingsSchema = z.strictObject({
  samples: z.int().min(1).max(100_000).default(1000).meta({ title: "Networks to score", description: "Distinct networks (isomorphic ones count once)." }),
  validationImages: z
    .int()
    .min(10)
    .max(100_000)
    .default(5000)
    .meta({ title: "Validation images", description: "Images that each network is scored on; the same for all, in the same order." }),
  batchSize: z.int().min(2).max(4096).default(250).meta({ title: "Evaluation batch", description: "Batch normalisation uses the statistics of this batch." }),
  maxBudget: budgetRange,
  minMultiplyAdds: z.int().min(0).optional().meta({ title: "Minimum multiply-adds", description: "At the last exit. Networks that need fewer are skipped." }),
  maxMultiplyAdds: z.int().min(1).optional().meta({ title: "Maximum multiply-adds", description: "At the last exit. Networks that need more are skipped." }),
  shortlist: z.int().min(1).max(1000).default(10).meta({ title: "Shortlist", description: "Best networks to keep for training." }),
  randomBaseline: z.int().min(0).max(1000).default(10).meta({ title: "Random baseline", description: "Random networks, for comparison." }),
});
export type AnytimeSearchSettings = z.infer<typeof anytimeSearchSettingsSchema>;

/** Training protocol of MSDNet (paper, appendix 5.3): sum of the losses of all exits, SGD with Nesterov momentum, decay at half and three quarters. */
export const anytimeTrainingSchema = z.strictObject({
  ...cellTrainingSchema.pick({
    batchSize: true,
    shortBatch: true,
    momentum: true,
    gradientClip: true,
    accumulate: true,
    learningRateFactor: true,
    warmupEpochs: true,
    repetitions: true,
    augmentation: true,
  }).shape,
  epochs: z.number().min(0.01).max(2000).default(300).meta({ title: "Epochs", description: "The paper uses 300." }),
  learningRate: z.number().positive().max(10).default(0.1).meta({ title: "Learning rate", description: "Initial learning rate. The paper uses 0.1." }),
  decayRate: z.number().positive().max(1).default(0.1).meta({ title: "Decay rate", description: "Factor applied to the learning rate at each decay point." }),
  decayAt: z
    .array(z.number().min(0).max(1))
    .max(20)
    .default([0.5, 0.75])
    .meta({ title: "Decay at", description: "Fractions of the epochs (paper: epochs 150 and 225 of 300)." }),
  weightDecay: z
    .number()
    .min(0)
    .max(1)
    .default(1e-4)
    .meta({ title: "Weight decay", description: "L2 penalty on convolution and classifier weights. MSDNet uses 0.0001." }),
  gradientClip: z.number().min(0).max(1000).default(0).meta({ title: "Gradient clip", description: "Maximum global gradient norm; 0 is off, as in MSDNet." }),
  multiplyAddBudget: z.int().min(1000).optional().meta({
    title: "Maximum multiply-adds",
    description:
      "Sets F of each searched network to the largest value whose last exit stays within this budget, so that networks are compared at equal cost; empty keeps F.",
  }),
  maxBudget: budgetRange,
});
export type AnytimeTrainingSettings = z.infer<typeof anytimeTrainingSchema>;

const { network: _network, ...anytimeCommon } = runCommon;
const common = { ...anytimeCommon, network: anytimeNetworkSchema.default(anytimeNetworkSchema.parse({})) };

const space = anytimeSpaceSchema.default(anytimeSpaceSchema.parse({}));
const ghn = ghnConfigSchema.default(ghnConfigSchema.parse({}));
const search = anytimeSearchSettingsSchema.default(anytimeSearchSettingsSchema.parse({}));
const training = anytimeTrainingSchema.default(anytimeTrainingSchema.parse({}));

/** Training of the GHN: the number of nodes is drawn for each cell, up to that of the space (paper, appendix 5.2). */
export const anytimeGhnTrainingSchema = z.strictObject({
  ...ghnTrainingSchema.omit({ nodes: true }).shape,
  maxBudget: budgetRange,
  randomNodes: z.boolean().default(true).meta({
    title: "Random numbers of nodes",
    description: "Draws the number of nodes of each training cell from 1 to that of the space, as in the paper; off: always that of the space.",
  }),
});
export type AnytimeGhnTraining = z.infer<typeof anytimeGhnTrainingSchema>;
const ghnTraining = anytimeGhnTrainingSchema.default(anytimeGhnTrainingSchema.parse({}));

/** Trains a GHN on the anytime space. */
export const anytimeGhnRunSchema = z.strictObject({ kind: z.literal("anytime-ghn"), ...common, space, ghn, training: ghnTraining });

/** Ranks networks by the area under the curve predicted by a trained GHN. */
export const anytimeSearchRunSchema = z.strictObject({
  kind: z.literal("anytime-search"),
  ...common,
  ghnRunId: z.string().min(1).max(64).meta({ title: "GHN", description: "The run whose GHN generates the weights." }),
  space,
  search,
});

const references = z
  .array(anytimeReferenceSchema)
  .max(10)
  .default([msdNetSchema.parse({ kind: "msdnet" }), resNetSchema.parse({ kind: "resnet" })])
  .meta({ title: "References", description: "Networks with a known structure, trained with the same protocol." });

/** The networks of a training run. */
const anytimeSourceSchema = z.discriminatedUnion("from", [
  z.strictObject({ from: z.literal("search"), runId: z.string().min(1).max(64), top: z.int().min(0).max(1000), random: z.int().min(0).max(1000) }),
  z.strictObject({
    from: z.literal("networks"),
    networks: z.array(z.strictObject({ name: z.string().min(1).max(200), architecture: anytimeArchitectureSchema })).max(1000),
  }),
]);

/** Trains anytime networks from scratch, together with the references. */
export const anytimeTrainingRunSchema = z.strictObject({
  kind: z.literal("anytime-training"),
  ...common,
  source: anytimeSourceSchema,
  references,
  training,
  /** Whether test accuracy is measured, once, at the end of each training. */
  measureTest: z.boolean().default(true).meta({ title: "Measure on test images", description: "Once, at the end of each training." }),
});

/** The full pipeline: train a GHN, search, and train the winners, random picks and references with the same protocol. Its stages are separate runs. */
export const anytimeRunSchema = z.strictObject({
  kind: z.literal("anytime"),
  ...common,
  space,
  ghn,
  training: ghnTraining,
  search,
  winners: z.int().min(0).max(100).default(1).meta({ title: "Winners", description: "Number of best networks to train." }),
  randomPicks: z
    .int()
    .min(0)
    .max(100)
    .default(1)
    .meta({ title: "Random picks", description: "Number of networks of the random baseline to train for comparison." }),
  references,
  final: training,
});

export type AnytimeGhnRun = z.infer<typeof anytimeGhnRunSchema>;
export type AnytimeSearchRun = z.infer<typeof anytimeSearchRunSchema>;
export type AnytimeTrainingRun = z.infer<typeof anytimeTrainingRunSchema>;
export type AnytimeRun = z.infer<typeof anytimeRunSchema>;
