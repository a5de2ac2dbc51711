/** Electron's security checklist, point by point: https://www.electronjs.org/docs/latest/tutorial/security */
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { APP_SCHEME_PRIVILEGES } from "../../../src-main/hosts/electron/app-protocol.ts";
import { startElectronHost } from "../../../src-main/hosts/electron/electron-host.ts";
import { isExternalUrl, isOwnPage, pageOptions } from "../../../src-main/hosts/electron/security.ts";
import { IPC } from "../../../src-shared/ipc-channels.ts";
import { desktopStudio } from "../support/desktop-studio.ts";
import { type Fake, FakeContents, FakeFrame, type FakeWindow, fakeElectron } from "../support/electron-fake.ts";
import { recordingLog } from "../support/host-support.ts";

const ROOT = join(import.meta.dirname, "..", "..", "..");
let folder: string;
let fake: Fake;
let window: FakeWindow;
let preferences: Record<string, unknown>;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ghn-security-"));
  await writeFile(join(folder, "index.html"), "<!doctype html>");
  fake = fakeElectron();
  await startElectronHost({
    electron: fake.electron,
    studio: desktopStudio(),
    rendererFolder: folder,
    preload: "/program/preload.cjs",
    log: recordingLog(),
    platform: "linux",
    developmentUrl: "http://localhost:5173",
  });
  const [first] = fake.windows;
  if (first === undefined) throw new Error("No window was opened.");
  window = first;
  preferences = window.options.webPreferences;
});
afterAll(async () => {
  process.removeAllListeners("SIGINT");
  process.removeAllListeners("SIGTERM");
  await rm(folder, { recursive: true, force: true });
});

/** Lets a page navigate; true if that was prevented. */
function refused(contents: FakeContents, event: string, url: string): boolean {
  let prevented = false;
  contents.emit(event, { url, preventDefault: () => (prevented = true) }, url);
  return prevented;
}

