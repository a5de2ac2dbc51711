import type { Architecture, NetworkConfig } from "../../../../src-shared/domain/architecture/network.ts";
import type { CellSpace } from "../../../../src-shared/domain/architecture/search-space.ts";
import type { CellTrainingRun, GhnTrainingRun, SearchRun } from "../../../../src-shared/domain/config/run-config.ts";
import type { CellToTrain } from "../../../../src-shared/worker-protocol.ts";
import type { BuiltPlan } from "../../network/program.ts";
import type { AccuracyRecord } from "../shared/single-output.ts";
import type { CandidateFields, SpaceTypes } from "../shared/space-types.ts";

/** The types of the cell space: networks of cells with one output (paper, section 3.1). */
export interface CellTypes extends SpaceTypes {
  readonly architecture: Architecture;
  readonly settings: CellSpace;
  readonly network: NetworkConfig;
  readonly plan: BuiltPlan;
  readonly ghnRun: GhnTrainingRun;
  readonly searchRun: SearchRun;
  readonly trainingRun: CellTrainingRun;
  readonly subject: CellToTrain;
  readonly candidate: CandidateFields<Architecture>;
  readonly training: AccuracyRecord & { readonly architecture: Architecture; readonly role: CellToTrain["role"] };
}
