/** One window with its session: page, bounds, title, progress, notifications, closing. */

import type { StudioHost, StudioSession } from "../../api/services/session.ts";
import type { Logger } from "../../lib/logger.ts";
import { Activity, type EndedRun } from "./activity.ts";
import type { Electron, ElectronLike, Window } from "./electron-like.ts";
import type { WindowIpc } from "./ipc.ts";
import { QuitGuard, quitQuestion } from "./quit-guard.ts";
import { ReloadLimit } from "./reload-limit.ts";
import { isExternalUrl, pageOptions } from "./security.ts";
import { MIN_SIZE, type WindowState } from "./window-state.ts";

export interface ProjectWindowOptions {
  readonly electron: ElectronLike;
  readonly studio: StudioHost;
  readonly ipc: WindowIpc;
  readonly log: Logger;
  readonly preload: string;
  readonly pageUrl: string;
  readonly bounds: Electron.Rectangle;
  readonly maximized: boolean;
  /** True if closing this window quits the application, whose guard then asks. */
  readonly isLast: () => boolean;
  /** Called instead of closing the last window. */
  readonly quit: () => void;
  /** Called when the activity of runs has changed. */
  readonly activityChanged: () => void;
  readonly wantsNotifications: () => boolean;
  /** The user logs off or the system shuts down (Windows). */
  readonly sessionEnds: (event: { preventDefault(): void }) => void;
}

export interface ProjectWindow {
  readonly window: Window;
  readonly session: StudioSession;
  readonly activity: Activity;
  state(): WindowState;
  focus(): void;
  /** Closes without asking. */
  destroy(): void;
}

const BACKGROUND = { dark: "#14161a", light: "#fbfbfa" } as const;

