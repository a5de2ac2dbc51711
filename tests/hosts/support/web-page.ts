/** A page of the web host without a browser: the page's own session and bridge over real requests and sockets. */
import { WebSocket } from "ws";
import type { WebHost } from "../../../src-main/hosts/web/web-host.ts";
import { createWebBridge } from "../../../src-renderer/bridge/web-bridge.ts";
import { WebSession } from "../../../src-renderer/bridge/web-session.ts";
import type { StudioBridge } from "../../../src-shared/contract.ts";
import { codeIn } from "../../../src-shared/web-session.ts";

interface PageSession {
  readonly session: WebSession;
  readonly bridge: StudioBridge;
  /** Cuts the event connection as a broken tunnel does. */
  dropConnection(): void;
}

/** Opens a page with a one-time link. @throws Error if it is refused */
export async function pageSession(base: string, link: string): Promise<PageSession> {
  const { origin } = new URL(base);
  const stored = new Map<string, string>();
  const ask: typeof fetch = (input, init) => fetch(input, { ...init, headers: { ...(init?.headers as Record<string, string>), origin } });
  const session = new WebSession({
    base,
    fetch: ask,
    storage: {
      getItem: (key) => stored.get(key) ?? null,
      setItem: (key, value) => stored.set(key, value),
      removeItem: (key) => stored.delete(key),
    },
    channel: { postMessage: () => undefined, onmessage: null },
  });
  const refusal = await session.begin(codeIn(link));
  if (refusal !== null) throw new Error(refusal.message);
  let latest: WebSocket | null = null;
  const bridge = createWebBridge({
    base,
    session,
    fetch: ask,
    createSocket: (url, protocols) => {
      latest = new WebSocket(url, protocols, { headers: { origin } });
      return latest as unknown as globalThis.WebSocket;
    },
  });
  return { session, bridge, dropConnection: () => latest?.terminate() };
}

/** Signs in. @returns the token */
export async function signIn(host: WebHost): Promise<string> {
  return (await pageSession(host.base, host.link())).session.token;
}
