import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { effectScope } from "vue";
import { StudioError } from "../../../src-renderer/bridge/studio.ts";
import { useActiveRuns } from "../../../src-renderer/stores/active-runs.ts";
import { type DeskCell, useCellDesk } from "../../../src-renderer/stores/cell-desk.ts";
import { allCommands, executeCommand, registerCommands } from "../../../src-renderer/stores/commands.ts";
import { useConnection } from "../../../src-renderer/stores/connection.ts";
import { useFolderChooser } from "../../../src-renderer/stores/folder-chooser.ts";
import { subscribeAgain, subscribeRun } from "../../../src-renderer/stores/live-subscriptions.ts";
import { useNotifications } from "../../../src-renderer/stores/notifications.ts";
import { useProject } from "../../../src-renderer/stores/project.ts";
import { describeError, useToasts } from "../../../src-renderer/stores/toasts.ts";
import { networkConfigSchema } from "../../../src-shared/domain/architecture/network.ts";
import { datasetConfigSchema } from "../../../src-shared/domain/dataset.ts";
import type { ProjectInfo } from "../../../src-shared/domain/records/projects.ts";
import type { RunStatus, RunSummary } from "../../../src-shared/domain/records/run.ts";
import { config, detail } from "../dev/data.ts";
import { connectFakeStudio, WireFailure } from "../support/fake-studio.ts";

const studio = await connectFakeStudio();
const PROJECT: ProjectInfo = { id: "p", name: "Digits", folder: "/p", createdAt: "2026-03-01T09:00:00Z", runs: 1, bytes: 1, isSample: false };

beforeEach(() => studio.reset({ "settings.set": () => null }));
afterEach(() => vi.unstubAllGlobals());

function run(id: string, status: RunStatus, part: Partial<RunSummary> = {}): RunSummary {
  return { ...detail({ id, name: id, config: config("ghn-training") }), status, ...part };
}

describe("active runs", () => {
  const ids = (list: readonly RunSummary[]): string[] => list.map((entry) => entry.id);

  it("lists running runs before queued ones in queue order, and follows events", async () => {
    const queued = [run("q2", "queued", { queuePosition: 2 }), run("q1", "queued", { queuePosition: 1 })];
    studio.handlers["runs.query"] = (query) => {
      expect(query.status).toEqual(expect.arrayContaining(["queued", "running", "stopping"]));
      return { rows: [...queued, run("a", "running")], total: 3, counts: {}, tags: [], metricNames: [], expressionError: null };
    };
    const active = useActiveRuns();
    await active.load();
    expect(ids(active.list)).toEqual(["a", "q1", "q2"]);
    expect([ids(active.running), ids(active.queued)]).toEqual([["a"], ["q1", "q2"]]);

    studio.emit("run.changed", run("a", "completed"));
    studio.emit("run.changed", run("q1", "running"));
    expect([ids(active.running), ids(active.queued)]).toEqual([["q1"], ["q2"]]);
    studio.emit("run.changed", run("q2", "queued", { trashedAt: "2026-03-01T09:00:00Z" }));
    studio.emit("run.removed", { runId: "q1" });
    expect(active.list).toEqual([]);
  });

  it("listens once however often it is loaded, and forgets the runs of a closed project", async () => {
    studio.handlers["runs.query"] = () => ({ rows: [run("a", "running")], total: 1, counts: {}, tags: [], metricNames: [], expressionError: null });
    const on = vi.spyOn(studio, "on");
    const active = useActiveRuns();
    await active.load();
    await active.load();
    expect(on.mock.calls.filter(([name]) => name === "run.changed")).toHaveLength(1);
    active.clear();
    expect(active.list).toEqual([]);
    on.mockRestore();
  });
});

describe("the cell desk", () => {
  const cell = (name: string): Omit<DeskCell, "id"> => ({
    name,
    architecture: { normal: { nodes: [{ operation: "conv1x1", inputs: [0] }] } },
    network: networkConfigSchema.parse({}),
    dataset: datasetConfigSchema.parse({}),
    from: "a test",
  });

  it("keeps the id of a cell that is already there, and finds and removes by id", () => {
    const desk = useCellDesk();
    const first = desk.put(cell("A"));
    const second = desk.put(cell("B"));
    expect(desk.put(cell("A"))).toBe(first);
    expect(second).not.toBe(first);
    expect([desk.take(second)?.name, desk.take("d99")]).toEqual(["B", null]);
    desk.remove(first);
    expect(desk.cells.map((entry) => entry.name)).toEqual(["B"]);
  });

  it("keeps the most recent 24 cells and never reuses an id of one of them", () => {
    const desk = useCellDesk();
    const ids = Array.from({ length: 30 }, (_, i) => desk.put(cell(`cell ${i}`)));
    expect(desk.cells).toHaveLength(24);
    expect(desk.cells[0]?.name).toBe("cell 6");
    expect(new Set(ids).size).toBe(30);
  });

  it("shortens names and sources that the schema would reject, so that the desk survives a reload", () => {
    const desk = useCellDesk();
    const id = desk.put({ ...cell("x".repeat(500)), from: "y".repeat(500) });
    expect([desk.take(id)?.name.length, desk.take(id)?.from.length]).toEqual([200, 300]);
  });
});

