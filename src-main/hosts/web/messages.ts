/** Reading requests and writing responses of the web host. */
import type { IncomingMessage, ServerResponse } from "node:http";

/** How much of a body that is too large is read and discarded, and for how long, in ms. */
const MAX_DISCARDED_BYTES = 256 * 2 ** 20;
const MAX_DISCARD_MS = 10_000;

export function plain(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { "content-type": "text/plain; charset=utf-8" });
  response.end(text);
}

export function json(response: ServerResponse, status: number, value: unknown): void {
  const text = JSON.stringify(value);
  response.writeHead(status, { "content-type": "application/json; charset=utf-8", "content-length": Buffer.byteLength(text) });
  response.end(text);
}

/** A whole response for a request that could not be parsed. @param status code and reason, which is also the text */
export function rawResponse(status: string): string {
  const text = `The request was not answered: ${status}.`;
  return `HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`;
}

/** The JSON body of a request; otherwise the response has been sent. */
export async function readJson(request: IncomingMessage, response: ServerResponse, maxBytes: number): Promise<{ readonly value: unknown } | null> {
  if (!/^application\/json(;|$)/i.test(request.headers["content-type"] ?? "")) {
    plain(response, 415, "Calls require a JSON body.");
    return null;
  }
  const body = await readBody(request, maxBytes);
  if (body === null) {
    await refuseTooLarge(request, response);
    return null;
  }
  try {
    return { value: JSON.parse(body) };
  } catch {
    plain(response, 400, "The argument of the call is not JSON.");
    return null;
  }
}

/**
 * Answers at once and then discards what is still being sent: closing a connection with unread data resets it, and the sender may lose the answer.
 * The connection is closed afterwards.
 */
async function refuseTooLarge(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const text = "The argument of the call is too large.";
  response.writeHead(413, { "content-type": "text/plain; charset=utf-8", "content-length": Buffer.byteLength(text), connection: "close" });
  response.write(text);
  const timer = setTimeout(() => request.destroy(), MAX_DISCARD_MS);
  let bytes = 0;
  try {
    for await (const part of request as AsyncIterable<Buffer>) {
      bytes += part.byteLength;
      if (bytes > MAX_DISCARDED_BYTES) break;
    }
  } catch {
    // The sender has gone, or was too slow.
  } finally {
    clearTimeout(timer);
    response.end();
  }
}

/** The body as text; null when it is larger than allowed, without reading the rest. */
async function readBody(request: IncomingMessage, maxBytes: number): Promise<string | null> {
  if (Number(request.headers["content-length"] ?? 0) > maxBytes) return null;
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of request.iterator({ destroyOnReturn: false })) {
    bytes += part.byteLength;
    if (bytes > maxBytes) return null;
    parts.push(part);
  }
  return Buffer.concat(parts).toString("utf8");
}
