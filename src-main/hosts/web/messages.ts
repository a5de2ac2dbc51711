/** Reading requests and writing responses of the web host. */
import type { IncomingMessage, ServerResponse } from "node:http";

export function plain(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { "content-type": "text/plain; charset=utf-8" });
  response.end(text);
}

export function json(response: ServerResponse, status: number, value: unknown): void {
  const text = JSON.stringify(value);
  response.writeHead(status, { "content-type": "application/json; charset=utf-8", "content-length": Buffer.byteLength(text) });
  response.end(text);
}

/** The JSON body of a request; otherwise the response has been sent. */
export async function readJson(request: IncomingMessage, response: ServerResponse, maxBytes: number): Promise<{ readonly value: unknown } | null> {
  if (!/^application\/json(;|$)/i.test(request.headers["content-type"] ?? "")) {
    plain(response, 415, "Calls require a JSON body.");
    return null;
  }
  const body = await readBody(request, maxBytes);
  if (body === null) {
    response.setHeader("connection", "close");
    plain(response, 413, "The argument of the call is too large.");
    return null;
  }
  try {
    return { value: JSON.parse(body) };
  } catch {
    plain(response, 400, "The argument of the call is not JSON.");
    return null;
  }
}

/** The body as text; null when it is larger than allowed, without reading the rest. */
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
