/** Creates the studio of a host over the user's folders. Hosts differ in how they start child processes. */
import { Estimator } from "../api/estimate/estimator.ts";
import { sharedProjectOpener } from "../api/project-opener.ts";
import { createStudio, type Studio } from "../api/studio.ts";
import { datasetFolder, userConfigFolder, userDataFolder } from "../config/folders.ts";
import { packageVersion } from "../config/version.ts";
import type { DoctorFindings } from "../doctor/doctor.ts";
import { entryPath } from "../lib/entries.ts";
import type { Logger } from "../lib/logger.ts";
import { findResource } from "../lib/resources.ts";
import type { ChildLauncher } from "../runs/child/launcher.ts";
import { studioLog } from "./studio-log.ts";

export interface BuildOptions {
  /** Starts run workers. */
  readonly launcher: ChildLauncher;
  /** Starts the process that measures the device. */
  readonly calibrationLauncher: ChildLauncher;
  /** Starts the process that exports networks. */
  readonly exportLauncher: ChildLauncher;
  readonly roots: readonly string[];
  readonly nativeDialogs?: boolean;
  /** Texts to remove from errors; may grow. */
  readonly secrets?: readonly string[];
  readonly log?: Logger;
}

export function buildStudio(options: BuildOptions): Promise<Studio> {
  const estimator = new Estimator(options.calibrationLauncher);
  return createStudio({
    settingsFolder: userConfigFolder(),
    datasetFolder: datasetFolder(),
    sampleParent: userDataFolder(),
    version: packageVersion(),
    log: options.log ?? studioLog(),
    opener: sharedProjectOpener(options.launcher),
    doctor,
    estimate: (config, studio, project) => estimator.estimate(config, studio, project),
    exportLauncher: options.exportLauncher,
    datasetEntry: entryPath("dataset-worker"),
    roots: options.roots,
    nativeDialogs: options.nativeDialogs ?? false,
    sampleFolder: findResource("sample"),
    secrets: options.secrets ?? [],
  });
}

async function doctor(): Promise<DoctorFindings> {
  const { collectDoctorFindings } = await import("../doctor/doctor.ts");
  return collectDoctorFindings();
}
