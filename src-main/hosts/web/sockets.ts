/** Event connections of the web host: one WebSocket per page, with its own subscriptions and back-pressure. */
import type { IncomingMessage, Server } from "node:http";
import { WebSocket, WebSocketServer } from "ws";
import { z } from "zod";
import { CLOSE_STOPPED, EVENT_PROTOCOL } from "../../../src-shared/web-session.ts";
import type { StudioSession } from "../../api/services/session.ts";
import type { Logger } from "../../lib/logger.ts";
import { Outbox } from "../page/outbox.ts";

/** More pages than this indicate a fault or an attack. */
const MAX_CONNECTIONS = 64;
/** Bytes buffered in a socket before further events are merged. */
const MAX_BUFFERED_BYTES = 512 * 1024;
const MAX_MESSAGE_BYTES = 256 * 1024;
/** How long pages may take to answer a close message, in ms. */
const CLOSE_MS = 500;

const fromPage = z.strictObject({ type: z.literal("subscribe"), runIds: z.array(z.string().max(64)).max(2000) });

export interface SocketOptions {
  readonly server: Server;
  readonly session: StudioSession;
  readonly log: Logger;
  /** Path of event connections. */
  readonly path: string;
  /** Whether the request has the right host and origin. */
  readonly allowed: (request: IncomingMessage) => boolean;
  readonly signedIn: (token: string | undefined) => boolean;
  /** Interval of checks whether a page is still alive, in ms; 15,000 by default. */
  readonly pingMs?: number;
}

/** Accepts event connections on the server. `close` tells all pages that the host stops, and closes the connections. */
export function acceptSockets(options: SocketOptions): { readonly connections: () => number; close(): Promise<void> } {
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_MESSAGE_BYTES,
    perMessageDeflate: false,
    // The other protocol that a page offers is its token, which is not repeated.
    handleProtocols: () => EVENT_PROTOCOL,
  });
  options.server.on("upgrade", (request, socket, head) => {
    socket.on("error", () => socket.destroy());
    const status = refusalOf(request, options) ?? (sockets.clients.size >= MAX_CONNECTIONS ? "503 Service Unavailable" : null);
    if (status !== null) {
      if (status.startsWith("403")) options.log.warning("An event connection was refused: wrong host or origin.");
      socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
      return;
    }
    sockets.handleUpgrade(request, socket, head, (webSocket) => serve(webSocket, options));
  });
  return {
    connections: () => sockets.clients.size,
    close: async () => {
      const clients = [...sockets.clients];
      const closed = Promise.all(clients.map((client) => new Promise((resolve) => client.once("close", resolve))));
      for (const client of clients) client.close(CLOSE_STOPPED, "GHN Studio has stopped.");
      await Promise.race([closed, new Promise((resolve) => setTimeout(resolve, CLOSE_MS).unref())]);
      for (const client of clients) client.terminate();
      sockets.close();
    },
  };
}

function refusalOf(request: IncomingMessage, { path, allowed, signedIn }: SocketOptions): string | null {
  if ((request.url ?? "").split("?")[0] !== path) return "404 Not Found";
  if (!allowed(request)) return "403 Forbidden";
  const offered = (request.headers["sec-websocket-protocol"] ?? "").split(",").map((protocol) => protocol.trim());
  return offered[0] === EVENT_PROTOCOL && signedIn(offered[1]) ? null : "401 Unauthorized";
}

function serve(socket: WebSocket, { session, log, pingMs = 15_000 }: SocketOptions): void {
  let wanted: ReadonlySet<string> = new Set();
  let alive = true;
  const outbox = new Outbox({
    send: (event) => {
      if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify({ event: event.name, payload: event.payload }));
    },
    congested: () => socket.bufferedAmount > MAX_BUFFERED_BYTES,
  });
  const stopListening = session.listen({ deliver: (event) => outbox.push(event), wants: (runId) => wanted.has(runId) });
  // A page cannot see pings, so it also gets messages: when they stop, it knows that the tunnel is down.
  const timer = setInterval(() => {
    if (!alive) {
      socket.terminate();
      return;
    }
    alive = false;
    socket.ping();
    if (socket.bufferedAmount < MAX_BUFFERED_BYTES) socket.send('{"alive":true}');
  }, pingMs);
  timer.unref();
  const end = (): void => {
    clearInterval(timer);
    stopListening();
    outbox.close();
  };
  socket.on("pong", () => {
    alive = true;
  });
  socket.on("message", (data, isBinary) => {
    alive = true;
    const message = isBinary ? null : parse(String(data));
    if (message === null) {
      log.warning("An event connection sent an invalid message and was closed.");
      socket.close(1008, "Invalid subscription.");
      return;
    }
    wanted = new Set(message.runIds);
  });
  socket.on("error", (error) => log.info(`An event connection failed: ${error.message}`));
  socket.on("close", end);
  socket.send(JSON.stringify({ alive: true, everyMs: pingMs }));
}

function parse(text: string): z.infer<typeof fromPage> | null {
  try {
    const parsed = fromPage.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}
