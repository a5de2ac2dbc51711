/** Entry of the desktop application. Everything else is in hosts/ and api/. */
import { existsSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import * as electron from "electron";
import { buildStudio, studioLog } from "./hosts/build-studio.ts";
import { APP_SCHEME_PRIVILEGES } from "./hosts/electron/app-protocol.ts";
import { type ElectronHost, startElectronHost } from "./hosts/electron/electron-host.ts";
import { utilityLauncher } from "./hosts/electron/launcher.ts";
import { entryPath } from "./lib/entries.ts";

const { app, dialog, protocol } = electron;

/** Folders in the arguments: `ghn-studio <folder>`, or opened from a file manager. */
function foldersIn(args: readonly string[]): string[] {
  return args.slice(app.isPackaged ? 1 : 2).filter((argument) => !argument.startsWith("-") && existsSync(argument) && statSync(argument).isDirectory());
}

app.enableSandbox();
protocol.registerSchemesAsPrivileged([APP_SCHEME_PRIVILEGES]);
app.setAppUserModelId("org.ghn-studio.desktop");

if (!app.requestSingleInstanceLock()) app.quit();
else {
  const log = studioLog();
  let host: ElectronHost | null = null;
  app.on("second-instance", (_event, args) => host?.secondInstance(foldersIn(args)));
  let isReported = false;
  process.on("uncaughtException", (error) => {
    log.error("Uncaught error.", error.stack ?? error.message);
    // Shown once: otherwise, an error in a timer would open a dialog every second.
    if (isReported) return;
    isReported = true;
    dialog.showErrorBox(
      "An internal error occurred in GHN Studio",
      `${error.message}\n\nParts of GHN Studio may no longer work. Stop your runs and restart it; they can be resumed. Details are in the log file.`,
    );
  });
  process.on("unhandledRejection", (error) =>
    log.error("Unhandled promise rejection.", error instanceof Error ? (error.stack ?? error.message) : String(error)),
  );
  app
    .whenReady()
    .then(async () => {
      const studio = await buildStudio({
        launcher: utilityLauncher(electron, { script: entryPath("run-worker") }),
        calibrationLauncher: utilityLauncher(electron, { script: entryPath("calibration-worker"), name: "measure" }),
        roots: [homedir()],
        nativeDialogs: true,
        log,
      });
      host = await startElectronHost({
        electron,
        studio,
        rendererFolder: join(import.meta.dirname, "..", "renderer"),
        preload: join(import.meta.dirname, "..", "preload", "preload.cjs"),
        log,
        developmentUrl: process.env["ELECTRON_RENDERER_URL"],
        open: foldersIn(process.argv),
      });
    })
    .catch((error: unknown) => {
      log.error("The application could not start.", error instanceof Error ? (error.stack ?? error.message) : String(error));
      dialog.showErrorBox("GHN Studio could not start", error instanceof Error ? error.message : String(error));
      app.exit(1);
    });
}
