/** Messages between the supervisor and run workers. The receiver validates them with these schemas, from which their types are inferred. */
import { z } from "zod";
import type { AnytimeArchitecture, AnytimeModel } from "./domain/architecture/anytime.ts";
import type { Architecture } from "./domain/architecture/network.ts";
import type { RunConfig } from "./domain/config/run-config.ts";
import { isRecord } from "./domain/is-record.ts";

const count = z.int().min(0);
const list = <Item extends z.ZodType>(item: Item): z.ZodReadonly<z.ZodArray<Item>> => z.array(item).readonly();
/** An object that is validated by its sender or where it is used. */
const object = <T>(): z.ZodType<T> => z.custom<T>(isRecord);
/** A number that may not be finite; in JSON messages it arrives as null. */
const measured = z.union([z.number(), z.nan()]);
const measuredOrNull = measured.nullable();
/** A number that should be finite, but arrives as null if it is not. Senders always pass a number. */
const lossy = z.custom<number>((value) => value === null || typeof value === "number");

const role = z.enum(["shortlist", "random", "none"]);
const anytimeRole = z.enum(["shortlist", "random", "reference", "none"]);

// ---------------------------------------------------------------- networks to train

const subject = { name: z.string(), canonical: z.string(), candidateId: count.nullable(), score: measuredOrNull };

/** A cell to train from scratch, resolved from its source. */
const cellToTrainSchema = z.object({ space: z.literal("cell"), ...subject, role, architecture: object<Architecture>() });
/** A network with several exits, or a reference. */
const anytimeToTrainSchema = z.object({ space: z.literal("anytime"), ...subject, role: anytimeRole, model: object<AnytimeModel>() });
const subjectSchema = z.discriminatedUnion("space", [cellToTrainSchema, anytimeToTrainSchema]);
export type CellToTrain = Readonly<z.infer<typeof cellToTrainSchema>>;
export type AnytimeToTrain = Readonly<z.infer<typeof anytimeToTrainSchema>>;
export type NetworkToTrain = CellToTrain | AnytimeToTrain;

// ---------------------------------------------------------------- supervisor to worker

/** Paths are absolute. */
const startSchema = z.object({
  type: z.literal("start"),
  runId: z.string(),
  /** Validated before the run was created. */
  config: z.custom<RunConfig>((value) => isRecord(value) && typeof value["kind"] === "string"),
  /** Folder of the run's artifacts; the worker writes nowhere else. */
  artifactFolder: z.string(),
  /** Folders with datasets of the project and of the user, in order of preference. */
  dataFolders: list(z.string()),
  /** Checkpoint to continue from; null starts from the beginning. */
  resumeFrom: z.string().nullable(),
  /** The trained GHN (safetensors) for a search. */
  ghnFile: z.string().nullable(),
  /** The networks of a training run; empty for all others. */
  subjects: list(subjectSchema),
  /** Process seconds and wall seconds of earlier attempts. */
  activeSecondsBefore: z.number().min(0),
  wallSecondsBefore: z.number().min(0),
});

export const toWorkerSchema = z.discriminatedUnion("type", [
  startSchema,
  z.object({ type: z.literal("stop") }),
  z.object({ type: z.literal("acknowledge"), sequence: count }),
]);
export type ToWorker = z.infer<typeof toWorkerSchema>;
export type StartMessage = z.infer<typeof startSchema>;

// ---------------------------------------------------------------- worker to supervisor

const network = { name: z.string(), canonical: z.string(), parameters: z.number(), multiplyAdds: z.number() };
const area = { maxBudget: z.number(), chance: z.number() };
const exits = list(
  z.object({
    node: z.object({ cell: count, node: count }).nullable(),
    multiplyAdds: z.number(),
    accuracy: z.number(),
    testAccuracy: z.number().nullable(),
  }),
);

const candidate = { index: count, ...network, scoreLoss: measuredOrNull, role, generationMs: measuredOrNull, evaluationMs: measuredOrNull };
const cellCandidateSchema = z.object({
  space: z.literal("cell"),
  ...candidate,
  architecture: object<Architecture>(),
  score: measuredOrNull,
  /** Median time of a forward pass of one image; missing if it was not measured. */
  latencyMs: measuredOrNull.optional(),
  /** Values of other predictors by name, from a prediction run. */
  predictions: z.record(z.string(), measuredOrNull).readonly().optional(),
});
const anytimeCandidateSchema = z.object({
  space: z.literal("anytime"),
  ...candidate,
  architecture: object<AnytimeArchitecture>(),
  score: z.number(),
  exits,
  ...area,
});
const candidateSchema = z.discriminatedUnion("space", [cellCandidateSchema, anytimeCandidateSchema]);
export type CellCandidateMessage = Readonly<z.infer<typeof cellCandidateSchema>>;
export type AnytimeCandidateMessage = Readonly<z.infer<typeof anytimeCandidateSchema>>;
export type CandidateMessage = CellCandidateMessage | AnytimeCandidateMessage;

