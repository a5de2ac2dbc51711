/** Event connections of the web host: one WebSocket per page, with its own subscriptions and back-pressure. */
import type { IncomingHttpHeaders, Server } from "node:http";
import { WebSocket, WebSocketServer } from "ws";
import { z } from "zod";
import type { StudioSession } from "../../api/services/session.ts";
import type { Logger } from "../../lib/logger.ts";
import { Outbox } from "../page/outbox.ts";

const SOCKET_PATH = "/events";
/** More pages than this indicate a fault or an attack. */
const MAX_CONNECTIONS = 64;
/** Bytes buffered in a socket before further events are merged. */
const MAX_BUFFERED_BYTES = 512 * 1024;
const MAX_MESSAGE_BYTES = 256 * 1024;

const fromPage = z.strictObject({ type: z.literal("subscribe"), runIds: z.array(z.string().max(64)).max(2000) });

export interface SocketOptions {
  readonly server: Server;
  readonly session: StudioSession;
  readonly log: Logger;
  /** Decides on an upgrade request from its headers. */
  readonly allowed: (headers: IncomingHttpHeaders) => boolean;
  /** Interval of checks whether a page is still alive, in ms; 15,000 by default. */
  readonly pingMs?: number;
}

/** Accepts event connections on the server. `close` closes them all. */
export function acceptSockets(options: SocketOptions): { readonly connections: () => number; close(): void } {
  const sockets = new WebSocketServer({ noServer: true, maxPayload: MAX_MESSAGE_BYTES, perMessageDeflate: false });
  options.server.on("upgrade", (request, socket, head) => {
    socket.on("error", () => socket.destroy());
    const path = (request.url ?? "").split("?")[0];
    const status =
      path !== SOCKET_PATH
        ? "404 Not Found"
        : !options.allowed(request.headers)
          ? "403 Forbidden"
          : sockets.clients.size >= MAX_CONNECTIONS
            ? "503 Service Unavailable"
            : null;
    if (status !== null) {
      if (status.startsWith("403")) options.log.warning("An event connection was refused: wrong host, origin or token.");
      socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
      return;
    }
    sockets.handleUpgrade(request, socket, head, (webSocket) => serve(webSocket, options));
  });
  return {
    connections: () => sockets.clients.size,
    close: () => {
      for (const client of sockets.clients) {
        client.close(1001, "GHN Studio has stopped.");
        client.terminate();
      }
      sockets.close();
    },
  };
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
