import type { z } from "zod";
import type { Architecture, NetworkInput } from "../../../../src-shared/domain/architecture/network.ts";
import type { AugmentationConfig, CellTraining, GhnConfig, GhnTraining, SearchSettings } from "../../../../src-shared/domain/config/run-config.ts";
import type { MetricName } from "../../../../src-shared/domain/metrics.ts";
import type { NetworkPlan } from "../../network/plan-types.ts";
import type { BuiltPlan } from "../../network/program.ts";
import type { Rng } from "../../random.ts";
import type { NetworkFamily } from "./network-family.ts";

/** Facts that a run states at its end. */
export type SummaryFacts = Record<string, string | number | boolean | null>;

/** What every space measures of a network: one entry for each output, in the order in which they answer. Most networks have one output. */
export interface OutputMeasure {
  /** Share of the images that the output gets right, 0 to 1. */
  readonly accuracies: readonly number[];
  /** Mean cross-entropy. */
  readonly losses: readonly number[];
  /** Share of images whose class is among the five that the last output ranks highest; null where there are five classes or fewer, or where it was not measured. */
  readonly topFive: number | null;
}

/** Settings of a GHN training that every space has. */
export interface GhnRunFields {
  readonly seed: number;
  readonly ghn: GhnConfig;
  readonly space: unknown;
  readonly network: unknown;
  readonly training: Omit<GhnTraining, "nodes" | "augmentation"> & { readonly augmentation: AugmentationConfig };
}

/** Settings of a search that every space has. */
export interface SearchRunFields {
  readonly seed: number;
  readonly space: unknown;
  readonly network: unknown;
  readonly search: object;
  /** Architectures to score instead of those of a strategy. */
  readonly cells?: readonly { readonly name: string; readonly architecture: unknown }[] | undefined;
}

/** Settings of a training from scratch that every space has. */
export interface TrainingRunFields {
  readonly seed: number;
  readonly network: unknown;
  readonly training: { readonly epochs: number; readonly repetitions: number };
  readonly measureTest: boolean;
}

/** How one network is trained from scratch. */
export type TrainingProtocol = Pick<
  CellTraining,
  | "learningRate"
  | "accumulate"
  | "warmupEpochs"
  | "epochs"
  | "schedule"
  | "decayRate"
  | "decayAt"
  | "batchSize"
  | "momentum"
  | "weightDecay"
  | "gradientClip"
  | "augmentation"
  | "labelSmoothing"
  | "dropPath"
  | "auxiliaryWeight"
> & { readonly nesterov: boolean };

/** What is written to the GHN file beside the weights. */
export interface GhnManifest<T extends SpaceTypes = SpaceTypes> {
  readonly ghn: GhnConfig;
  readonly network: T["network"];
  readonly input: NetworkInput;
  /** Missing in files of the first versions. */
  readonly space?: T["settings"] | undefined;
}

/** A network to train from scratch. */
export interface SubjectFields {
  readonly name: string;
  readonly canonical: string;
  readonly candidateId: number | null;
  readonly role: "shortlist" | "random" | "reference" | "none";
  /** What the search predicted; null where it predicted nothing. */
  readonly score: number | null;
}

/** What a search reports of one architecture, in every space. Times in milliseconds. */
export interface CandidateFields<A = unknown> {
  readonly index: number;
  readonly name: string;
  readonly canonical: string;
  readonly architecture: A;
  readonly parameters: number;
  readonly multiplyAdds: number;
  readonly score: number | null;
  readonly scoreLoss: number | null;
  readonly role: "shortlist" | "random" | "none";
  readonly generationMs: number | null;
  readonly evaluationMs: number | null;
  readonly latencyMs?: number | null | undefined;
  readonly predictions?: Readonly<Record<string, number | null>> | undefined;
}

/** What a training reports, in every space. */
export interface TrainingFields<Role = SubjectFields["role"]> {
  readonly candidateId: number | null;
  readonly name: string;
  readonly canonical: string;
  readonly role: Role;
  readonly repetition: number;
  readonly seed: number;
  readonly epochs: number;
  readonly parameters: number;
  readonly multiplyAdds: number;
  readonly score: number | null;
  readonly trainLoss: number;
  readonly seconds: number;
}

/** The types that belong to one search space. */
export interface SpaceTypes {
  /** What is sampled, ranked and exported. */
  readonly architecture: unknown;
  /** `space` of a config: the bounds of the space. */
  readonly settings: unknown;
  /** `network` of a config: how an architecture becomes a network. */
  readonly network: unknown;
  readonly plan: BuiltPlan;
  readonly ghnRun: GhnRunFields;
  readonly searchRun: SearchRunFields;
  readonly trainingRun: TrainingRunFields;
  readonly subject: SubjectFields;
  readonly candidate: CandidateFields;
  readonly training: TrainingFields;
}

/** How networks with generated weights are scored. */
export interface Scoring<T extends SpaceTypes = SpaceTypes> {
  /** What scores mean, as a sentence for the log; null where it is plain. */
  readonly note: string | null;
  /** Facts of the scoring for the summary of a search. */
  readonly facts: SummaryFacts;
  /** The score, 0 to 1; high is good. */
  score(plan: T["plan"], measure: OutputMeasure): number;
  /** Adds what the space reports of a candidate. */
  candidate(fields: CandidateFields<T["architecture"]>, plan: T["plan"], measure: OutputMeasure): T["candidate"];
}

