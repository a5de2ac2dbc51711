/** An in-memory bridge for developing the window without a host. Never shipped. */
import { CALLS, type CallAnswer, type CallInput, type CallName, type EventMap, type EventName, type StudioBridge } from "../../../src-shared/contract.ts";
import { addLongRuns, makeRuns } from "./data.ts";
import { type FakeOptions, type Handlers, makeHandlers } from "./handlers.ts";
import { Live } from "./live.ts";

export function createFakeBridge(options: FakeOptions): StudioBridge & { setConnected(value: boolean): void } {
  const listeners = new Map<EventName, Set<(payload: never) => void>>();
  const connectionListeners = new Set<(connected: boolean) => void>();
  let connected = true;
  const emit = <Name extends EventName>(name: Name, payload: EventMap[Name]): void => {
    for (const listener of listeners.get(name) ?? []) (listener as (payload: EventMap[Name]) => void)(payload);
  };
  const runs = makeRuns(options.runs);
  if ((options.points ?? 0) > 0) addLongRuns(runs, options.points ?? 0);
  const live = new Live(runs, emit);
  if (options.live) live.begin();
  const handlers: Handlers = makeHandlers(runs, live, emit, options);
  return {
    host: "web",
    async call<Name extends CallName>(name: Name, input: CallInput<Name>): Promise<CallAnswer<Name>> {
      await new Promise((resolve) => setTimeout(resolve, 5));
      const parsed = CALLS[name].input.safeParse(input);
      if (!parsed.success)
        return {
          ok: false,
          error: {
            code: "invalid",
            message: `The call ${name} has arguments that do not fit: ${parsed.error.issues[0]?.path.join(".")} ${parsed.error.issues[0]?.message}`,
          },
        };
      try {
        const handler = handlers[name] as (value: unknown) => unknown;
        return { ok: true, value: structuredClone(await handler(parsed.data)) } as CallAnswer<Name>;
      } catch (cause) {
        return { ok: false, error: { code: "failed", message: cause instanceof Error ? cause.message : String(cause), remedy: "Try again." } };
      }
    },
    on(name, listener) {
      const set = listeners.get(name) ?? new Set();
      listeners.set(name, set);
      set.add(listener as (payload: never) => void);
      return () => set.delete(listener as (payload: never) => void);
    },
    subscribe: () => undefined,
    get connected() {
      return connected;
    },
    get outage() {
      return connected ? null : ("unreachable" as const);
    },
    onConnection(listener) {
      connectionListeners.add(listener);
      return () => connectionListeners.delete(listener);
    },
    pathOf: () => null,
    setConnected(value) {
      connected = value;
      for (const listener of connectionListeners) listener(value);
    },
  };
}
