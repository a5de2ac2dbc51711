import type { AnytimeArchitecture } from "../../../../src-shared/domain/architecture/anytime.ts";
import type { AnytimeGhnRun, AnytimeNetwork, AnytimeSearchRun, AnytimeSpace, AnytimeTrainingRun } from "../../../../src-shared/domain/config/anytime-config.ts";
import type { AnytimeCandidateMessage, AnytimeToTrain, AnytimeTrainingMessage } from "../../../../src-shared/worker-protocol.ts";
import type { SpaceTypes } from "../shared/space-types.ts";
import type { AnytimePlan } from "./exit-plan.ts";

/** The types of the anytime space: networks with several exits (paper, section 3.2). */
export interface AnytimeTypes extends SpaceTypes {
  readonly architecture: AnytimeArchitecture;
  readonly settings: AnytimeSpace;
  readonly network: AnytimeNetwork;
  readonly plan: AnytimePlan;
  readonly ghnRun: AnytimeGhnRun;
  readonly searchRun: AnytimeSearchRun;
  readonly trainingRun: AnytimeTrainingRun;
  readonly subject: AnytimeToTrain;
  readonly candidate: Omit<AnytimeCandidateMessage, "space">;
  readonly training: Omit<AnytimeTrainingMessage, "space">;
}
