/** The desktop application: the life cycle of the application and its windows. */
import { resolve } from "node:path";
import type { StudioHost } from "../../api/services/session.ts";
import type { Logger } from "../../lib/logger.ts";
import { appProtocolHandler } from "./app-protocol.ts";
import type { ElectronLike } from "./electron-like.ts";
import { listenToWindows } from "./ipc.ts";
import { menuTemplate } from "./menu.ts";
import { ask, openProjectWindow, type ProjectWindow } from "./project-window.ts";
import { QuitGuard } from "./quit-guard.ts";
import { APP_SCHEME, APP_URL, confine, denyPermissions, isExternalUrl } from "./security.ts";
import { fitBounds, parseWindowStates, WINDOW_STATE_KEY, type WindowState } from "./window-state.ts";

/** What the host needs from the studio in addition to sessions. */
export interface DesktopStudio extends StudioHost {
  setting(key: string): unknown;
  setSetting(key: string, value: unknown): void;
  recentProjects(): Promise<readonly { readonly folder: string; readonly name: string }[]>;
  forgetAllRecent(): Promise<void>;
}

export interface ElectronHostOptions {
  readonly electron: ElectronLike;
  readonly studio: DesktopStudio;
  readonly rendererFolder: string;
  readonly preload: string;
  readonly log: Logger;
  readonly platform?: NodeJS.Platform;
  /** Address of the development server to use instead of the built page; ignored in a packaged application. */
  readonly developmentUrl?: string | undefined;
  /** Projects to open, from the command line. */
  readonly open?: readonly string[];
}

export interface ElectronHost {
  /** Opens a project in a window, or focuses the window that has it open. Null opens an empty window. */
  openProject(folder: string | null): Promise<void>;
  /** Opens folders that the user named while the application is running; an empty list brings it to the front. */
  secondInstance(folders: readonly string[]): void;
  readonly windows: readonly ProjectWindow[];
}

