/** The window in a browser: the built page, calls over HTTP, events over one WebSocket, on the loopback interface only. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { linkTo, TOKEN_HEADER } from "../../../src-shared/web-session.ts";
import { MAX_CALL_BYTES } from "../../api/gate/dispatch.ts";
import type { StudioSession } from "../../api/services/session.ts";
import { UserError } from "../../lib/errors.ts";
import type { Logger } from "../../lib/logger.ts";
import { SECURITY_HEADERS } from "../page/security-headers.ts";
import { readStaticFile } from "../page/static-files.ts";
import { createAccess } from "./access.ts";
import { DOWNLOAD_PATH, DownloadTickets } from "./download-tickets.ts";
import { json, plain, rawResponse, readJson } from "./messages.ts";
import { sendDownload } from "./send-download.ts";
import { SignIns } from "./sign-in.ts";
import { acceptSockets } from "./sockets.ts";

export interface WebHostOptions {
  /** Shared by all pages of this host: one open project, as in a window. */
  readonly session: StudioSession;
  /** Folder of the built page, `out/renderer`. */
  readonly rendererFolder: string;
  /** 0 picks a free port. */
  readonly port: number;
  /** What to do if the port is taken: fail, or pick a free one. "fail" by default. */
  readonly ifTaken?: "fail" | "pick";
  readonly host?: "127.0.0.1" | "::1";
  /** Path of the page, with a slash at both ends; "/" by default. */
  readonly basePath?: string;
  /** Names under which a reverse proxy serves this host, in addition to the loopback names. */
  readonly allowedHosts?: readonly string[];
  readonly signIns?: SignIns;
  readonly tickets?: DownloadTickets;
  /** Called when a page has signed in with a one-time link. */
  readonly signedIn?: () => void;
  readonly log: Logger;
  readonly pingMs?: number;
  /** How long a connection may take to send the headers of a request, in ms; 10,000 by default. */
  readonly headersMs?: number;
}

export interface WebHost {
  /** Address without a path. */
  readonly origin: string;
  /** Address of the page, with a slash at the end. */
  readonly base: string;
  readonly port: number;
  /**
   * Creates a one-time link.
   * @param lifeMs how long it is valid; 10 minutes by default, `Infinity` until the host closes
   */
  link(lifeMs?: number): string;
  close(): Promise<void>;
}

/** More than a code. */
const MAX_SIGN_IN_BYTES = 1024;

/**
 * Starts the web host. The files of the page are public; everything else requires the token of a page that signed in.
 * @throws UserError `port-taken`, `port-denied`
 */
