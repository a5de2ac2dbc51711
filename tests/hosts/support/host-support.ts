import { createGate, type Gate, type Handlers } from "../../../src-main/api/gate/dispatch.ts";
import type { EventSink, StudioEvent, StudioSession } from "../../../src-main/api/services/session.ts";
import type { Logger } from "../../../src-main/lib/logger.ts";
import { CALLS, type CallName } from "../../../src-shared/contract.ts";

/** A logger whose lines can be read. */
export function recordingLog(): Logger & { readonly lines: string[] } {
  const lines: string[] = [];
  const note =
    (level: string) =>
    (message: string, detail?: string): void => {
      lines.push(`${level} ${message}${detail === undefined ? "" : ` | ${detail}`}`);
    };
  return { lines, info: note("info"), warning: note("warning"), error: note("error") };
}

/** Handlers that answer null, except those given: enough to test everything in front of them. */
export function handlersWith<Context>(given: Partial<Handlers<Context>>): Handlers<Context> {
  const names = Object.keys(CALLS) as CallName[];
  return { ...Object.fromEntries(names.map((name) => [name, () => null])), ...given } as Handlers<Context>;
}

export interface TestSession extends StudioSession {
  emit(event: StudioEvent): void;
  readonly sinks: ReadonlySet<EventSink>;
}

/** A session over a gate, for tests of a host alone. */
export function testSession(given: Partial<Handlers<null>>, log: Logger, secrets: readonly string[] = []): TestSession {
  const gate: Gate<null> = createGate(handlersWith(given), { log, authorisePath: async (path) => path, secrets });
  const sinks = new Set<EventSink>();
  const emit = (event: StudioEvent): void => {
    for (const sink of sinks) if (event.name !== "run.live" || sink.wants(event.payload.runId)) sink.deliver(event);
  };
  return {
    id: "test",
    project: null,
    runningRuns: () => [],
    open: () => Promise.reject(new Error("This session has no projects.")),
    sinks,
    emit,
    call: (name, input) => gate(name, input, null),
    listen: (sink) => {
      sinks.add(sink);
      return () => sinks.delete(sink);
    },
    command: (id, argument) => emit({ name: "command", payload: argument === undefined ? { id } : { id, argument } }),
    close: async () => undefined,
  };
}