describe("commands", () => {
  it("are offered while their component is mounted; those that need a project only with one", async () => {
    studio.handlers["project.open"] = () => PROJECT;
    const ran: string[] = [];
    const scope = effectScope();
    scope.run(() =>
      registerCommands([
        { id: "a", title: "A", group: "Page", run: () => ran.push("a") },
        { id: "b", title: "B", group: "Page", needsProject: true, run: () => ran.push("b") },
      ]),
    );
    expect(allCommands().map((command) => command.id)).toEqual(["a"]);
    await useProject().open("/p");
    expect(allCommands().map((command) => command.id)).toEqual(["a", "b"]);
    executeCommand("b");
    executeCommand("unknown");
    expect(ran).toEqual(["b"]);

    // Another page takes over an id; leaving the first page keeps the new command.
    const other = effectScope();
    other.run(() => registerCommands([{ id: "a", title: "New A", group: "Page", run: () => undefined }]));
    scope.stop();
    expect(allCommands().map((command) => command.title)).toEqual(["New A"]);
    other.stop();
    expect(allCommands()).toEqual([]);
  });
});

describe("the connection", () => {
  it("counts reconnections, not disconnections or repeated reports", () => {
    const connection = useConnection();
    connection.watchBridge();
    studio.setConnected(false);
    studio.setConnected(false);
    expect([connection.connected, connection.generation]).toEqual([false, 0]);
    studio.setConnected(true);
    studio.setConnected(true);
    expect([connection.connected, connection.generation]).toEqual([true, 1]);
  });

  it("shares subscriptions of a run among components and renews them after a reconnection", () => {
    const first = subscribeRun("r1");
    const second = subscribeRun("r1");
    const other = subscribeRun("r2");
    first();
    first();
    expect(studio.subscriptions.at(-1)).toEqual(["r1", "r2"]);
    second();
    expect(studio.subscriptions.at(-1)).toEqual(["r2"]);
    const before = studio.subscriptions.length;
    subscribeAgain();
    expect(studio.subscriptions.slice(before)).toEqual([["r2"]]);
    other();
    subscribeAgain();
    expect(studio.subscriptions.slice(before + 1)).toEqual([[]]);
  });
});

describe("the folder chooser", () => {
  const request = { kind: "folder", title: "Export folder", confirm: "Select" } as const;

  it("uses the built-in browser in a browser; a new request cancels the pending one", async () => {
    const chooser = useFolderChooser();
    const first = chooser.choose(request);
    const second = chooser.choose({ ...request, title: "Other" });
    expect(await first).toBeNull();
    expect(chooser.pending?.title).toBe("Other");
    chooser.answer("/data");
    expect(await second).toBe("/data");
    expect(chooser.pending).toBeNull();
  });

  it("uses the native dialog of the desktop", async () => {
    studio.host = "electron";
    studio.handlers["system.choose"] = ({ defaultPath }) => (defaultPath === undefined ? null : { path: `${defaultPath}/chosen` });
    const chooser = useFolderChooser();
    expect(await chooser.choose(request)).toBeNull();
    expect(await chooser.choose({ ...request, defaultPath: "/home" })).toBe("/home/chosen");
    expect(chooser.pending).toBeNull();
  });
});

describe("the project", () => {
  it("follows the host: loaded, renamed elsewhere, closed", async () => {
    studio.handlers = { "project.current": () => PROJECT, "project.close": () => null, "project.rename": ({ name }) => ({ ...PROJECT, name }) };
    const project = useProject();
    await project.load();
    expect([project.loaded, project.current?.name]).toEqual([true, "Digits"]);
    studio.emit("project.changed", { ...PROJECT, name: "Renamed elsewhere" });
    expect(project.current?.name).toBe("Renamed elsewhere");
    await project.rename("New name");
    expect(project.current?.name).toBe("New name");
    await project.close();
    expect(project.current).toBeNull();
  });

  it("keeps the current project if another cannot be opened", async () => {
    studio.handlers = {
      "project.current": () => PROJECT,
      "project.open": () => {
        throw new WireFailure({ code: "not-a-project", message: "This folder is not a project.", remedy: "Create one." });
      },
    };
    const project = useProject();
    await project.load();
    await expect(project.open("/elsewhere")).rejects.toThrow(StudioError);
    expect(project.current?.id).toBe("p");
  });
});

