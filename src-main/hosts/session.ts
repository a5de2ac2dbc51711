/** What a host needs of the studio: sessions, through which a window calls and hears. */
import type { EventMap, EventName } from "../../src-shared/contract.ts";
import type { GateAnswer } from "./dispatch.ts";

/** One event with its payload, as a union over all names. */
export type StudioEvent = { readonly [Name in EventName]: { readonly name: Name; readonly payload: EventMap[Name] } }[EventName];

/** A listener of one session: one page, connection or window. */
export interface EventSink {
  deliver(event: StudioEvent): void;
  /** Whether this listener asked for the live data of a run. */
  wants(runId: string): boolean;
}

/** One window's (Electron) or one browser's (web) view of the studio; it has one project open or none. */
export interface StudioSession {
  readonly id: string;
  /** Answers a call of the contract; never rejects. */
  call(name: unknown, input: unknown): Promise<GateAnswer>;
  /** Adds a listener; the answer removes it. */
  listen(sink: EventSink): () => void;
  /** Sends a command of a menu or shortcut to the session's page. */
  command(id: string, argument?: string): void;
  /** Closes its project, unless another session has it open. Runs of it go on. */
  close(): Promise<void>;
}
