import { z } from "zod";
import { searchSpaceSchema } from "../architecture/search-space.ts";
import { cellTrainingSchema, ghnConfigSchema, ghnTrainingSchema, runCommon } from "./training-config.ts";

/** The fixed set of cells of a study: the same seed and space always give the same cells. */
const studyCellsSchema = z.strictObject({
  count: z
    .int()
    .min(4)
    .max(10_000)
    .default(100)
    .meta({ title: "Cells", description: "Distinct random cells that all predictors are compared on. The paper uses 100." }),
  seed: z
    .int()
    .min(0)
    .max(2 ** 31 - 1)
    .default(7)
    .meta({ title: "Seed of the cells", description: "Selects the cells. Studies with the same seed and space share cells and trainings." }),
});

/** Predictors without a hypernetwork: zero-cost proxies and short trainings. */
const predictorsSchema = z.strictObject({
  proxies: z
    .boolean()
    .default(true)
    .meta({ title: "Zero-cost proxies", description: "Parameters, multiply-adds, gradient norm, synaptic flow, jacobian covariance, NWOT, SWAP." }),
  proxyImages: z.int().min(2).max(1024).default(64).meta({ title: "Images for proxies", description: "One batch, the same for all cells." }),
  sgdSteps: z
    .array(z.int().min(1).max(1_000_000))
    .max(10)
    .default([10, 100])
    .meta({ title: "SGD steps", description: "Validation accuracy after this many steps of SGD, from a single training (paper: 10, 100, 200, 1000)." }),
  sgd: cellTrainingSchema.default(cellTrainingSchema.parse({ epochs: 1, dropPath: 0, auxiliaryWeight: 0 })),
});

/** Measures predictors on the cells of a study; its candidates have one value per predictor. */
export const predictionRunSchema = z.strictObject({
  kind: z.literal("prediction"),
  ...runCommon,
  space: searchSpaceSchema.default(searchSpaceSchema.parse({})),
  cells: studyCellsSchema.default(studyCellsSchema.parse({})),
  predictors: predictorsSchema.default(predictorsSchema.parse({})),
});
export type PredictionRun = z.infer<typeof predictionRunSchema>;

/** A weight generator that a study trains and compares. */
export const studyVariantSchema = z.strictObject({
  name: z.string().min(1).max(80).meta({ title: "Name", description: "Name in the report." }),
  ghn: ghnConfigSchema.default(ghnConfigSchema.parse({})),
  training: ghnTrainingSchema.default(ghnTrainingSchema.parse({})),
});

/**
 * A study: trains several weight generators with several seeds, ranks the same cells with each, trains those cells from scratch and compares. Correlation
 * studies (Table 3) and ablations (Figure 5, Table 4) differ only in their variants. Coordinated by the supervisor; its stages are separate runs.
 */
export const studyRunSchema = z.strictObject({
  kind: z.literal("study"),
  ...runCommon,
  title: z.string().max(200).default("Correlation with trained accuracy").meta({ title: "Title", description: "Title of the report." }),
  space: searchSpaceSchema.default(searchSpaceSchema.parse({})),
  cells: studyCellsSchema.default(studyCellsSchema.parse({})),
  variants: z.array(studyVariantSchema).min(1).max(50),
  seeds: z
    .array(
      z
        .int()
        .min(0)
        .max(2 ** 31 - 1),
    )
    .min(1)
    .max(20)
    .default([1])
    .meta({ title: "Seeds", description: "Each variant is trained once per seed." }),
  validationImages: z
    .int()
    .min(10)
    .max(100_000)
    .default(5000)
    .meta({ title: "Validation images", description: "Images that generated weights are scored on." }),
  predictors: predictorsSchema.default(predictorsSchema.parse({})),
  rankAverage: z.string().max(500).default("").meta({
    title: "Rank average",
    description: "One more predictor: the mean rank over these, as named in the report and joined by “+”, for example GHN, by loss + SWAP + parameters.",
  }),
  /** How the cells are trained for the ground truth. */
  truth: cellTrainingSchema.default(cellTrainingSchema.parse({ epochs: 50, dropPath: 0, auxiliaryWeight: 0 })),
  noiseCells: z.int().min(0).max(10_000).default(0).meta({
    title: "Cells trained twice",
    description: "This many cells are trained with a second seed. The agreement of two trainings is the noise ceiling of all predictors.",
  }),
  truthRuns: z
    .int()
    .min(1)
    .max(64)
    .default(2)
    .meta({ title: "Ground-truth runs", description: "Number of runs that share the trainings of the cells and can be executed in parallel." }),
});
export type StudyRun = z.infer<typeof studyRunSchema>;
