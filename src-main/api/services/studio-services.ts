/** What handlers use of the studio, in all sessions. */
import type { RunConfig } from "../../../src-shared/domain/config/run-config.ts";
import type { RunEstimate } from "../../../src-shared/domain/records/drafts.ts";
import type { DoctorFindings } from "../../doctor/doctor.ts";
import type { Logger } from "../../lib/logger.ts";
import type { ChildLauncher } from "../../runs/child/launcher.ts";
import type { AllowedFolders } from "../access/allowed-folders.ts";
import type { DatasetService } from "../datasets/dataset-service.ts";
import type { UserSettings } from "../settings/user-settings.ts";
import type { ProjectOpener, ProjectServices } from "./project-services.ts";

export interface StudioServices {
  readonly version: string;
  readonly log: Logger;
  readonly settings: UserSettings;
  readonly folders: AllowedFolders;
  readonly opener: ProjectOpener;
  readonly datasets: DatasetService;
  /** Starts the process that exports networks; Node's own launcher if missing. */
  readonly exportLauncher?: ChildLauncher | undefined;
  /** Lets windows use a path that the user chose in a native dialog. */
  allowPath(path: string): Promise<void>;
  doctor(): Promise<DoctorFindings>;
  estimate(config: RunConfig, project: ProjectServices | null): Promise<RunEstimate | null>;
  /** Notifies the sessions of a project that its name or size changed. */
  projectChanged(project: ProjectServices): void;
  /** Applies a setting that the main process itself uses. */
  settingChanged(key: string): void;
}
