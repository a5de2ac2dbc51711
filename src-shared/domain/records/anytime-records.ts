import type { AnytimeArchitecture, AnytimeModel, AnytimeNodeRef } from "../architecture/anytime.ts";

/** One measured exit of a network. Multiply-adds include everything computed up to this exit. */
export interface MeasuredExit {
  /** The node it is attached to; null for reference networks. */
  readonly node: AnytimeNodeRef | null;
  readonly multiplyAdds: number;
  /** On validation images, in [0, 1]. */
  readonly accuracy: number;
  /** On test images; null if not measured. */
  readonly testAccuracy: number | null;
}

/** The range of budgets that an area covers. */
export interface AreaRange {
  readonly maxBudget: number;
  readonly chance: number;
}

/** A network of the anytime space, scored by a search. */
export interface AnytimeCandidate extends AreaRange {
  readonly id: number;
  readonly runId: string;
  /** Position in the order of proposal, from 0. */
  readonly index: number;
  readonly name: string;
  /** Equal for isomorphic networks. */
  readonly canonical: string;
  readonly architecture: AnytimeArchitecture;
  readonly parameters: number;
  /** Of the last exit. */
  readonly multiplyAdds: number;
  /** Area under the curve with generated weights, in [0, 1]. */
  readonly score: number;
  /** Mean cross-entropy of the exits with generated weights. */
  readonly scoreLoss: number | null;
  readonly exits: readonly MeasuredExit[];
  /** 1 is best; by score, ties by index. Random picks have none. */
  readonly rank: number | null;
  readonly role: "shortlist" | "random" | "none";
  readonly generationMs: number | null;
  readonly evaluationMs: number | null;
}

/** One training of a network with several exits from scratch. */
export interface AnytimeTraining extends AreaRange {
  readonly id: number;
  readonly runId: string;
  readonly candidateId: number | null;
  readonly name: string;
  readonly canonical: string;
  readonly model: AnytimeModel;
  readonly role: "shortlist" | "random" | "reference" | "none";
  readonly repetition: number;
  readonly seed: number;
  readonly epochs: number;
  /** F of a searched network; null for a reference. */
  readonly initialChannels: number | null;
  readonly parameters: number;
  readonly multiplyAdds: number;
  /** Area under the curve predicted by the search; null without a prediction. */
  readonly score: number | null;
  readonly exits: readonly MeasuredExit[];
  /** Area under the curve on validation and on test images. */
  readonly area: number;
  readonly testArea: number | null;
  readonly trainLoss: number;
  readonly seconds: number;
  /** Why it diverged, as a sentence; absent if it is usable. The accuracies of a diverged training are not a result. */
  readonly divergence?: string | undefined;
}
