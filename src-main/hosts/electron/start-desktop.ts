/** Starts the desktop application. Loaded only after the native libraries were checked, because its imports load them. */
import { homedir } from "node:os";
import { join } from "node:path";
import { entryPath } from "../../lib/entries.ts";
import type { Logger } from "../../lib/logger.ts";
import { buildStudio } from "../build-studio.ts";
import { type ElectronHost, startElectronHost } from "./electron-host.ts";
import type { ElectronLike } from "./electron-like.ts";
import { utilityLauncher } from "./launcher.ts";

export interface DesktopOptions {
  readonly electron: ElectronLike;
  readonly log: Logger;
  /** Folder of the built main process; page and preload script are next to it. */
  readonly program: string;
  /** Projects to open. */
  readonly open: readonly string[];
}

export async function startDesktop({ electron, log, program, open }: DesktopOptions): Promise<ElectronHost> {
  const studio = await buildStudio({
    launcher: utilityLauncher(electron, { script: entryPath("run-worker") }),
    calibrationLauncher: utilityLauncher(electron, { script: entryPath("calibration-worker"), name: "measure" }),
    exportLauncher: utilityLauncher(electron, { script: entryPath("export-worker"), name: "export" }),
    roots: [homedir()],
    nativeDialogs: true,
    log,
  });
  return startElectronHost({
    electron,
    studio,
    rendererFolder: join(program, "..", "renderer"),
    preload: join(program, "..", "preload", "preload.cjs"),
    log,
    developmentUrl: process.env["ELECTRON_RENDERER_URL"],
    open,
  });
}
