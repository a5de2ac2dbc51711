/** The bridge of the desktop host: a sandboxed script that exposes the contract and no other part of Electron. */
import { contextBridge, ipcRenderer, webUtils } from "electron";
import type { CallAnswer, CallInput, CallName, EventMap, EventName, StudioBridge } from "../src-shared/contract.ts";
import { IPC } from "../src-shared/ipc-channels.ts";

/** All events of the contract. A missing or unknown event is a type error. */
const EVENTS: Readonly<Record<EventName, true>> = {
  "run.changed": true,
  "run.removed": true,
  "run.live": true,
  "run.rewound": true,
  "artifact.added": true,
  "dataset.progress": true,
  "project.changed": true,
  command: true,
};

type Listener = (payload: never) => void;
const listeners = new Map<string, Set<Listener>>();

ipcRenderer.on(IPC.event, (_event, name: unknown, payload: unknown) => {
  if (typeof name === "string" && Object.hasOwn(EVENTS, name)) {
    for (const listener of listeners.get(name) ?? []) {
      try {
        (listener as (payload: unknown) => void)(payload);
      } catch (error) {
        // A listener that throws must not prevent the others from being called.
        console.error(error);
      }
    }
  }
  // The main process counts an event as delivered only when the page has processed it.
  ipcRenderer.send(IPC.acknowledge);
});

const bridge: StudioBridge = {
  host: "electron",
  call: async <Name extends CallName>(name: Name, input: CallInput<Name>): Promise<CallAnswer<Name>> => {
    if (typeof name !== "string") return { ok: false, error: { code: "call-unknown", message: "A call needs a name." } };
    return (await ipcRenderer.invoke(IPC.call, name, input)) as CallAnswer<Name>;
  },
  on: <Name extends EventName>(name: Name, listener: (payload: EventMap[Name]) => void): (() => void) => {
    if (!Object.hasOwn(EVENTS, name) || typeof listener !== "function") return () => undefined;
    const own = listeners.get(name) ?? new Set<Listener>();
    listeners.set(name, own);
    own.add(listener as Listener);
    return () => {
      own.delete(listener as Listener);
    };
  },
  subscribe: (runIds: readonly string[]): void => {
    ipcRenderer.send(IPC.subscribe, [...runIds].map(String));
  },
  // Inside the application, the connection lives as long as the page.
  connected: true,
  outage: null,
  onConnection: () => () => undefined,
  pathOf: (file: unknown): string | null => {
    if (!(file instanceof File)) return null;
    const path = webUtils.getPathForFile(file);
    if (path === "") return null;
    // Windows may use what the user dropped.
    ipcRenderer.send(IPC.dropped, path);
    return path;
  },
};

contextBridge.exposeInMainWorld("studio", bridge);