describe("toasts", () => {
  it("stay as long as they need: errors until dismissed, actions longer than notes", () => {
    const toasts = useToasts();
    toasts.push({ kind: "info", title: "Saved" });
    toasts.push({ kind: "info", title: "Deleted", action: { label: "Undo", run: () => undefined } });
    toasts.error("Could not save", new Error("Disk full."));
    expect(toasts.list.map((toast) => [toast.title, toast.life, toast.text])).toEqual([
      ["Saved", 4000, undefined],
      ["Deleted", 9000, undefined],
      ["Could not save", 0, "Disk full."],
    ]);
    toasts.dismiss(toasts.list[1]?.id ?? -1);
    expect(toasts.list.map((toast) => toast.title)).toEqual(["Saved", "Could not save"]);
  });

  it("never pile up beyond four", () => {
    const toasts = useToasts();
    for (let i = 0; i < 9; i++) toasts.push({ kind: "info", title: String(i) });
    expect(toasts.list.map((toast) => toast.title)).toEqual(["5", "6", "7", "8"]);
  });

  it("do not survive a change of page, except those of the action that led there", () => {
    vi.useFakeTimers();
    const toasts = useToasts();
    toasts.error("Could not save", new Error("Disk full."));
    vi.advanceTimersByTime(5000);
    toasts.push({ kind: "good", title: "Run deleted" });
    toasts.leavePage();
    expect(toasts.list.map((toast) => toast.title)).toEqual(["Run deleted"]);
    toasts.clear();
    expect(toasts.list).toEqual([]);
    vi.useRealTimers();
  });

  it("describe an error of the host with its remedy, and with details for a report", () => {
    const error = new StudioError({ code: "disk", message: "The disk is full.", remedy: "Free some space.", detail: "ENOSPC" });
    expect(describeError(error)).toEqual({ text: "The disk is full. Free some space.", detail: "disk: The disk is full.\nFree some space.\nENOSPC" });
    expect(describeError("text")).toEqual({ text: "text", detail: "text" });
  });
});

describe("notifications", () => {
  class FakeNotification extends EventTarget {
    static permission = "granted";
    static readonly shown: string[] = [];

    constructor(title: string) {
      super();
      FakeNotification.shown.push(title);
    }

    static requestPermission(): Promise<string> {
      FakeNotification.permission = "granted";
      return Promise.resolve("granted");
    }
  }
  let focused = false;

  beforeEach(() => {
    FakeNotification.permission = "granted";
    FakeNotification.shown.length = 0;
    focused = false;
    vi.stubGlobal("window", { studio, Notification: FakeNotification });
    vi.stubGlobal("Notification", FakeNotification);
    vi.stubGlobal("document", { hasFocus: () => focused });
    const notifications = useNotifications();
    notifications.wanted = true;
    notifications.begin();
  });

  it("report a run that ends while the window is in the background, once", () => {
    studio.emit("run.changed", run("a", "completed"));
    studio.emit("run.changed", run("a", "running"));
    studio.emit("run.changed", run("a", "completed", { name: "Search" }));
    studio.emit("run.changed", run("a", "completed", { name: "Search" }));
    expect(FakeNotification.shown).toEqual(["Completed: Search"]);
  });

  it("are silent in front, for stages, when switched off and without permission", () => {
    const end = (id: string, part: Partial<RunSummary> = {}): void => {
      studio.emit("run.changed", run(id, "running", part));
      studio.emit("run.changed", run(id, "failed", part));
    };
    focused = true;
    end("a");
    focused = false;
    end("stage", { parentId: "p" });
    FakeNotification.permission = "denied";
    end("b");
    FakeNotification.permission = "granted";
    useNotifications().wanted = false;
    end("c");
    expect(FakeNotification.shown).toEqual([]);
  });

  it("ask for permission only if needed", async () => {
    FakeNotification.permission = "default";
    expect(await useNotifications().permit()).toBe(true);
    vi.stubGlobal("window", { studio });
    expect(await useNotifications().permit()).toBe(false);
  });
});
