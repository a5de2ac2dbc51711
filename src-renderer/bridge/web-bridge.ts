/** The bridge to the web host: calls over fetch, events over one WebSocket that reconnects automatically. */
import type { CallAnswer, CallInput, CallName, EventMap, EventName, Outage, StudioBridge, WireError } from "../../src-shared/contract.ts";
import { CLOSE_STOPPED, EVENT_PROTOCOL, TOKEN_HEADER } from "../../src-shared/web-session.ts";
import { RESTARTED, type WebSession } from "./web-session.ts";

export interface WebBridgeOptions {
  /** Address of the page, e.g. `http://127.0.0.1:8420/`. */
  readonly base: string;
  readonly session: Pick<WebSession, "token" | "state" | "refused" | "onSignedIn">;
  /** Browser APIs; tests pass their own. */
  readonly fetch?: typeof globalThis.fetch;
  readonly createSocket?: (url: string, protocols: string[]) => WebSocket;
}

/** Delays between reconnection attempts, in ms; the last one repeats. */
const RETRY_MS = [250, 500, 1000, 2000, 5000] as const;
/** The first call waits up to this many ms for the event stream, so that no event is missed between an answer and the first event. */
const FIRST_CONNECTION_MS = 3000;
/** Heartbeat interval in ms, until the host announces its own. */
const ALIVE_MS = 15_000;

type Listener = (payload: never) => void;

export function createWebBridge(options: WebBridgeOptions): StudioBridge {
  const { base, session } = options;
  const request = options.fetch ?? globalThis.fetch.bind(globalThis);
  const createSocket = options.createSocket ?? ((url: string, protocols: string[]) => new WebSocket(url, protocols));
  const listeners = new Map<string, Set<Listener>>();
  const connectionListeners = new Set<(connected: boolean) => void>();
  let socket: WebSocket | null = null;
  // The page was just served, so assume that the host is up until a connection fails.
  let outage: Outage | null = null;
  let failures = 0;
  let aliveMs = ALIVE_MS;
  let retry: ReturnType<typeof setTimeout> | undefined;
  let silence: ReturnType<typeof setTimeout> | undefined;
  let runIds: readonly string[] = [];
  let firstTry: (() => void) | undefined;
  const ready = Promise.race([
    new Promise<void>((resolve) => {
      firstTry = resolve;
    }),
    new Promise<void>((resolve) => {
      setTimeout(resolve, FIRST_CONNECTION_MS);
    }),
  ]);

  function setOutage(now: Outage | null): void {
    if (now === outage) return;
    outage = now;
    for (const listener of connectionListeners) listener(now === null);
  }

  function heard(own: WebSocket): void {
    clearTimeout(silence);
    silence = setTimeout(() => {
      if (own === socket) lose(own);
    }, aliveMs * 2.5);
  }

  function lose(own: WebSocket, code?: number): void {
    if (own !== socket) return;
    socket = null;
    clearTimeout(silence);
    own.close();
    if (code === CLOSE_STOPPED) setOutage("stopped");
    else if (outage === null) setOutage("unreachable");
    firstTry?.();
    retry = setTimeout(connectIfKnown, RETRY_MS[Math.min(failures, RETRY_MS.length - 1)]);
    failures++;
  }

  /** A browser does not tell why a connection was refused, so ask first. */
  async function connectIfKnown(): Promise<void> {
    const asked = session.token;
    const state = await session.state();
    if (state === "refused" && asked === session.token) forgotten();
    else connect();
  }

  /** The host was restarted: nothing works until the page has signed in again. */
  function forgotten(): void {
    session.refused();
    if (outage === "signed-out") return;
    clearTimeout(retry);
    setOutage("signed-out");
  }

  session.onSignedIn(() => {
    if (outage !== "signed-out") return;
    failures = 0;
    connect();
  });

  function connect(): void {
    if (socket !== null) return;
    const own = createSocket(`${base.replace(/^http/, "ws")}events`, [EVENT_PROTOCOL, session.token]);
    socket = own;
    heard(own);
    own.onopen = () => {
      failures = 0;
      if (runIds.length > 0) own.send(JSON.stringify({ type: "subscribe", runIds }));
      firstTry?.();
      setOutage(null);
    };
    own.onclose = ({ code }) => lose(own, code);
    own.onerror = () => undefined;
    own.onmessage = (message) => {
      heard(own);
      receive(message.data);
    };
  }

  function receive(data: unknown): void {
    if (typeof data !== "string") return;
    const message = JSON.parse(data) as { event?: string; payload?: unknown; everyMs?: number };
    if (typeof message.everyMs === "number") aliveMs = message.everyMs;
    if (message.event === undefined) return;
    for (const listener of listeners.get(message.event) ?? []) (listener as (payload: unknown) => void)(message.payload);
  }

  connect();

  return {
    host: "web",
    async call<Name extends CallName>(name: Name, input: CallInput<Name>): Promise<CallAnswer<Name>> {
      await ready;
      const sent = session.token;
      try {
        const response = await request(`${base}call/${name}`, {
          method: "POST",
          credentials: "omit",
          headers: { "content-type": "application/json", [TOKEN_HEADER]: sent },
          body: JSON.stringify(input),
        });
        // A late answer to an earlier token says nothing about the present one.
        if (response.status === 401 && sent === session.token) forgotten();
        if (!response.ok) return { ok: false, error: await httpError(response) };
        return (await response.json()) as CallAnswer<Name>;
      } catch (cause) {
        return {
          ok: false,
          error: {
            code: "offline",
            message: "GHN Studio is not responding.",
            remedy: "Check that `ghn-studio serve` is still running and that the tunnel is open. The window reconnects automatically.",
            detail: cause instanceof Error ? cause.message : String(cause),
          },
        };
      }
    },
    on<Name extends EventName>(name: Name, listener: (payload: EventMap[Name]) => void): () => void {
      const own = listeners.get(name) ?? new Set<Listener>();
      listeners.set(name, own);
      own.add(listener as Listener);
      return () => {
        own.delete(listener as Listener);
      };
    },
    subscribe(wanted: readonly string[]): void {
      runIds = [...wanted];
      if (socket?.readyState === 1) socket.send(JSON.stringify({ type: "subscribe", runIds }));
    },
    get connected() {
      return outage === null;
    },
    get outage() {
      return outage;
    },
    onConnection(listener: (connected: boolean) => void): () => void {
      connectionListeners.add(listener);
      return () => {
        connectionListeners.delete(listener);
      };
    },
    // A browser does not reveal the path of a dropped file.
    pathOf: () => null,
  };
}

async function httpError(response: Response): Promise<WireError> {
  const detail = await response.text().catch(() => "");
  switch (response.status) {
    case 401:
      return RESTARTED;
    case 413:
      return { code: "call-too-large", message: "The request is too large.", remedy: "Send less data at a time." };
    default:
      return { code: `http-${response.status}`, message: "GHN Studio rejected the request.", remedy: "Reload the page and try again.", detail };
  }
}