/** Starts the host. The application must be ready. */
export async function startElectronHost(options: ElectronHostOptions): Promise<ElectronHost> {
  const { electron, studio, log, platform = process.platform } = options;
  const { app } = electron;
  const developmentUrl = app.isPackaged ? undefined : options.developmentUrl;
  const pageUrl = developmentUrl ?? APP_URL;
  const windows: ProjectWindow[] = [];
  let blocker: number | null = null;

  electron.protocol.handle(APP_SCHEME, appProtocolHandler(options.rendererFolder));
  denyPermissions(electron.session.defaultSession);
  // Confines every page that is ever created, not only those of our windows.
  app.on("web-contents-created", (_event, contents) => confine(contents, { openExternal: (url) => void openExternal(url), developmentUrl }));
  const ipc = listenToWindows(electron, { log, allowPath: (path) => studio.allowPath(path), developmentUrl });

  async function openExternal(url: string): Promise<void> {
    if (isExternalUrl(url)) await electron.shell.openExternal(url);
    else log.warning(`An address was not opened: ${url.slice(0, 200)}`);
  }

  function activityChanged(): void {
    for (const { window, activity } of windows) if (!window.isDestroyed()) window.setProgressBar(activity.progress);
    const busy = windows.some(({ activity }) => activity.running);
    if (busy && blocker === null) blocker = electron.powerSaveBlocker.start("prevent-app-suspension");
    else if (!busy && blocker !== null) {
      electron.powerSaveBlocker.stop(blocker);
      blocker = null;
    }
  }

  function saveStates(): void {
    if (windows.length > 0)
      studio.setSetting(
        WINDOW_STATE_KEY,
        windows.filter(({ window }) => !window.isDestroyed()).map((entry) => entry.state()),
      );
  }

  function openWindow(state: WindowState | null): ProjectWindow {
    const areas = electron.screen.getAllDisplays().map((display) => display.workArea);
    const entry = openProjectWindow({
      electron,
      studio,
      ipc,
      log,
      preload: options.preload,
      pageUrl,
      bounds: fitBounds(state?.bounds ?? null, areas, windows.length * 32),
      maximized: state?.maximized ?? false,
      // On macOS an application stays open without windows; its runs would continue unseen.
      isLast: () => windows.length === 1 && (platform !== "darwin" || entry.session.runningRuns().length > 0),
      quit: () => app.quit(),
      activityChanged,
      sessionEnds: (event) => guard.handleShutdown(event),
      wantsNotifications: () => studio.setting("notifications") !== false,
    });
    windows.push(entry);
    entry.window.on("closed", () => {
      windows.splice(windows.indexOf(entry), 1);
      activityChanged();
    });
    entry.window.on("resized", saveStates).on("moved", saveStates).on("maximize", saveStates).on("unmaximize", saveStates);
    entry.session.listen({
      deliver: (event) => {
        if (event.name !== "project.changed") return;
        saveStates();
        void buildMenu();
      },
      wants: () => false,
    });
    return entry;
  }

  function focused(): ProjectWindow | undefined {
    return windows.find(({ window }) => window.isFocused()) ?? windows[windows.length - 1];
  }

  async function openProject(folder: string | null): Promise<void> {
    if (folder === null) {
      openWindow(null);
      return;
    }
    const path = resolve(folder);
    const holder = windows.find(({ session }) => session.project !== null && resolve(session.project.folder) === path);
    if (holder !== undefined) {
      holder.focus();
      return;
    }
    const empty = windows.find(({ session }) => session.project === null);
    const entry = empty ?? openWindow(null);
    entry.focus();
    try {
      await studio.allowPath(path);
      await entry.session.open(path);
    } catch (error) {
      await electron.dialog.showMessageBox(entry.window, {
        type: "error",
        message: error instanceof Error ? error.message : String(error),
        detail: remedyOf(error),
        buttons: ["OK"],
      });
    }
  }

  async function chooseProject(): Promise<void> {
    const parent = focused()?.window;
    const request: Electron.OpenDialogOptions = { title: "Open Project", properties: ["openDirectory"] };
    const answer = parent === undefined ? await electron.dialog.showOpenDialog(request) : await electron.dialog.showOpenDialog(parent, request);
    const [folder] = answer.filePaths;
    if (!answer.canceled && folder !== undefined) await openProject(folder);
  }

  async function buildMenu(): Promise<void> {
    const recent = await studio.recentProjects().catch(() => []);
    electron.Menu.setApplicationMenu(
      electron.Menu.buildFromTemplate(
        menuTemplate({
          platform,
          appName: app.name,
          packaged: app.isPackaged,
          recent,
          command: (id, argument) => focused()?.session.command(id, argument),
          newWindow: () => void openProject(null),
          openFolder: () => void chooseProject(),
          openRecent: (folder) => void openProject(folder),
          clearRecent: () => {
            app.clearRecentDocuments();
            void studio.forgetAllRecent().then(buildMenu);
          },
          openExternal: (url) => void openExternal(url),
        }),
      ),
    );
  }

  const guard = new QuitGuard({
    running: () => windows.flatMap(({ session }) => session.runningRuns()),
    confirm: (runs) => ask(electron, focused()?.window ?? null, runs, "quit"),
    stop: async () => {
      saveStates();
      await studio.close();
    },
    leave: () => {
      for (const entry of [...windows]) entry.destroy();
      app.quit();
    },
  });
  app.on("before-quit", (event) => guard.handle(event));
  app.on("window-all-closed", () => {
    if (platform !== "darwin") app.quit();
  });
  app.on("activate", () => {
    if (windows.length === 0) void openProject(null);
  });
  // System shutdown (Linux, macOS), or a signal.
  electron.powerMonitor.on("shutdown", (event?: { preventDefault(): void }) => guard.handleShutdown(event));
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => guard.handleShutdown());

  await buildMenu();
  const wanted = options.open ?? [];
  if (wanted.length > 0) for (const folder of wanted) await openProject(folder);
  else {
    const states = parseWindowStates(studio.setting(WINDOW_STATE_KEY));
    if (states.length === 0) openWindow(null);
    for (const state of states) {
      const entry = openWindow(state);
      // If the project has moved, the window stays empty and shows the welcome page.
      if (state.folder !== null)
        await entry.session.open(state.folder).catch((error: unknown) => log.info(`The last project could not be reopened: ${String(error)}`));
    }
  }
  return {
    windows,
    openProject,
    secondInstance: (folders) => {
      if (folders.length === 0) focused()?.focus();
      for (const folder of folders) void openProject(folder);
    },
  };
}

function remedyOf(error: unknown): string {
  return typeof error === "object" && error !== null && "remedy" in error && typeof error.remedy === "string" ? error.remedy : "";
}