describe("the checklist", () => {
  test("1. only secure content is loaded: our own page, not the network", () => {
    expect(window.url).toBe("app://studio/");
  });
  test("2. no Node in pages, frames or workers", () => {
    expect(preferences).toMatchObject({ nodeIntegration: false, nodeIntegrationInWorker: false, nodeIntegrationInSubFrames: false });
  });
  test("no developer tools in a packaged application", () => {
    expect(preferences["devTools"]).toBe(false);
    expect(pageOptions("/p.cjs", true).devTools).toBe(true);
  });
  test("3. context isolation", () => {
    expect(preferences["contextIsolation"]).toBe(true);
  });
  test("4. sandboxed processes", () => {
    expect(preferences["sandbox"]).toBe(true);
  });
  test("5. permission requests are denied", () => {
    const granted: string[] = [];
    const all = [
      "media",
      "geolocation",
      "notifications",
      "midi",
      "midiSysex",
      "pointerLock",
      "fullscreen",
      "openExternal",
      "clipboard-read",
      "display-capture",
      "hid",
      "serial",
      "usb",
      "fileSystem",
      "window-management",
      "idle-detection",
      "unknown",
    ];
    for (const permission of [...all, "clipboard-sanitized-write"]) {
      (fake.permissions["request"] as unknown as (contents: null, permission: string, answer: (ok: boolean) => void) => void)(
        null,
        permission,
        (ok) => ok && granted.push(permission),
      );
      if ((fake.permissions["check"] as unknown as (contents: null, permission: string) => boolean)(null, permission)) granted.push(permission);
    }
    expect(new Set(granted)).toEqual(new Set(["clipboard-sanitized-write"]));
    expect((fake.permissions["device"] as unknown as () => boolean)()).toBe(false);
    let streams: unknown = null;
    (fake.permissions["display"] as unknown as (request: null, answer: (value: unknown) => void) => void)(null, (value) => (streams = value));
    expect(streams).toEqual({});
  });
  test("6. web security is on", () => {
    expect(preferences["webSecurity"]).toBe(true);
  });
  test("7. a strict content security policy", async () => {
    const response = await fake.protocol?.(new Request("app://studio/"));
    const policy = response?.headers.get("content-security-policy") ?? "";
    expect(policy).toMatch(/default-src 'none'/);
    expect(policy).toMatch(/script-src 'self'(;|$)/);
    expect(policy).not.toMatch(/unsafe-eval|\*|https?:/);
    expect(APP_SCHEME_PRIVILEGES.privileges?.bypassCSP).toBe(false);
  });
  test("8. no insecure content", () => {
    expect(preferences["allowRunningInsecureContent"]).toBe(false);
  });
  test("9. no experimental features", () => {
    expect(preferences["experimentalFeatures"]).toBe(false);
  });
  test("10. no Blink features are switched on", () => {
    expect(preferences).not.toHaveProperty("enableBlinkFeatures");
    expect(pageOptions("x", false)).not.toHaveProperty("additionalArguments");
  });
  test("11. and 12. no webviews at all", () => {
    expect(preferences["webviewTag"]).toBe(false);
    expect(refused(window.webContents, "will-attach-webview", "https://example.com")).toBe(true);
  });
  test("13. pages cannot navigate", () => {
    const stray = new FakeContents();
    fake.app.emit("web-contents-created", {}, stray);
    for (const contents of [window.webContents, stray]) {
      for (const event of ["will-navigate", "will-redirect", "will-frame-navigate"]) {
        for (const url of [
          "https://example.com/",
          "http://localhost:5173/",
          "file:///etc/passwd",
          "app://other/",
          "app://studio.evil/",
          "javascript:alert(1)",
          "data:text/html,x",
          "",
          "devtools://x",
        ])
          expect(refused(contents, event, url), `${event} ${url}`).toBe(true);
        expect(refused(contents, event, "app://studio/#/runs")).toBe(false);
      }
    }
  });
  test("14. no new windows", () => {
    for (const url of ["https://example.com/", "app://studio/", "about:blank", "file:///etc/passwd"])
      expect(window.webContents.windowOpen?.({ url })).toEqual({ action: "deny" });
  });
  test("15. only https links are opened outside, through one gate", async () => {
    fake.opened.length = 0;
    const hostile = [
      "http://example.com",
      "file:///etc/passwd",
      "javascript:alert(1)",
      "smb://host/share",
      "ms-msdt:/id",
      "vscode://x",
      "https://user:secret@example.com",
      "https://",
      "",
      "//example.com",
      `https://example.com/${"x".repeat(3000)}`,
    ];
    for (const url of hostile) {
      expect(isExternalUrl(url), url).toBe(false);
      window.webContents.windowOpen?.({ url });
    }
    const invoke = fake.handlers.get(IPC.call) as (event: unknown, name: string, input: unknown) => Promise<{ ok: boolean }>;
    for (const url of hostile) await invoke({ sender: window.webContents, senderFrame: window.webContents.mainFrame }, "system.openExternal", { url });
    expect(fake.opened).toEqual([]);
    window.webContents.windowOpen?.({ url: "https://arxiv.org/abs/1810.05749" });
    expect(fake.opened).toEqual(["https://arxiv.org/abs/1810.05749"]);
  });
  test("16. a current Electron", async () => {
    const { dependencies, devDependencies } = JSON.parse(await readFile(join(ROOT, "package.json"), "utf8")) as {
      dependencies: Record<string, string>;
      devDependencies: Record<string, string>;
    };
    const installed = JSON.parse(await readFile(join(ROOT, "node_modules", "electron", "package.json"), "utf8")) as { version: string };
    const wanted = dependencies["electron"] ?? devDependencies["electron"] ?? "";
    expect(Number(installed.version.split(".")[0])).toBeGreaterThanOrEqual(45);
    expect(wanted.replace(/^\^/, "").split(".")[0]).toBe(installed.version.split(".")[0]);
  });
  test("17. the sender of every message is checked", async () => {
    const invoke = fake.handlers.get(IPC.call) as (event: unknown, name: string, input: unknown) => Promise<unknown>;
    for (const url of ["https://evil.example/", "http://localhost:5173/", "app://evil/", "data:text/html,x", ""]) {
      const answer = await invoke({ sender: window.webContents, senderFrame: new FakeFrame(url) }, "system.info", {});
      expect(answer).toMatchObject({ ok: false, error: { code: "sender" } });
    }
    expect([...fake.handlers.keys(), ...fake.listeners.keys()].sort()).toEqual([IPC.acknowledge, IPC.call, IPC.dropped, IPC.subscribe].sort());
  });
  test("18. no file://: a custom protocol that serves one folder", async () => {
    for (const path of ["../package.json", "%2e%2e/package.json", "..%2fpackage.json", "/etc/passwd", "x/../../package.json"])
      expect((await fake.protocol?.(new Request(`app://studio/${path}`)))?.status, path).toBe(404);
    expect((await fake.protocol?.(new Request("app://other/index.html")))?.status).toBe(404);
    expect((await fake.protocol?.(new Request("app://studio/index.html", { method: "POST" })))?.status).toBe(404);
    expect((await fake.protocol?.(new Request("app://studio/")))?.status).toBe(200);
    expect(APP_SCHEME_PRIVILEGES.privileges).toMatchObject({ standard: true, secure: true, allowServiceWorkers: false });
  });
  test("19. fuses are set for releases", async () => {
    const name = (await readdir(ROOT)).find((file) => /^electron-builder\.(ya?ml|json5?|ts|js|cjs|mjs)$/.test(file));
    const packaging = name === undefined ? await readFile(join(ROOT, "package.json"), "utf8") : await readFile(join(ROOT, name), "utf8");
    expect(packaging).toMatch(/electronFuses/);
    for (const fuse of ["runAsNode", "enableNodeOptionsEnvironmentVariable", "enableNodeCliInspectArguments"])
      expect(packaging, fuse).toMatch(new RegExp(`${fuse}"?:\\s*false`));
    for (const fuse of ["enableCookieEncryption", "onlyLoadAppFromAsar"]) expect(packaging, fuse).toMatch(new RegExp(`${fuse}"?:\\s*true`));
  });
  test("20. pages get the contract, not Electron", async () => {
    const preload = await readFile(join(ROOT, "src-preload", "preload.ts"), "utf8");
    expect(preload.match(/exposeInMainWorld/g)).toHaveLength(1);
    expect(preload).not.toMatch(/ipcRenderer\s*[,}]\s*\)|remote|require\(/);
    const sources = await readdir(join(ROOT, "src-renderer"), { recursive: true });
    for (const file of sources.filter((name) => /\.(ts|vue)$/.test(name)))
      expect(await readFile(join(ROOT, "src-renderer", file), "utf8"), file).not.toMatch(/from "electron"|from "node:/);
  });
});

test("the development server is trusted only during development, and only on this computer", () => {
  expect(isOwnPage("http://localhost:5173/x", "http://localhost:5173")).toBe(true);
  expect(isOwnPage("http://localhost:5174/x", "http://localhost:5173")).toBe(false);
  expect(isOwnPage("http://evil.example/x", "http://evil.example")).toBe(false);
  expect(isOwnPage("http://localhost:5173/x")).toBe(false);
});