const training = {
  candidateId: count.nullable(),
  ...network,
  repetition: count,
  seed: z.number(),
  epochs: z.number(),
  score: measuredOrNull,
  trainLoss: lossy,
  seconds: z.number(),
  /** Why it diverged, as a sentence; absent if it is usable. */
  divergence: z.string().optional(),
};
const cellTrainingSchema = z.object({
  space: z.literal("cell"),
  ...training,
  role,
  architecture: object<Architecture>(),
  validationAccuracy: z.number(),
  testAccuracy: measuredOrNull,
});
const anytimeTrainingSchema = z.object({
  space: z.literal("anytime"),
  ...training,
  role: anytimeRole,
  model: object<AnytimeModel>(),
  initialChannels: count.nullable(),
  exits,
  ...area,
  area: z.number(),
  testArea: z.number().nullable(),
});
const trainingSchema = z.discriminatedUnion("space", [cellTrainingSchema, anytimeTrainingSchema]);
export type CellTrainingMessage = Readonly<z.infer<typeof cellTrainingSchema>>;
export type AnytimeTrainingMessage = Readonly<z.infer<typeof anytimeTrainingSchema>>;
export type TrainingMessage = CellTrainingMessage | AnytimeTrainingMessage;

const metricColumns = z.object({
  name: z.string(),
  series: count,
  step: list(z.number()),
  epoch: list(lossy),
  wall: list(lossy),
  active: list(lossy),
  value: list(measuredOrNull),
});

const progress = z.object({
  phase: z.string(),
  step: z.number(),
  totalSteps: z.number(),
  epoch: z.number().exactOptional(),
  imagesPerSecond: z.number().exactOptional(),
  secondsLeft: z.number().exactOptional(),
});

const artifact = z.object({
  kind: z.enum(["checkpoint", "ghn", "weights", "cell", "report"]),
  name: z.string(),
  path: z.string(),
  bytes: count,
  sha256: z.string(),
});
export type ArtifactMessage = Readonly<z.infer<typeof artifact>>;

/** How much of the stored data a checkpoint covers. */
export const resumePointSchema = z.object({
  /** Last step kept in each series, by series index; series not named are removed. */
  stepOfSeries: z.record(z.string(), z.number()).readonly(),
  candidates: count,
  trainings: count,
});
export type ResumePoint = Readonly<z.infer<typeof resumePointSchema>>;

const fact = z.custom<string | number | boolean | null>((value) => value === null || ["string", "number", "boolean"].includes(typeof value));

/**
 * Messages of a run worker. `batch` carries everything collected since the last one (at most 10 per second); the
 * supervisor stores it in one transaction and answers `acknowledge` with its sequence.
 */
export const fromWorkerSchema = z.discriminatedUnion("type", [
  z.object({
    type: z.literal("ready"),
    backend: z.string(),
    device: z.string(),
    libraryVersion: z.string(),
    fallbackReason: z.string().nullable(),
    pid: count,
  }),
  z.object({ type: z.literal("dataset"), fingerprint: z.string(), description: z.string() }),
  /** The worker continues from this checkpoint: everything stored after these counts is obsolete and is removed. */
  z.object({ type: z.literal("resumed"), step: count, keep: resumePointSchema }),
  z.object({
    type: z.literal("batch"),
    sequence: count,
    metrics: list(metricColumns),
    candidates: list(candidateSchema),
    trainings: list(trainingSchema),
    logs: list(z.object({ time: z.string(), level: z.enum(["debug", "info", "warning", "error"]), text: z.string() })),
    progress: progress.nullable(),
    /** The current architecture, for the live drawing. */
    current: z.object({ name: z.string(), architecture: object<Architecture>() }).nullable(),
  }),
  z.object({
    type: z.literal("heartbeat"),
    cpuPercent: z.number(),
    memoryBytes: z.number(),
    gpuPercent: measuredOrNull,
    gpuMemoryBytes: measuredOrNull,
  }),
  z.object({ type: z.literal("checkpoint"), step: count, artifact }),
  z.object({ type: z.literal("artifact"), artifact }),
  /** Final roles after ranking: candidates by index. */
  z.object({ type: z.literal("roles"), shortlist: list(count), random: list(count) }),
  z.object({ type: z.literal("done"), summary: z.record(z.string(), fact).readonly() }),
  z.object({ type: z.literal("stopped"), step: count }),
  z.object({
    type: z.literal("failed"),
    failure: z.object({ message: z.string(), remedy: z.string().exactOptional(), detail: z.string().exactOptional() }),
  }),
]);
export type FromWorker = z.infer<typeof fromWorkerSchema>;
