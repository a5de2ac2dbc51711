/** What a page of the desktop application may and may not do. Pure decisions first, then their application. */
import type { Electron } from "./electron-like.ts";

export const APP_SCHEME = "app";
export const APP_HOST = "studio";
/** Where the window's page lives. */
export const APP_URL = `${APP_SCHEME}://${APP_HOST}/`;

/** Options of every window's page: sandboxed, isolated, without Node, without insecure content, without webviews. */
export function pageOptions(preload: string): Electron.WebPreferences {
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
    navigateOnDragDrop: false,
    spellcheck: false,
    safeDialogs: true,
    // The curves of a window in the background go on when it comes back; until then it may rest.
    backgroundThrottling: true,
  };
}

/** True for pages of the application itself. `developmentUrl` is the address of the development server, if there is one. */
export function isOwnPage(url: string, developmentUrl?: string): boolean {
  const parsed = URL.parse(url);
  if (parsed === null) return false;
  if (parsed.protocol === `${APP_SCHEME}:` && parsed.host === APP_HOST) return true;
  const development = developmentUrl === undefined ? null : URL.parse(developmentUrl);
  return (
    development !== null && parsed.origin === development.origin && parsed.protocol === "http:" && ["localhost", "127.0.0.1", "[::1]"].includes(parsed.hostname)
  );
}

/** True when a message comes from the top frame of one of our pages: not from a frame in it, not from a frame that is gone. */
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

/** The only addresses that leave the application, through the one gate: https, without credentials in them. */
export function isExternalUrl(url: string): boolean {
  const parsed = URL.parse(url);
  return parsed !== null && parsed.protocol === "https:" && parsed.username === "" && parsed.password === "" && parsed.hostname !== "" && url.length <= 2048;
}

/** Denies every permission that a page could ask for, now or later, and every device. */
export function denyPermissions(session: Electron.Session): void {
  session.setPermissionRequestHandler((_contents, permission, answer) => {
    // Copying text to the clipboard after a click is all that the page needs.
    answer(permission === "clipboard-sanitized-write");
  });
  session.setPermissionCheckHandler((_contents, permission) => permission === "clipboard-sanitized-write");
  session.setDevicePermissionHandler(() => false);
  session.setDisplayMediaRequestHandler((_request, answer) => {
    answer({});
  });
}

/** Keeps a page where it is: no other address, no new window, no embedded page. Links go through the gate. */
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