export async function startWebHost(options: WebHostOptions): Promise<WebHost> {
  const { session, log, host = "127.0.0.1", basePath = "/", signIns = new SignIns(), tickets = new DownloadTickets() } = options;
  const access = createAccess(options.allowedHosts);
  const headersMs = options.headersMs ?? 10_000;
  const server = createServer({ requestTimeout: 60_000, headersTimeout: headersMs, connectionsCheckingInterval: headersMs }, (request, response) => {
    respond(request, response).catch((error: unknown) => {
      log.error("A request failed.", error instanceof Error ? (error.stack ?? error.message) : String(error));
      if (!response.headersSent) plain(response, 500, "Internal error.");
      else response.destroy();
    });
  });
  server.on("clientError", (error: NodeJS.ErrnoException, socket) => {
    const timedOut = error.code === "ERR_HTTP_REQUEST_TIMEOUT";
    // Browsers open connections in advance. Text on an unused one would be taken for the response to the call that is sent just then,
    // but a call on a connection that closes is sent again.
    const unused = timedOut && "bytesRead" in socket && socket.bytesRead === 0;
    if (unused || !socket.writable) socket.destroy();
    else
      socket.end(
        rawResponse(timedOut ? "408 Request Timeout" : error.code === "HPE_HEADER_OVERFLOW" ? "431 Request Header Fields Too Large" : "400 Bad Request"),
      );
  });

  async function respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    for (const [name, value] of Object.entries(SECURITY_HEADERS)) response.setHeader(name, value);
    response.setHeader("cache-control", "no-store");
    if (!access.hostAllowed(request.headers.host)) {
      log.warning(`A request for the host ${JSON.stringify(request.headers.host ?? "")} was refused.`);
      return plain(response, 421, "Unknown host name. Open GHN Studio as localhost or 127.0.0.1, or allow the name with `ghn-studio serve --allowed-host`.");
    }
    const path = pathOf(request);
    if (path === null) {
      response.setHeader("location", basePath);
      return plain(response, 308, `GHN Studio is served under ${basePath}.`);
    }
    if (path.startsWith("call/")) return answerCall(request, response, path.slice("call/".length));
    if (path === "session") return answerSession(request, response);
    if (path === "link") return answerLink(request, response);
    if (request.method !== "GET" && request.method !== "HEAD") {
      response.setHeader("allow", "GET, HEAD");
      return plain(response, 405, "Only GET and HEAD are allowed here.");
    }
    if (path.startsWith(DOWNLOAD_PATH)) {
      const file = request.method === "GET" ? tickets.take(path.slice(DOWNLOAD_PATH.length)) : null;
      if (file === null) return plain(response, 404, "This download link has been used or has expired. Start the download again in GHN Studio.");
      return sendDownload(response, file);
    }
    const file = await readStaticFile(options.rendererFolder, `/${path}`);
    if (file === null) {
      if (path === "") return plain(response, 503, "The window has not been built. Run `npm run build`, then reload this page.");
      return plain(response, 404, "Page not found.");
    }
    if (file.immutable) response.setHeader("cache-control", "private, max-age=31536000, immutable");
    response.writeHead(200, { "content-type": file.type, "content-length": file.body.byteLength });
    response.end(request.method === "HEAD" ? undefined : file.body);
  }

  /** The path below the base path, without a leading slash; null if it is outside. */
  function pathOf(request: IncomingMessage): string | null {
    const target = request.url ?? "/";
    const question = target.indexOf("?");
    const path = question < 0 ? target : target.slice(0, question);
    return path.startsWith(basePath) ? path.slice(basePath.length) : null;
  }

  function signedIn(request: IncomingMessage): boolean {
    const token = request.headers[TOKEN_HEADER];
    return signIns.accepts(typeof token === "string" ? token : undefined);
  }

  /** True for a POST from a page of this host; otherwise the response has been sent. */
  function isOwnPost(request: IncomingMessage, response: ServerResponse): boolean {
    if (request.method !== "POST") {
      response.setHeader("allow", "POST");
      plain(response, 405, "Calls require POST.");
    } else if (!access.originAllowed(request.headers)) {
      log.warning(`A call from the origin ${JSON.stringify(request.headers.origin ?? "")} was refused.`);
      plain(response, 403, "Calls are only accepted from pages of this host.");
    } else return true;
    return false;
  }

  function refuse(response: ServerResponse): void {
    plain(response, 401, "Not signed in. Run `ghn-studio link` and open the link it prints.");
  }

  /** POST: exchanges the code of a one-time link for a token. GET: whether a token is valid. */
  async function answerSession(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.method === "GET") return signedIn(request) ? json(response, 200, { ok: true }) : refuse(response);
    if (!isOwnPost(request, response)) return;
    const body = await readJson(request, response, MAX_SIGN_IN_BYTES);
    if (body === null) return;
    const { value } = body;
    const code = typeof value === "object" && value !== null && "code" in value && typeof value.code === "string" ? value.code : "";
    const redeemed = signIns.redeem(code);
    if (redeemed.ok) options.signedIn?.();
    else log.info(`A page could not sign in: ${redeemed.error.message}`);
    json(response, redeemed.ok ? 200 : 403, redeemed);
  }

  /** A new one-time link, for another browser. */
  async function answerLink(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (!isOwnPost(request, response)) return;
    if (!signedIn(request)) return refuse(response);
    json(response, 200, { code: signIns.newCode() });
  }

  async function answerCall(request: IncomingMessage, response: ServerResponse, name: string): Promise<void> {
    if (!isOwnPost(request, response)) return;
    if (!signedIn(request)) return refuse(response);
    const body = await readJson(request, response, MAX_CALL_BYTES);
    if (body !== null) json(response, 200, await session.call(decodeName(name), body.value));
  }

  const sockets = acceptSockets({
    server,
    session,
    log,
    path: `${basePath}events`,
    allowed: ({ headers }) => access.hostAllowed(headers.host) && access.originAllowed(headers),
    signedIn: (token) => signIns.accepts(token),
    ...(options.pingMs === undefined ? {} : { pingMs: options.pingMs }),
  });
  await listen(server, options.port, host).catch((error: unknown) => {
    if (options.ifTaken === "pick" && error instanceof UserError && error.code === "port-taken") return listen(server, 0, host);
    throw error;
  });
  const { port } = server.address() as AddressInfo;
  const origin = `http://${host === "::1" ? "[::1]" : host}:${port}`;
  const base = `${origin}${basePath}`;
  log.info(`The web host is listening on ${base}.`);
  return {
    origin,
    base,
    port,
    link: (lifeMs) => linkTo(base, signIns.newCode(lifeMs)),
    close: async () => {
      await sockets.close();
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
          new UserError(`Port ${port} is already in use.`, {
            code: "port-taken",
            remedy: "Choose another port with --port; 0 picks a free one.",
            cause,
          }),
        );
      else if (cause.code === "EACCES")
        reject(new UserError(`Port ${port} requires special permissions.`, { code: "port-denied", remedy: "Choose a port above 1023 with --port.", cause }));
      else reject(cause);
    });
    server.listen(port, host, () => {
      server.removeAllListeners("error");
      server.on("error", () => undefined);
      resolve();
    });
  });
}

function decodeName(name: string): string {
  try {
    return decodeURIComponent(name.slice(0, 200));
  } catch {
    return "";
  }
}