/** Changes of architectures, for strategies that look near good ones. */
export interface Mutation<T extends SpaceTypes = SpaceTypes> {
  /** One random change; the result is valid. */
  mutate(architecture: T["architecture"], settings: T["settings"], rng: Rng): T["architecture"];
  /** All architectures that are one change away; isomorphic ones may repeat. */
  neighbours(architecture: T["architecture"], settings: T["settings"]): T["architecture"][];
}

/** What the hypernetworks of a space need to know. */
export interface GhnDescription<T extends SpaceTypes = SpaceTypes> {
  /** Marks a safetensors file with a trained generator of the space. */
  readonly fileFormat: string;
  readonly manifestSchema: z.ZodType<GhnManifest<T>>;
  manifest(run: T["ghnRun"], input: NetworkInput): GhnManifest<T>;
  /** The networks that a generator serves. */
  family(settings: T["settings"], network: T["network"], input: NetworkInput): NetworkFamily;
  /** Checks that a trained generator serves a search. @throws UserError `ghn-mismatch`, which names the field */
  check(manifest: GhnManifest<T>, asked: Pick<T["searchRun"], "space" | "network" | "cells">, input: NetworkInput, file: string): void;
  /** What the baselines of fixed size need; null where only graph hypernetworks serve the space. */
  readonly fixedSize: FixedSize<T> | null;
}

export interface FixedSize<T extends SpaceTypes = SpaceTypes> {
  /** Operation nodes of the largest cell that is served. */
  nodes(manifest: GhnManifest<T>): number;
  /** Networks that together use every parameter of every network that is served. */
  covering(manifest: GhnManifest<T>): NetworkPlan[];
}

/** Facts of the images, for weights files. */
export interface ImageFacts {
  readonly input: NetworkInput;
  readonly dataset: {
    readonly id: string;
    readonly fingerprint: string;
    readonly classNames: readonly string[];
    readonly mean: readonly number[];
    readonly std: readonly number[];
  };
}

/** A trained network. */
export interface Trained<T extends SpaceTypes = SpaceTypes> {
  readonly run: T["trainingRun"];
  readonly subject: T["subject"];
  readonly network: T["network"];
  readonly plan: T["plan"];
  readonly images: ImageFacts;
  readonly validation: OutputMeasure;
  /** Null where the test images are not measured. */
  readonly test: OutputMeasure | null;
}

/** Training from scratch: what differs between spaces. */
export interface TrainingDescription<T extends SpaceTypes = SpaceTypes> {
  /** A sentence for the log at the start; null where there is nothing to say. */
  note(run: T["trainingRun"], input: NetworkInput): string | null;
  /** Settings of the subject's network. @throws UserError where a budget does not allow it */
  networkOf(subject: T["subject"], run: T["trainingRun"], input: NetworkInput): T["network"];
  plan(subject: T["subject"], network: T["network"], input: NetworkInput): T["plan"];
  /** The subject as the window draws it; null where it draws none. */
  drawing(subject: T["subject"]): Architecture | null;
  protocol(training: T["trainingRun"]["training"]): TrainingProtocol;
  /** Points of curves for a validation. */
  metrics(run: T["trainingRun"], plan: T["plan"], measure: OutputMeasure, input: NetworkInput): readonly (readonly [MetricName, number])[];
  /** The training as it is reported and stored. */
  record(fields: TrainingFields<T["subject"]["role"]>, trained: Trained<T>): T["training"];
  /** The results in words, for the log. */
  words(record: T["training"], trained: Trained<T>): string;
  /** Format and manifest of the file with the weights. */
  weightsFile(record: T["training"], trained: Trained<T>): { readonly format: string; readonly manifest: object };
  /** Facts of a run at its end. @param topFive of each training, missing for those of old checkpoints */
  facts(run: T["trainingRun"], trainings: readonly T["training"][], topFive: readonly TopFive[]): SummaryFacts;
}

/** Top-five accuracies of a finished training; null where they were not measured. */
export interface TopFive {
  readonly validation: number | null;
  readonly test: number | null;
}

/**
 * A search space: everything that the jobs (GHN training, search, training from scratch, prediction) ask of it. Pure: no tensors, no files. To add a space, implement this
 * interface in a folder beside the others and list it in spaces/index.ts.
 */
export interface SearchSpace<T extends SpaceTypes = SpaceTypes> {
  /** Marks candidates and trainings of the space. */
  readonly id: string;
  /** What one architecture is called in names and sentences: "Cell". */
  readonly noun: string;
  sample(settings: T["settings"], rng: Rng): T["architecture"];
  /** An architecture for one step of a GHN training. */
  sampleForGhn(run: T["ghnRun"], rng: Rng): T["architecture"];
  /** Equal exactly for isomorphic architectures. */
  canonical(architecture: T["architecture"]): string;
  /** The network of an architecture, with exact counts. */
  plan(architecture: T["architecture"], network: T["network"], input: NetworkInput): T["plan"];
  /** Reads an architecture that was kept as JSON. @throws ZodError */
  parse(json: unknown): T["architecture"];
  /** Null where strategies draw at random only. */
  readonly mutation: Mutation<T> | null;
  /** The architecture as the window draws it while a run is running; null where it draws none. */
  drawing(architecture: T["architecture"]): Architecture | null;
  readonly ghn: GhnDescription<T>;
  /** Architectures whose weights are generated at once in a search. */
  readonly scoringBatch: number;
  /** Settings of a search; what the space leaves open has its default. */
  searchSettings(run: T["searchRun"]): SearchSettings;
  /** Scoring for a GHN training or a search. */
  scoring(settings: T["ghnRun"]["training"] | T["searchRun"]["search"], input: NetworkInput): Scoring<T>;
  readonly training: TrainingDescription<T>;
}
