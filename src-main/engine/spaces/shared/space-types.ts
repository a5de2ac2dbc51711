import type { AugmentationConfig, GhnConfig, GhnTraining } from "../../../../src-shared/domain/config/run-config.ts";
import type { BuiltPlan } from "../../network/program.ts";

/** The types that belong to one search space. */
export interface SpaceTypes {
  /** The architecture: what is sampled, ranked and exported. */
  readonly architecture: unknown;
  /** `space` in a config: the bounds of the space. */
  readonly settings: unknown;
  /** `network` in a config: how an architecture becomes a network. */
  readonly network: unknown;
  readonly plan: BuiltPlan;
  readonly ghnRun: GhnRunFields;
  readonly searchRun: SearchRunFields;
  readonly trainingRun: TrainingRunFields;
  readonly subject: SubjectFields;
  readonly candidate: CandidateFields;
  readonly training: TrainingFields;
}

/** Settings of GHN training that all spaces have. */
export interface GhnRunFields {
  readonly seed: number;
  readonly ghn: GhnConfig;
  readonly space: unknown;
  readonly network: unknown;
  readonly training: Omit<GhnTraining, "nodes" | "augmentation"> & { readonly augmentation: AugmentationConfig };
}

/** Settings of a search that all spaces have. */
export interface SearchRunFields {
  readonly seed: number;
  readonly space: unknown;
  readonly network: unknown;
  readonly search: object;
  /** Architectures to score instead of those proposed by a strategy. */
  readonly cells?: readonly { readonly name: string; readonly architecture: unknown }[] | undefined;
}

/** Settings of training from scratch that all spaces have. */
export interface TrainingRunFields {
  readonly seed: number;
  readonly network: unknown;
  readonly training: { readonly epochs: number; readonly repetitions: number };
  readonly measureTest: boolean;
}

/** A network to train from scratch. */
export interface SubjectFields {
  readonly name: string;
  readonly canonical: string;
  readonly candidateId: number | null;
  readonly role: "shortlist" | "random" | "reference" | "none";
  /** The score from the search; null if there is none. */
  readonly score: number | null;
}

/** What a search reports about one architecture, in every space. Times in milliseconds. */
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

/** What a training reports in every space. */
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
  /** Why the training diverged, as a sentence. Its accuracies are then not a result. Absent if it is usable. */
  readonly divergence?: string | undefined;
}

/** Facts that a run reports when it completes. */
export type SummaryFacts = Record<string, string | number | boolean | null>;