/** Opens a window and loads its page. */
export function openProjectWindow(options: ProjectWindowOptions): ProjectWindow {
  const { electron, log } = options;
  const window = new electron.BrowserWindow({
    ...options.bounds,
    minWidth: MIN_SIZE.width,
    minHeight: MIN_SIZE.height,
    show: false,
    title: "GHN Studio",
    backgroundColor: electron.nativeTheme.shouldUseDarkColors ? BACKGROUND.dark : BACKGROUND.light,
    webPreferences: pageOptions(options.preload, !electron.app.isPackaged),
  });
  if (options.maximized) window.maximize();
  window.once("ready-to-show", () => window.show());

  const openExternal = async (url: string): Promise<boolean> => {
    if (!isExternalUrl(url)) {
      log.warning(`An address was not opened: ${url.slice(0, 200)}`);
      return false;
    }
    await electron.shell.openExternal(url);
    return true;
  };
  const session = options.studio.createSession({
    kind: "electron",
    choose: (request) => choose(electron, window, request),
    reveal: async (path) => {
      electron.shell.showItemInFolder(path);
      return true;
    },
    openExternal,
  });
  options.ipc.attach(window.webContents, session);

  const focus = (): void => {
    if (window.isDestroyed()) return;
    if (window.isMinimized()) window.restore();
    window.show();
    window.focus();
  };
  const notify = ({ runId, title, body }: EndedRun): void => {
    if (window.isDestroyed() || window.isFocused() || !options.wantsNotifications() || !electron.Notification.isSupported()) return;
    const notification = new electron.Notification({ title, body });
    notification.on("click", () => {
      focus();
      session.command("open-run", runId);
    });
    notification.show();
    window.flashFrame(true);
    window.once("focus", () => window.flashFrame(false));
  };
  const activity = new Activity(notify);
  const stopListening = session.listen({
    deliver: (event) => {
      activity.hear(event);
      // Another window tried to open this project.
      if (event.name === "command" && event.payload.id === "focus") focus();
      if (event.name === "project.changed" && !window.isDestroyed()) {
        window.setTitle(event.payload === null ? "GHN Studio" : `${event.payload.name} · GHN Studio`);
        if (process.platform === "darwin") window.setRepresentedFilename(event.payload?.folder ?? "");
        if (event.payload !== null && !event.payload.isSample) electron.app.addRecentDocument(event.payload.folder);
      }
      options.activityChanged();
    },
    wants: () => true,
  });

  const guard = new QuitGuard({
    running: () => session.runningRuns(),
    confirm: (runs) => ask(electron, window, runs, "close"),
    stop: () => session.close(),
    leave: () => {
      if (!window.isDestroyed()) window.destroy();
    },
  });
  let destroying = false;
  window.on("close", (event) => {
    if (destroying) return;
    if (options.isLast()) {
      event.preventDefault();
      options.quit();
    } else guard.handle(event);
  });
  window.on("query-session-end", options.sessionEnds);
  window.on("closed", () => {
    stopListening();
    options.activityChanged();
  });
  const reloads = new ReloadLimit();
  window.webContents.on("render-process-gone", (_event, details) => {
    if (details.reason === "clean-exit" || window.isDestroyed()) return;
    const reload = reloads.allows(Date.now());
    log.error(`The page of a window ended: ${details.reason} (${details.exitCode}). ${reload ? "Reloading it." : "It is not reloaded again."}`);
    if (reload) window.webContents.reload();
    else void askToReload();
  });
  /** Runs are not affected by a page that crashes, so the window is worth another try. */
  async function askToReload(): Promise<void> {
    const { response } = await electron.dialog.showMessageBox(window, {
      type: "error",
      message: "The page of this window keeps crashing.",
      detail: "Runs are not affected. If reloading does not help, close the window and open the project again. The log file has details.",
      buttons: ["Reload", "Close Window"],
      defaultId: 0,
      cancelId: 1,
      noLink: true,
    });
    if (window.isDestroyed()) return;
    if (response !== 0) {
      window.close();
      return;
    }
    reloads.reset();
    window.webContents.reload();
  }
  window.webContents.on("preload-error", (_event, path, error) => log.error(`The preload script ${path} failed.`, error.stack ?? error.message));
  window.on("unresponsive", () => log.warning("The page of a window does not respond."));
  window.loadURL(options.pageUrl).catch((error: unknown) => log.error("The page of a window did not load.", String(error)));

  return {
    window,
    session,
    activity,
    focus,
    state: () => ({ folder: session.project?.folder ?? null, bounds: window.getNormalBounds(), maximized: window.isMaximized() }),
    destroy: () => {
      destroying = true;
      if (!window.isDestroyed()) window.destroy();
    },
  };
}

/** Asks whether running runs may be stopped. */
export async function ask(electron: Pick<ElectronLike, "dialog">, window: Window | null, runs: readonly string[], what: "quit" | "close"): Promise<boolean> {
  const { message, detail, buttons } = quitQuestion(runs, what);
  const box: Electron.MessageBoxOptions = { type: "question", message, detail, buttons: [...buttons], defaultId: 1, cancelId: 1, noLink: true };
  const answer = window === null || window.isDestroyed() ? await electron.dialog.showMessageBox(box) : await electron.dialog.showMessageBox(window, box);
  return answer.response === 0;
}

async function choose(
  electron: Pick<ElectronLike, "dialog">,
  window: Window,
  request: { readonly kind: "folder" | "file" | "save"; readonly title: string; readonly defaultPath?: string | undefined },
): Promise<string | null> {
  const common = { title: request.title, ...(request.defaultPath === undefined ? {} : { defaultPath: request.defaultPath }) };
  if (request.kind === "save") {
    const answer = await electron.dialog.showSaveDialog(window, common);
    return answer.canceled || answer.filePath === "" ? null : answer.filePath;
  }
  const answer = await electron.dialog.showOpenDialog(window, {
    ...common,
    properties: request.kind === "folder" ? ["openDirectory", "createDirectory"] : ["openFile"],
  });
  return answer.canceled ? null : (answer.filePaths[0] ?? null);
}
