import type { CallInput, CallName, CallOutput, EventMap, EventName, StudioBridge, WireError } from "../../src-shared/contract.ts";

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

/** Connects to the host: through the preload script on the desktop, otherwise through the web bridge. */
export async function connectStudio(): Promise<StudioBridge> {
  if (current === undefined) current = window.studio ?? (await import("./web-bridge.ts")).createWebBridge();
  return current;
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
