import { beforeEach, expect, test, vi } from "vitest";
import { EVENT_NAMES, type StudioBridge } from "../../../src-shared/contract.ts";
import { IPC } from "../../../src-shared/ipc-channels.ts";

const sent: unknown[][] = [];
const exposed = new Map<string, unknown>();
const heard = new Map<string, (...args: unknown[]) => void>();

vi.mock("electron", () => ({
  contextBridge: { exposeInMainWorld: (name: string, value: unknown) => exposed.set(name, value) },
  ipcRenderer: {
    on: (channel: string, listener: (...args: unknown[]) => void) => heard.set(channel, listener),
    send: (...message: unknown[]) => sent.push(message),
    invoke: async (...message: unknown[]) => {
      sent.push(message);
      return { ok: true, value: null };
    },
  },
  webUtils: { getPathForFile: (file: File) => (file.name === "unknown" ? "" : `/home/ada/${file.name}`) },
}));

let bridge: StudioBridge;

beforeEach(async () => {
  vi.resetModules();
  sent.length = 0;
  exposed.clear();
  heard.clear();
  await import("../../../src-preload/preload.ts");
  bridge = exposed.get("studio") as StudioBridge;
});

test("exposes the contract under one name and nothing of Electron", () => {
  expect([...exposed.keys()]).toEqual(["studio"]);
  expect(Object.keys(bridge).sort()).toEqual(["call", "connected", "host", "on", "onConnection", "outage", "pathOf", "subscribe"]);
  expect(bridge.host).toBe("electron");
});

test("uses its four channels only, whatever a page asks for", async () => {
  await bridge.call("runs.csv", {});
  await (bridge.call as unknown as (name: unknown, input: unknown) => Promise<unknown>)({ toString: () => "x" }, {});
  bridge.subscribe(["a", "b"]);
  (bridge.on as unknown as (name: string, listener: unknown) => void)("studio:call", () => undefined);
  heard.get(IPC.event)?.({}, "run.removed", { runId: "a" });
  expect(sent).toEqual([[IPC.call, "runs.csv", {}], [IPC.subscribe, ["a", "b"]], [IPC.acknowledge]]);
  expect([...heard.keys()]).toEqual([IPC.event]);
});

test("delivers exactly the events of the contract, and never Electron's own event object", () => {
  const seen: unknown[][] = [];
  for (const name of EVENT_NAMES) bridge.on(name, (...args: unknown[]) => seen.push([name, ...args]));
  for (const name of EVENT_NAMES) heard.get(IPC.event)?.({ sender: "secret" }, name, { name });
  heard.get(IPC.event)?.({ sender: "secret" }, "__proto__", {});
  expect(seen).toEqual(EVENT_NAMES.map((name) => [name, { name }]));
});

test("a failing listener does not affect the others; removed ones receive nothing", () => {
  const errors = vi.spyOn(console, "error").mockImplementation(() => undefined);
  const seen: string[] = [];
  bridge.on("run.removed", () => {
    throw new Error("broken");
  });
  const remove = bridge.on("run.removed", ({ runId }) => seen.push(runId));
  heard.get(IPC.event)?.({}, "run.removed", { runId: "a" });
  remove();
  heard.get(IPC.event)?.({}, "run.removed", { runId: "b" });
  expect(seen).toEqual(["a"]);
  expect(errors).toHaveBeenCalledTimes(2);
  errors.mockRestore();
});

test("returns the path of a dropped file, and null if there is none", () => {
  expect(bridge.pathOf(new File([], "project"))).toBe("/home/ada/project");
  expect(bridge.pathOf(new File([], "unknown"))).toBeNull();
  expect(bridge.pathOf("/etc/passwd")).toBeNull();
});
