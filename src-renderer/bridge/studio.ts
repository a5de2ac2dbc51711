import type { CallInput, CallName, CallOutput, EventMap, EventName, StudioBridge, WireError } from "../../src-shared/contract.ts";
import { linkCode } from "./link-code.ts";
import type { WebSession } from "./web-session.ts";

/** A call that the main process rejected or failed to complete, with the suggested remedy. */
export class StudioError extends Error {
  readonly code: string;
  readonly remedy: string | undefined;
  readonly detail: string | undefined;

  constructor(error: WireError) {
    super(error.message);
    this.name = "StudioError";
    this.code = error.code;
    this.remedy = error.remedy;
    this.detail = error.detail;
  }
}

let current: StudioBridge | undefined;
let session: WebSession | null = null;

/**
 * Connects to the host: through the preload script on the desktop, otherwise through the web bridge.
 * @param signIn asks the user to sign in to a web host, and resolves when the session has a token
 */
export async function connectStudio(signIn: (session: WebSession, reason: WireError) => Promise<void>): Promise<StudioBridge> {
  if (current !== undefined) return current;
  if (window.studio !== undefined) {
    current = window.studio;
    return current;
  }
  const [{ createWebSession }, { createWebBridge }] = await Promise.all([import("./web-session.ts"), import("./web-bridge.ts")]);
  session = createWebSession();
  const reason = await session.begin(linkCode);
  if (reason !== null) await signIn(session, reason);
  current = createWebBridge({ base: session.base, session });
  return current;
}

/** The session of this page with a web host; null on the desktop. */
export function webSession(): WebSession | null {
  return session;
}

export function studio(): StudioBridge {
  if (current === undefined) throw new Error("The bridge is not connected yet.");
  return current;
}

/** Calls the main process; throws a StudioError if it answers with an error. */
export async function call<Name extends CallName>(name: Name, input: CallInput<Name>): Promise<CallOutput<Name>> {
  const answer = await studio().call(name, plain(input));
  if (!answer.ok) throw new StudioError(answer.error);
  return answer.value;
}

export function onEvent<Name extends EventName>(name: Name, listener: (payload: EventMap[Name]) => void): () => void {
  return studio().on(name, listener);
}

/** Reactive proxies cannot be sent to another process, so copy the plain values. */
function plain<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T;
}
