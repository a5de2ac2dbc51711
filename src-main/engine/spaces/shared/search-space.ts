import type { Architecture, NetworkInput } from "../../../../src-shared/domain/architecture/network.ts";
import type { SearchSettings } from "../../../../src-shared/domain/config/run-config.ts";
import type { Rng } from "../../random.ts";
import type { GhnDescription } from "./ghn-description.ts";
import type { OutputMeasure } from "./output-measure.ts";
import type { CandidateFields, SpaceTypes, SummaryFacts } from "./space-types.ts";
import type { TrainingDescription } from "./training-description.ts";

/**
 * A search space: everything that the jobs (GHN training, search, training from scratch, prediction) ask of it. Pure: no tensors, no files. To add a space, implement this
 * interface in a folder of its own and list it in spaces/index.ts.
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
