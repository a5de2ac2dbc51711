/** Entry of the desktop application. Everything else is in hosts/ and api/. */
import { join } from "node:path";
import * as electron from "electron";
import { APP_SCHEME_PRIVILEGES } from "./hosts/electron/app-protocol.ts";
import { changedLibraries, HASHES_FILE, readHashes } from "./hosts/electron/native-libraries.ts";
import { foldersIn, foldersOfInstance, type InstanceData, OpenRequests } from "./hosts/electron/start-arguments.ts";
import { studioLog } from "./hosts/studio-log.ts";

const { app, dialog, protocol } = electron;
const withoutProgram = (args: readonly string[]): readonly string[] => args.slice(app.isPackaged ? 1 : 2);
const requests = new OpenRequests();

app.enableSandbox();
protocol.registerSchemesAsPrivileged([APP_SCHEME_PRIVILEGES]);
app.setAppUserModelId("org.ghn-studio.desktop");
// macOS sends this before the application is ready if it is started by opening a folder.
app.on("open-file", (event, path) => {
  event.preventDefault();
  requests.add([path]);
});

const own: InstanceData = { folders: foldersIn(withoutProgram(process.argv), process.cwd()) };
if (!app.requestSingleInstanceLock(own)) app.quit();
else {
  const log = studioLog();
  if (own.folders.length > 0) requests.add(own.folders);
  app.on("second-instance", (_event, args, cwd, data) => requests.add(foldersOfInstance(data, withoutProgram(args), cwd)));
  let isReported = false;
  process.on("uncaughtException", (error) => {
    log.error("Uncaught error.", error.stack ?? error.message);
    // Once: an error in a timer would otherwise open a box every second.
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
      if (app.isPackaged) await checkLibraries();
      const { startDesktop } = await import("./hosts/electron/start-desktop.ts");
      const host = await startDesktop({ electron, log, program: import.meta.dirname, open: requests.take() });
      requests.begin((folders) => host.secondInstance(folders));
    })
    .catch((error: unknown) => {
      log.error("The application could not start.", error instanceof Error ? (error.stack ?? error.message) : String(error));
      dialog.showErrorBox("GHN Studio could not start", error instanceof Error ? error.message : String(error));
      app.exit(1);
    });
}

/** @throws Error naming the libraries that are not those of this package */
async function checkLibraries(): Promise<void> {
  const hashes = await readHashes(join(import.meta.dirname, HASHES_FILE));
  if (hashes === null) return;
  const changed = await changedLibraries(join(process.resourcesPath, "app.asar.unpacked"), hashes);
  if (changed.length > 0)
    throw new Error(
      `These libraries were changed after the installation, by an incomplete update or another program:\n\n${changed.slice(0, 10).join("\n")}\n\nInstall GHN Studio again.`,
    );
}
