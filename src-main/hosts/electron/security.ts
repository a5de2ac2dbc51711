/** Security rules for pages of the desktop application: pure decisions first, then their application. */
import type { Electron } from "./electron-like.ts";

export const APP_SCHEME = "app";
export const APP_HOST = "studio";
/** Address of the window's page. */
export const APP_URL = `${APP_SCHEME}://${APP_HOST}/`;

/**
 * Web preferences of every window: sandboxed, isolated, without Node, insecure content or webviews.
 * @param devTools whether the developer tools can be opened; not in a packaged application
 */
export function pageOptions(preload: string, devTools: boolean): Electron.WebPreferences {
  return {
    preload,
    sandbox: true,
    contextIsolation: true,
    nodeIntegration: false,
    nodeIntegrationInWorker: false,
    nodeIntegrationInSubFrames: false,
    webSecurity: true,
    allowRunningInsecureContent: false,
    experimentalFeatures: false,
    webviewTag: false,
    devTools,
    navigateOnDragDrop: false,
    spellcheck: false,
    safeDialogs: true,
    // A window in the background may be throttled; its curves are updated when it is shown again.
    backgroundThrottling: true,
  };
}

/** True for pages of the application itself. `developmentUrl` is the address of the development server, if any. */
export function isOwnPage(url: string, developmentUrl?: string): boolean {
  const parsed = URL.parse(url);
  if (parsed === null) return false;
  if (parsed.protocol === `${APP_SCHEME}:` && parsed.host === APP_HOST) return true;
  const development = developmentUrl === undefined ? null : URL.parse(developmentUrl);
  return (
    development !== null && parsed.origin === development.origin && parsed.protocol === "http:" && ["localhost", "127.0.0.1", "[::1]"].includes(parsed.hostname)
  );
}

/** True when a message comes from the top frame of one of our pages, and that frame still exists. */
export function isOwnSender(event: Pick<Electron.IpcMainEvent, "sender" | "senderFrame">, developmentUrl?: string): boolean {
  const { sender, senderFrame } = event;
  return (
    senderFrame !== null &&
    !sender.isDestroyed() &&
    senderFrame.parent === null &&
    senderFrame === sender.mainFrame &&
    isOwnPage(senderFrame.url, developmentUrl)
  );
}

/** The only addresses that are opened outside of the application: https, without credentials. */
export function isExternalUrl(url: string): boolean {
  const parsed = URL.parse(url);
  return parsed !== null && parsed.protocol === "https:" && parsed.username === "" && parsed.password === "" && parsed.hostname !== "" && url.length <= 2048;
}

/** Denies all permissions and devices that a page could ask for. */
export function denyPermissions(session: Electron.Session): void {
  session.setPermissionRequestHandler((_contents, permission, answer) => {
    // Copying text to the clipboard after a click is all the page needs.
    answer(permission === "clipboard-sanitized-write");
  });
  session.setPermissionCheckHandler((_contents, permission) => permission === "clipboard-sanitized-write");
  session.setDevicePermissionHandler(() => false);
  session.setDisplayMediaRequestHandler((_request, answer) => {
    answer({});
  });
}

/** Prevents a page from navigating, opening windows, or embedding pages. Links are opened by `openExternal`. */
export function confine(
  contents: Electron.WebContents,
  options: { readonly openExternal: (url: string) => void; readonly developmentUrl?: string | undefined },
): void {
  const refuse = (event: { preventDefault(): void }, url: string): void => {
    if (!isOwnPage(url, options.developmentUrl)) event.preventDefault();
  };
  contents.on("will-navigate", (event) => {
    refuse(event, event.url);
  });
  contents.on("will-redirect", (event) => {
    refuse(event, event.url);
  });
  contents.on("will-frame-navigate", (event) => {
    refuse(event, event.url);
  });
  contents.on("will-attach-webview", (event) => {
    event.preventDefault();
  });
  contents.setWindowOpenHandler(({ url }) => {
    options.openExternal(url);
    return { action: "deny" };
  });
}
