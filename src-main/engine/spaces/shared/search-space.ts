import type { Architecture, NetworkInput } from "../../../../src-shared/domain/architecture/network.ts";
import type { SearchSettings } from "../../../../src-shared/domain/config/run-config.ts";
import type { Rng } from "../../random.ts";
import type { GhnDescription } from "./ghn-description.ts";
import type { OutputMeasure } from "./output-measure.ts";
import type { CandidateFields, SpaceTypes, SummaryFacts } from "./space-types.ts";
import type { TrainingDescription } from "./training-description.ts";

/**
 * A search space: everything that the jobs (GHN training, search, training from scratch, prediction) need from it. Pure: no tensors, no files. To add a space, implement this
 * interface in a new folder and list it in spaces/index.ts.
 */
export interface SearchSpace<T extends SpaceTypes = SpaceTypes> {
  /** Marks candidates and trainings of the space. */
  readonly id: string;
  /** Name of one architecture in candidate names and messages: "Cell". */
  readonly noun: string;
  sample(settings: T["settings"], rng: Rng): T["architecture"];
  /** An architecture for one step of GHN training. */
  sampleForGhn(run: T["ghnRun"], rng: Rng): T["architecture"];
  /** Equal if and only if two architectures are isomorphic. */
  canonical(architecture: T["architecture"]): string;
  /** The network of an architecture, with exact counts. */
  plan(architecture: T["architecture"], network: T["network"], input: NetworkInput): T["plan"];
  /** Reads an architecture stored as JSON. @throws ZodError */
  parse(json: unknown): T["architecture"];
  /** Null if the space supports random search only. */
  readonly mutation: Mutation<T> | null;
  /** The architecture as the window draws it during a run; null if it is not drawn. */
  drawing(architecture: T["architecture"]): Architecture | null;
  readonly ghn: GhnDescription<T>;
  /** Architectures whose weights are generated at once in a search. */
  readonly scoringBatch: number;
  /** Settings of a search; those that the space does not define have their defaults. */
  searchSettings(run: T["searchRun"]): SearchSettings;
  /** Scoring for a GHN training or a search. */
  scoring(settings: T["ghnRun"]["training"] | T["searchRun"]["search"], input: NetworkInput): Scoring<T>;
  readonly training: TrainingDescription<T>;
}

/** How networks with generated weights are scored. */
export interface Scoring<T extends SpaceTypes = SpaceTypes> {
  /** A sentence for the log that explains scores; null if they need no explanation. */
  readonly note: string | null;
  /** Facts about scoring for the summary of a search. */
  readonly facts: SummaryFacts;
  /** The score, 0 to 1; higher is better. */
  score(plan: T["plan"], measure: OutputMeasure): number;
  /** Adds the fields that the space reports for a candidate. */
  candidate(fields: CandidateFields<T["architecture"]>, plan: T["plan"], measure: OutputMeasure): T["candidate"];
}

/** Mutations, for strategies that explore the neighbourhood of good architectures. */
export interface Mutation<T extends SpaceTypes = SpaceTypes> {
  /** Makes one random change; the result is valid. */
  mutate(architecture: T["architecture"], settings: T["settings"], rng: Rng): T["architecture"];
  /** All architectures that are one change away; isomorphic ones may repeat. */
  neighbours(architecture: T["architecture"], settings: T["settings"]): T["architecture"][];
}
