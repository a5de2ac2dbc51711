import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type ElectronHost, startElectronHost } from "../../../src-main/hosts/electron/electron-host.ts";
import { IPC } from "../../../src-shared/ipc-channels.ts";
import { desktopStudio, run, type TestDesktopStudio } from "../support/desktop-studio.ts";
import { type Fake, FakeFrame, type FakeWindow, fakeElectron } from "../support/electron-fake.ts";
import { recordingLog } from "../support/host-support.ts";

let folder: string;
let fake: Fake;
let studio: TestDesktopStudio;
let host: ElectronHost;
const log = recordingLog();

function start(extra: { platform?: NodeJS.Platform; open?: string[] } = {}): Promise<ElectronHost> {
  return startElectronHost({ electron: fake.electron, studio, rendererFolder: folder, preload: "/program/preload.cjs", log, platform: "linux", ...extra });
}

function window(index = 0): FakeWindow {
  const found = fake.windows[index];
  if (found === undefined) throw new Error(`There is no window ${index}.`);
  return found;
}

function session(index = 0): TestDesktopStudio["sessions"][number] {
  const found = studio.sessions[index];
  if (found === undefined) throw new Error(`There is no session ${index}.`);
  return found;
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "ghn-electron-"));
  await writeFile(join(folder, "index.html"), "<!doctype html>");
  fake = fakeElectron();
  studio = desktopStudio();
});
afterEach(async () => {
  process.removeAllListeners("SIGINT");
  process.removeAllListeners("SIGTERM");
  await rm(folder, { recursive: true, force: true });
});

describe("windows", () => {
  test("one window per project: opening it again focuses its window", async () => {
    host = await start({ open: ["/projects/a", "/projects/b"] });
    expect(fake.windows).toHaveLength(2);
    expect(fake.app.recent).toEqual(["/projects/a", "/projects/b"]);
    expect(window(0).title).toContain("a");
    host.secondInstance(["/projects/a"]);
    await vi.waitFor(() => expect(window(0).focused).toBe(true));
    expect(fake.windows).toHaveLength(2);
  });

  test("a project that cannot be opened is reported with a message", async () => {
    await start({ open: ["/projects/broken"] });
    expect(fake.boxes[0]).toMatchObject({ message: "This is no project.", detail: "Choose another folder." });
  });

  test("windows are restored with their position and project", async () => {
    host = await start({ open: ["/projects/a"] });
    window().bounds = { x: 100, y: 50, width: 1300, height: 900 };
    window().emit("moved");
    const before = studio.settings;
    fake = fakeElectron();
    studio = desktopStudio();
    for (const [key, value] of before) studio.settings.set(key, value);
    await start();
    expect(window().bounds).toEqual({ x: 100, y: 50, width: 1300, height: 900 });
    expect(session().project?.folder).toBe("/projects/a");
  });

  test("a crashed page is reloaded", async () => {
    await start();
    window().webContents.emit("render-process-gone", {}, { reason: "crashed", exitCode: 1 });
    expect(window().webContents.reloads).toBe(1);
  });

  test("a page that keeps crashing is reloaded three times, then the user decides", async () => {
    await start();
    const crash = (): boolean => window().webContents.emit("render-process-gone", {}, { reason: "crashed", exitCode: 1 });
    fake.answer.response = 0;
    for (let i = 0; i < 4; i++) crash();
    await vi.waitFor(() => expect(window().webContents.reloads).toBe(4));
    expect(fake.boxes.map(({ message }) => message)).toEqual(["The page of this window keeps crashing."]);
    fake.answer.response = 1;
    for (let i = 0; i < 4; i++) crash();
    await vi.waitFor(() => expect(fake.app.gone).toBe(true));
  });

  test("windows may use the projects that were opened from outside, and what the user dropped", async () => {
    await start({ open: ["/projects/a"] });
    expect(studio.allowed).toEqual(["/projects/a"]);
    const { webContents } = window();
    const own = { sender: webContents, senderFrame: webContents.mainFrame };
    const drop = fake.listeners.get(IPC.dropped) as (event: unknown, path: unknown) => void;
    drop(own, "/data/images");
    drop(own, "relative");
    drop(own, 5);
    drop({ sender: webContents, senderFrame: new FakeFrame("https://evil.example/") }, "/etc");
    const invoke = fake.handlers.get(IPC.call) as (event: unknown, name: unknown, input: unknown) => Promise<unknown>;
    await invoke(own, "system.info", {});
    expect(studio.allowed).toEqual(["/projects/a", "/data/images"]);
  });
});

