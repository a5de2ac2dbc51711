import { z } from "zod";
import {
  ANYTIME_OPERATIONS,
  type AnytimeOperation,
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
    .array(z.enum(ANYTIME_OPERATIONS as unknown as [AnytimeOperation, ...AnytimeOperation[]]))
    .min(1, "Switch on at least one operation.")
    .refine((list) => new Set(list).size === list.length, "Each operation may be listed once.")
    .default([...ANYTIME_OPERATIONS])
    .meta({ title: "Operations", description: "The operations a node may take. The paper lists five." }),
  nodes: z.array(z.int().min(1).max(40)).min(1).max(MAX_ANYTIME_CELLS).default([24, 16, 8]).meta({
    title: "Nodes of each cell",
    description: "One entry for each cell of the network, the first sees the largest images. The paper uses 24, 16 and 8.",
  }),
  maxInputs: z.int().min(1).max(8).default(3).meta({
    title: "Inputs per node",
    description: "A node draws 1 to this many inputs from all earlier nodes and concatenates them.",
  }),
  scales: z.int().min(1).max(MAX_SCALES).default(3).meta({
    title: "Image scales",
    description: "Cell i works at half the size of cell i − 1 or below. The paper uses 3: 32, 16 and 8 pixels.",
  }),
  exits: z.int().min(1).max(40).default(10).meta({ title: "Exits", description: "Nodes with a classifier, as many in every network. The last node has one." }),
});
export type AnytimeSpace = z.infer<typeof anytimeSpaceSchema>;

/** How wide the networks of the space are. */
export const anytimeNetworkSchema = z.strictObject({
  initialChannels: z.int().min(2).max(256).default(16).meta({
    title: "Initial channels F",
    description: "Channels of every node at full size; doubled at each smaller scale, as MSDNet's factors 1-2-4.",
  }),
});
export type AnytimeNetwork = z.infer<typeof anytimeNetworkSchema>;

/** Over which budgets the curve is measured (notes, section 4). */
export const budgetRange = z
  .number()
  .min(1000)
  .max(1e12)
  .default(1.2e8)
  .meta({ title: "Largest budget", description: "Multiply-adds. The area is taken over budgets from 0 to here, all equally likely." });

/** Ranking by the area under the predicted curve. Cells are proposed at random, as in the paper. */
export const anytimeSearchSettingsSchema = z.strictObject({
  samples: z.int().min(1).max(100_000).default(1000).meta({ title: "Networks to score", description: "Distinct networks (isomorphic ones count once)." }),
  validationImages: z
    .int()
    .min(10)
    .max(100_000)
    .default(5000)
    .meta({ title: "Validation images", description: "Images each network is scored on, always the same in the same order." }),
  batchSize: z.int().min(2).max(4096).default(250).meta({ title: "Evaluation batch", description: "Batch norm uses the statistics of this batch." }),
  maxBudget: budgetRange,
  minMultiplyAdds: z.int().min(0).optional().meta({ title: "Multiply-adds, at least", description: "Of the last exit. Networks below are not considered." }),
  maxMultiplyAdds: z.int().min(1).optional().meta({ title: "Multiply-adds, at most", description: "Of the last exit. Networks above are not considered." }),
  shortlist: z.int().min(1).max(1000).default(10).meta({ title: "Shortlist", description: "Best networks to keep for training." }),
  randomBaseline: z.int().min(0).max(1000).default(10).meta({ title: "Random baseline", description: "Networks drawn at random, for comparison." }),
});
export type AnytimeSearchSettings = z.infer<typeof anytimeSearchSettingsSchema>;

