/** The window in a browser: the built page, the calls over HTTP, the events over one WebSocket, on loopback only. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { MAX_CALL_BYTES } from "../../api/gate/dispatch.ts";
import type { StudioSession } from "../../api/services/session.ts";
import { UserError } from "../../lib/errors.ts";
import type { Logger } from "../../lib/logger.ts";
import { SECURITY_HEADERS } from "../page/security-headers.ts";
import { readStaticFile } from "../page/static-files.ts";
import { hostAllowed, newToken, originAllowed, sameToken, tokenCookie, tokenPresent } from "./access.ts";
import { acceptSockets } from "./sockets.ts";

export interface WebHostOptions {
  /** All pages of this host share one session: one project at a time, as a window has. */
  readonly session: StudioSession;
  /** Folder of the built page, `out/renderer`. */
  readonly rendererFolder: string;
  /** 0 takes any free port. */
  readonly port: number;
  readonly host?: "127.0.0.1" | "::1";
  /** Made anew unless given. */
  readonly token?: string;
  readonly log: Logger;
  readonly pingMs?: number;
}

export interface WebHost {
  /** First link, with the token. */
  readonly url: string;
  /** Address without the token. */
  readonly origin: string;
  readonly port: number;
  readonly token: string;
  close(): Promise<void>;
}

/**
 * Starts the web host.
 * @throws UserError `port-taken`, `port-denied`
 */
export async function startWebHost(options: WebHostOptions): Promise<WebHost> {
  const { session, log, host = "127.0.0.1", token = newToken() } = options;
  if (token.length < 16) throw new RangeError("The token of the web host needs 16 characters at least.");
  let port = 0;
  const server = createServer((request, response) => {
    respond(request, response).catch((error: unknown) => {
      log.error("A request failed.", error instanceof Error ? (error.stack ?? error.message) : String(error));
      if (!response.headersSent) plain(response, 500, "Something went wrong.");
      else response.destroy();
    });
  });
  server.requestTimeout = 60_000;
  server.headersTimeout = 10_000;
  server.on("clientError", (_error, socket) => {
    if (socket.writable) socket.end("HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
  });

  async function respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    for (const [name, value] of Object.entries(SECURITY_HEADERS)) response.setHeader(name, value);
    response.setHeader("cache-control", "no-store");
    if (!hostAllowed(request.headers.host)) {
      log.warning(`A request for the host ${JSON.stringify(request.headers.host ?? "")} was refused.`);
      return plain(response, 421, "This address is not served here. Open the studio as localhost or 127.0.0.1.");
    }
    const target = request.url ?? "/";
    const question = target.indexOf("?");
    const path = question < 0 ? target : target.slice(0, question);
    const given = question < 0 ? null : new URLSearchParams(target.slice(question)).get("token");
    if (request.method === "GET" && path === "/" && given !== null && sameToken(given, token)) {
      response.setHeader("set-cookie", tokenCookie(port, token));
      response.setHeader("location", "/");
      return plain(response, 303, "");
    }
    if (!tokenPresent(request.headers, port, token)) {
      return plain(response, 401, "GHN Studio: open the link that `ghn-studio serve` printed; it carries a token that this browser does not have yet.");
    }
    if (path.startsWith("/call/")) return answerCall(request, response, path.slice("/call/".length));
    if (request.method !== "GET" && request.method !== "HEAD") {
      response.setHeader("allow", "GET, HEAD");
      return plain(response, 405, "Only reading is possible here.");
    }
    const file = await readStaticFile(options.rendererFolder, path);
    if (file === null) {
      if (path === "/") return plain(response, 503, "The window is not built yet. Run `npm run build`, then reload this page.");
      return plain(response, 404, "There is no such page.");
    }
    if (file.immutable) response.setHeader("cache-control", "private, max-age=31536000, immutable");
    response.writeHead(200, { "content-type": file.type, "content-length": file.body.byteLength });
    response.end(request.method === "HEAD" ? undefined : file.body);
  }

  async function answerCall(request: IncomingMessage, response: ServerResponse, name: string): Promise<void> {
    if (request.method !== "POST") {
      response.setHeader("allow", "POST");
      return plain(response, 405, "Calls are made with POST.");
    }
    if (!originAllowed(request.headers)) {
      log.warning(`A call from the origin ${JSON.stringify(request.headers.origin ?? "")} was refused.`);
      return plain(response, 403, "Calls are answered to pages of this host only.");
    }
    if (!/^application\/json(;|$)/i.test(request.headers["content-type"] ?? "")) return plain(response, 415, "Calls carry JSON.");
    const body = await readBody(request, MAX_CALL_BYTES);
    if (body === null) {
      response.setHeader("connection", "close");
      return plain(response, 413, "The argument of the call is too large.");
    }
    let input: unknown;
    try {
      input = JSON.parse(body);
    } catch {
      return plain(response, 400, "The argument of the call is not JSON.");
    }
    const answer = await session.call(decodeName(name), input);
    const text = JSON.stringify(answer);
    response.writeHead(200, { "content-type": "application/json; charset=utf-8", "content-length": Buffer.byteLength(text) });
    response.end(text);
  }

  const sockets = acceptSockets({
    server,
    session,
    log,
    allowed: (headers) => hostAllowed(headers.host) && originAllowed(headers) && tokenPresent(headers, port, token),
    ...(options.pingMs === undefined ? {} : { pingMs: options.pingMs }),
  });
  await listen(server, options.port, host);
  port = (server.address() as AddressInfo).port;
  const origin = `http://${host === "::1" ? "[::1]" : host}:${port}`;
  log.info(`The web host listens on ${origin}.`);
  return {
    url: `${origin}/?token=${token}`,
    origin,
    port,
    token,
    close: async () => {
      sockets.close();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}

function listen(server: ReturnType<typeof createServer>, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (cause: NodeJS.ErrnoException) => {
      if (cause.code === "EADDRINUSE")
        reject(
          new UserError(`The port ${port} is in use by another program.`, {
            code: "port-taken",
            remedy: "Choose another one with --port, or 0 for any free one.",
            cause,
          }),
        );
      else if (cause.code === "EACCES")
        reject(new UserError(`The port ${port} may not be used.`, { code: "port-denied", remedy: "Choose one above 1023 with --port.", cause }));
      else reject(cause);
    });
    server.listen(port, host, () => {
      server.removeAllListeners("error");
      server.on("error", () => undefined);
      resolve();
    });
  });
}

/** The body as text; null when it is larger than allowed, in which case the rest is not read. */
async function readBody(request: IncomingMessage, maxBytes: number): Promise<string | null> {
  if (Number(request.headers["content-length"] ?? 0) > maxBytes) return null;
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    bytes += part.byteLength;
    if (bytes > maxBytes) return null;
    parts.push(part);
  }
  return Buffer.concat(parts).toString("utf8");
}

function decodeName(name: string): string {
  try {
    return decodeURIComponent(name.slice(0, 200));
  } catch {
    return "";
  }
}

function plain(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { "content-type": "text/plain; charset=utf-8" });
  response.end(text);
}
