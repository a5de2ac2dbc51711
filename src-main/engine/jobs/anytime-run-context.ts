import type { AnytimeCandidateMessage, AnytimeTrainingMessage } from "../../../src-shared/domain/records/anytime-records.ts";
import type { RunContext } from "./run-context.ts";

/** What a run in the anytime space may tell besides. */
export interface AnytimeRunContext extends RunContext {
  anytimeCandidate(candidate: AnytimeCandidateMessage): void;
  anytimeTraining(training: AnytimeTrainingMessage): void;
}