describe("leaving", () => {
  test("without running runs there is no question", async () => {
    await start();
    fake.app.quit();
    await vi.waitFor(() => expect(fake.app.gone).toBe(true));
    expect(fake.boxes).toHaveLength(0);
    expect(studio.closed).toBe(1);
  });

  const ways: [string, () => void][] = [
    ["the menu or its shortcut", () => fake.app.quit()],
    ["the last window", () => window().close()],
  ];
  test.each(ways)("by %s: asks once while a run is running, stays if cancelled, stops the runs and quits if confirmed", async (_name, leave) => {
    await start();
    session().running = ["Pipeline on digits"];
    fake.answer.response = 1;
    leave();
    leave();
    await vi.waitFor(() => expect(fake.boxes).toHaveLength(1));
    expect(fake.boxes[0]?.message).toContain("Pipeline on digits");
    expect(fake.boxes[0]?.buttons).toEqual(["Stop and Quit", "Cancel"]);
    await new Promise((resolve) => setImmediate(resolve));
    expect(fake.app.gone).toBe(false);
    expect(fake.windows).toHaveLength(1);
    expect(studio.closed).toBe(0);
    fake.answer.response = 0;
    leave();
    await vi.waitFor(() => expect(fake.app.gone).toBe(true));
    expect(studio.closed).toBe(1);
    expect(fake.windows).toHaveLength(0);
  });

  test("by the system: runs are stopped without asking", async () => {
    await start();
    session().running = ["x"];
    let prevented = false;
    fake.power.emit("shutdown", { preventDefault: () => (prevented = true) });
    await vi.waitFor(() => expect(fake.app.gone).toBe(true));
    expect(prevented).toBe(true);
    expect(fake.boxes).toHaveLength(0);
    expect(studio.closed).toBe(1);
  });

  test("closing one of two windows asks about its own runs only", async () => {
    await start({ open: ["/projects/a", "/projects/b"] });
    session(1).running = ["y"];
    window(0).close();
    await vi.waitFor(() => expect(fake.windows).toHaveLength(1));
    expect(fake.boxes).toHaveLength(0);
    expect(session(0).closed).toBe(1);
    expect(fake.app.quits).toBe(0);
  });

  test("on macOS the application stays open when its last idle window closes", async () => {
    host = await start({ platform: "darwin" });
    window().close();
    await vi.waitFor(() => expect(fake.windows).toHaveLength(0));
    expect(fake.app.quits).toBe(0);
    fake.app.emit("activate");
    await vi.waitFor(() => expect(fake.windows).toHaveLength(1));
  });
});

describe("runs outside of the window", () => {
  test("progress in the task bar, no sleep, a notification at the end", async () => {
    await start({ open: ["/projects/a"] });
    const progress = { phase: "GHN", step: 30, totalSteps: 120 };
    session().emit({ name: "run.changed", payload: run("r1", "running", { progress }) });
    expect(window().progress).toBe(0.25);
    expect(fake.blockers.size).toBe(1);
    session().emit({
      name: "run.live",
      payload: { runId: "r1", metrics: [], cursor: 1, progress: { ...progress, step: 60 }, candidates: [], trainings: [], logs: [], current: null },
    });
    expect(window().progress).toBe(0.5);
    window().focused = false;
    session().emit({ name: "run.changed", payload: run("r1", "completed") });
    expect(window().progress).toBe(-1);
    expect(fake.blockers.size).toBe(0);
    expect(fake.notifications.map((entry) => entry.options.title)).toEqual(["Run r1 finished"]);
    fake.notifications[0]?.emit("click");
    expect(window().focused).toBe(true);
    expect(window().webContents.sent.at(-1)).toEqual([IPC.event, "command", { id: "open-run", argument: "r1" }]);
  });

  test("no notification while the window is in front, or when switched off", async () => {
    await start({ open: ["/projects/a"] });
    window().focus();
    session().emit({ name: "run.changed", payload: run("r1", "running") });
    session().emit({ name: "run.changed", payload: run("r1", "failed") });
    window().focused = false;
    studio.settings.set("notifications", false);
    session().emit({ name: "run.changed", payload: run("r2", "running") });
    session().emit({ name: "run.changed", payload: run("r2", "failed") });
    expect(fake.notifications).toHaveLength(0);
  });
});