/** Training as MSDNet is trained (paper, appendix 5.3): the sum of the exits' losses, SGD with Nesterov momentum, steps at half and three quarters. */
export const anytimeTrainingSchema = z.strictObject({
  ...cellTrainingSchema.pick({
    batchSize: true,
    momentum: true,
    gradientClip: true,
    accumulate: true,
    warmupEpochs: true,
    repetitions: true,
    augmentation: true,
  }).shape,
  epochs: z.number().min(0.01).max(2000).default(300).meta({ title: "Epochs", description: "The paper uses 300." }),
  learningRate: z.number().positive().max(10).default(0.1).meta({ title: "Learning rate", description: "At the start. The paper uses 0.1." }),
  decayRate: z.number().positive().max(1).default(0.1).meta({ title: "Decay rate", description: "The rate is multiplied by this at each of the points." }),
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
    .meta({ title: "Weight decay", description: "L2 on convolution and classifier weights. MSDNet uses 0.0001." }),
  gradientClip: z
    .number()
    .min(0)
    .max(1000)
    .default(0)
    .meta({ title: "Gradient clip", description: "Largest global norm of the gradient; 0 is off, as in MSDNet." }),
  multiplyAddBudget: z.int().min(1000).optional().meta({
    title: "Multiply-adds, at most",
    description:
      "F of each searched network becomes the largest whole number whose last exit stays within this, so that networks are compared at equal cost; empty keeps F.",
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

/** Training of the GHN: the number of nodes is drawn anew for each cell, up to the cell's own (paper, appendix 5.2). */
export const anytimeGhnTrainingSchema = z.strictObject({
  ...ghnTrainingSchema.omit({ nodes: true }).shape,
  maxBudget: budgetRange,
  randomNodes: z.boolean().default(true).meta({
    title: "Random numbers of nodes",
    description: "Cells in training have 1 node up to those of the space, drawn anew each time, as in the paper; off: always as many as the space says.",
  }),
});
export type AnytimeGhnTraining = z.infer<typeof anytimeGhnTrainingSchema>;
const ghnTraining = anytimeGhnTrainingSchema.default(anytimeGhnTrainingSchema.parse({}));

/** Trains a GHN on the anytime space. */
export const anytimeGhnRunSchema = z.strictObject({ kind: z.literal("anytime-ghn"), ...common, space, ghn, training: ghnTraining });

/** Ranks networks by the area under the curve that a trained GHN predicts. */
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
  .meta({ title: "References", description: "Networks of known structure, trained under the same protocol." });

/** Which networks a training run takes. */
export const anytimeSourceSchema = z.discriminatedUnion("from", [
  z.strictObject({ from: z.literal("search"), runId: z.string().min(1).max(64), top: z.int().min(0).max(1000), random: z.int().min(0).max(1000) }),
  z.strictObject({
    from: z.literal("networks"),
    networks: z.array(z.strictObject({ name: z.string().min(1).max(200), architecture: anytimeArchitectureSchema })).max(1000),
  }),
]);
export type AnytimeSource = z.infer<typeof anytimeSourceSchema>;

/** Trains networks with several exits from scratch, and the references beside them. */
export const anytimeTrainingRunSchema = z.strictObject({
  kind: z.literal("anytime-training"),
  ...common,
  source: anytimeSourceSchema,
  references,
  training,
  /** Whether the test images are measured, once, at the end of each training. */
  measureTest: z.boolean().default(true).meta({ title: "Measure on test images", description: "Once, at the end of each training." }),
});

/** The whole path: train a GHN, search, train the winner beside random picks and references under one protocol. Its stages are runs of their own. */
export const anytimeRunSchema = z.strictObject({
  kind: z.literal("anytime"),
  ...common,
  space,
  ghn,
  training: ghnTraining,
  search,
  winners: z.int().min(0).max(100).default(1).meta({ title: "Winners", description: "Best networks of the search that are trained." }),
  randomPicks: z.int().min(0).max(100).default(1).meta({ title: "Random picks", description: "Networks of the random baseline that are trained beside them." }),
  references,
  final: training,
});

export type AnytimeGhnRun = z.infer<typeof anytimeGhnRunSchema>;
export type AnytimeSearchRun = z.infer<typeof anytimeSearchRunSchema>;
export type AnytimeTrainingRun = z.infer<typeof anytimeTrainingRunSchema>;
export type AnytimeRun = z.infer<typeof anytimeRunSchema>;
