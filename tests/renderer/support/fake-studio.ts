/** A bridge for tests of stores and composables: answers calls with given handlers, checks their input against the contract, and emits events. */
import { createPinia, setActivePinia } from "pinia";
import { vi } from "vitest";
import { connectStudio } from "../../../src-renderer/bridge/studio.ts";
import {
  CALLS,
  type CallAnswer,
  type CallInput,
  type CallName,
  type CallOutput,
  type CallParsed,
  type EventMap,
  type EventName,
  type Outage,
  type StudioBridge,
  type WireError,
} from "../../../src-shared/contract.ts";

export type FakeHandlers = { [Name in CallName]?: (input: CallParsed<Name>) => CallOutput<Name> | Promise<CallOutput<Name>> };

/** Thrown by a handler to answer with an error. */
export class WireFailure extends Error {
  readonly error: WireError;

  constructor(error: WireError) {
    super(error.message);
    this.error = error;
  }
}

export class FakeStudio implements StudioBridge {
  host: StudioBridge["host"] = "web";
  connected = true;
  outage: Outage | null = null;
  handlers: FakeHandlers = {};
  /** Calls in order, as they crossed the border. */
  readonly calls: { readonly name: CallName; readonly input: unknown }[] = [];
  /** Arguments of `subscribe`, in order. */
  readonly subscriptions: (readonly string[])[] = [];
  private readonly listeners = new Map<EventName, Set<(payload: never) => void>>();
  private readonly connectionListeners = new Set<(connected: boolean) => void>();

  async call<Name extends CallName>(name: Name, input: CallInput<Name>): Promise<CallAnswer<Name>> {
    const parsed = CALLS[name].input.parse(input) as CallParsed<Name>;
    this.calls.push({ name, input: parsed });
    const handler = this.handlers[name] as ((value: CallParsed<Name>) => CallOutput<Name> | Promise<CallOutput<Name>>) | undefined;
    if (handler === undefined) throw new Error(`The test has no handler for ${name}.`);
    try {
      return { ok: true, value: structuredClone(await handler(parsed)) };
    } catch (cause) {
      if (cause instanceof WireFailure) return { ok: false, error: cause.error };
      throw cause;
    }
  }

  /** Inputs of the calls of one name. */
  inputsOf(name: CallName): unknown[] {
    return this.calls.filter((call) => call.name === name).map((call) => call.input);
  }

  on<Name extends EventName>(name: Name, listener: (payload: EventMap[Name]) => void): () => void {
    const set = this.listeners.get(name) ?? new Set();
    this.listeners.set(name, set);
    set.add(listener as (payload: never) => void);
    return () => {
      set.delete(listener as (payload: never) => void);
    };
  }

  emit<Name extends EventName>(name: Name, payload: EventMap[Name]): void {
    for (const listener of this.listeners.get(name) ?? []) (listener as (value: EventMap[Name]) => void)(payload);
  }

  subscribe(runIds: readonly string[]): void {
    this.subscriptions.push([...runIds]);
  }

  onConnection(listener: (connected: boolean) => void): () => void {
    this.connectionListeners.add(listener);
    return () => {
      this.connectionListeners.delete(listener);
    };
  }

  setConnected(connected: boolean): void {
    this.connected = connected;
    this.outage = connected ? null : "unreachable";
    for (const listener of this.connectionListeners) listener(connected);
  }

  pathOf(): null {
    return null;
  }

  /** Clears listeners, handlers and records, and starts with new stores. The window keeps one bridge for its lifetime. */
  reset(handlers: FakeHandlers = {}): void {
    this.host = "web";
    this.connected = true;
    this.outage = null;
    this.handlers = handlers;
    this.calls.length = 0;
    this.subscriptions.length = 0;
    this.listeners.clear();
    this.connectionListeners.clear();
    setActivePinia(createPinia());
  }
}

/** Connects the renderer in this process to a fake bridge. */
export async function connectFakeStudio(): Promise<FakeStudio> {
  const studio = new FakeStudio();
  vi.stubGlobal("window", { studio });
  await connectStudio(() => Promise.reject(new Error("The fake studio needs no sign-in.")));
  return studio;
}