describe("menu", () => {
  test("its items act on the focused window; every accelerator is unique", async () => {
    await start();
    const items: { id?: string; accelerator?: string; click?: () => void }[] = [];
    const walk = (list: unknown): void => {
      for (const item of (list ?? []) as { submenu?: unknown }[]) {
        items.push(item as (typeof items)[number]);
        if (Array.isArray(item.submenu)) walk(item.submenu);
      }
    };
    walk(fake.menu);
    items.find((item) => item.id === "go-compare")?.click?.();
    expect(window().webContents.sent.at(-1)).toEqual([IPC.event, "command", { id: "go-compare" }]);
    const accelerators = items.flatMap((item) => (item.accelerator === undefined ? [] : [item.accelerator]));
    expect(new Set(accelerators).size).toBe(accelerators.length);
    expect(JSON.stringify(fake.menu)).toContain("/projects/a");
  });

  test("opening a project asks for a folder", async () => {
    await start();
    fake.answer.filePaths = ["/projects/c"];
    const file = fake.menu.find((item) => item.label === "&File")?.submenu as { id?: string; click?: () => void }[];
    file.find((item) => item.id === "open-folder")?.click?.();
    await vi.waitFor(() => expect(session().project?.folder).toBe("/projects/c"));
  });
});

describe("messages", () => {
  test("calls, subscriptions and acknowledgements of our own page are accepted; everything else is refused", async () => {
    await start({ open: ["/projects/a"] });
    const { webContents } = window();
    const own = { sender: webContents, senderFrame: webContents.mainFrame };
    const invoke = fake.handlers.get(IPC.call) as (event: unknown, name: unknown, input: unknown) => Promise<unknown>;
    expect(await invoke(own, "system.info", {})).toEqual({ ok: true, value: { host: "electron" } });
    expect(await invoke(own, "no.such", {})).toMatchObject({ ok: false, error: { code: "call-unknown" } });
    const foreign = [
      { sender: webContents, senderFrame: null },
      { sender: webContents, senderFrame: new FakeFrame("https://evil.example/") },
      { sender: webContents, senderFrame: new FakeFrame("app://studio/", webContents.mainFrame) },
      { sender: webContents, senderFrame: new FakeFrame("app://studio/") },
      { sender: Object.assign(Object.create(Object.getPrototypeOf(webContents)), webContents, { id: 9999 }), senderFrame: webContents.mainFrame },
    ];
    for (const event of foreign) expect(await invoke(event, "system.info", {})).toMatchObject({ ok: false, error: { code: "sender" } });
    const subscribe = fake.listeners.get(IPC.subscribe) as (event: unknown, runIds: unknown) => void;
    const live = { metrics: [], cursor: 1, progress: null, candidates: [], trainings: [], logs: [], current: null };
    const sentLive = (): number => webContents.sent.filter((message) => message[1] === "run.live").length;
    subscribe(foreign[1], ["r1"]);
    subscribe(own, "r1");
    session().emit({ name: "run.live", payload: { runId: "r1", ...live } });
    expect(sentLive()).toBe(0);
    subscribe(own, ["r1", 5, null]);
    session().emit({ name: "run.live", payload: { runId: "r1", ...live } });
    expect(sentLive()).toBe(1);
    // After a navigation of the main frame it is a different page without subscriptions.
    webContents.mainFrame.url = "https://evil.example/";
    expect(await invoke(own, "system.info", {})).toMatchObject({ ok: false, error: { code: "sender" } });
  });

  test("a page that does not acknowledge gets a bounded number of events", async () => {
    await start({ open: ["/projects/a"] });
    const { webContents } = window();
    const before = webContents.sent.length;
    for (let i = 0; i < 1000; i++) session().emit({ name: "run.changed", payload: run(`r${i % 10}`, "running") });
    expect(webContents.sent.length - before).toBeLessThanOrEqual(32);
    const acknowledge = fake.listeners.get(IPC.acknowledge) as (event: unknown) => void;
    for (let i = 0; i < 40; i++) acknowledge({ sender: webContents, senderFrame: webContents.mainFrame });
    await vi.waitFor(() => expect(webContents.sent.length - before).toBeGreaterThan(32));
  });

  test("dialogs start at the requested path; cancelled ones return null", async () => {
    await start();
    const { webContents } = window();
    const own = { sender: webContents, senderFrame: webContents.mainFrame };
    const invoke = fake.handlers.get(IPC.call) as (event: unknown, name: unknown, input: unknown) => Promise<unknown>;
    expect(await invoke(own, "system.choose", { kind: "folder", title: "T" })).toEqual({ ok: true, value: null });
    fake.answer.filePaths = ["/x"];
    expect(await invoke(own, "system.choose", { kind: "save", title: "T", defaultPath: "/home/ada" })).toEqual({ ok: true, value: { path: "/x" } });
    expect(fake.boxes.at(-1)).toMatchObject({ defaultPath: "/home/ada" });
  });
});
