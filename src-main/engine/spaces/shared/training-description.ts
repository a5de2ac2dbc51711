import type { Architecture, NetworkInput } from "../../../../src-shared/domain/architecture/network.ts";
import type { CellTraining } from "../../../../src-shared/domain/config/run-config.ts";
import type { MetricName } from "../../../../src-shared/domain/metrics.ts";
import type { OutputMeasure, TopFive } from "./output-measure.ts";
import type { SpaceTypes, SummaryFacts, TrainingFields } from "./space-types.ts";

/** Training from scratch: what differs between spaces. */
export interface TrainingDescription<T extends SpaceTypes = SpaceTypes> {
  /** A sentence for the log at the start of a training; null if there is none. */
  note(run: T["trainingRun"], input: NetworkInput): string | null;
  /** Settings of the subject's network. @throws UserError if the budget is too small */
  networkOf(subject: T["subject"], run: T["trainingRun"], input: NetworkInput): T["network"];
  plan(subject: T["subject"], network: T["network"], input: NetworkInput): T["plan"];
  /** The subject as the window draws it; null if it is not drawn. */
  drawing(subject: T["subject"]): Architecture | null;
  protocol(training: T["trainingRun"]["training"]): TrainerSettings;
  /** Points that a validation adds to the curves. */
  metrics(run: T["trainingRun"], plan: T["plan"], measure: OutputMeasure, input: NetworkInput): readonly (readonly [MetricName, number])[];
  /** The training as reported and stored. */
  record(fields: TrainingFields<T["subject"]["role"]>, trained: Trained<T>): T["training"];
  /** The results as text for the log. */
  words(record: T["training"], trained: Trained<T>): string;
  /** Format and manifest of the file with the weights. */
  weightsFile(record: T["training"], trained: Trained<T>): { readonly format: string; readonly manifest: object };
  /** Facts that a completed run reports. @param topFive top-five accuracies of each training; missing for trainings from old checkpoints */
  facts(run: T["trainingRun"], trainings: readonly T["training"][], topFive: readonly TopFive[]): SummaryFacts;
}

/** A trained network. */
export interface Trained<T extends SpaceTypes = SpaceTypes> {
  readonly run: T["trainingRun"];
  readonly subject: T["subject"];
  readonly network: T["network"];
  readonly plan: T["plan"];
  readonly images: ImageDescription;
  readonly validation: OutputMeasure;
  /** Null if test images are not measured. */
  readonly test: OutputMeasure | null;
}

/** Facts about the images for weights files. */
export interface ImageDescription {
  readonly input: NetworkInput;
  readonly dataset: {
    readonly id: string;
    readonly fingerprint: string;
    readonly classNames: readonly string[];
    readonly mean: readonly number[];
    readonly std: readonly number[];
  };
}

/** How one network is trained from scratch. */
export type TrainerSettings = Pick<
  CellTraining,
  | "learningRate"
  | "accumulate"
  | "learningRateFactor"
  | "warmupEpochs"
  | "epochs"
  | "schedule"
  | "decayRate"
  | "decayAt"
  | "batchSize"
  | "shortBatch"
  | "momentum"
  | "weightDecay"
  | "gradientClip"
  | "augmentation"
  | "labelSmoothing"
  | "dropPath"
  | "auxiliaryWeight"
> & { readonly nesterov: boolean };
