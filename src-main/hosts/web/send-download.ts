/** Sends a file as a download. */
import { open } from "node:fs/promises";
import type { ServerResponse } from "node:http";
import { basename } from "node:path";
import { pipeline } from "node:stream/promises";
import { plain } from "./messages.ts";

/** @param path regular file; anything else is answered with 404 */
export async function sendDownload(response: ServerResponse, path: string): Promise<void> {
  const handle = await open(path, "r").catch(() => null);
  try {
    const info = await handle?.stat();
    if (handle === null || info?.isFile() !== true) return plain(response, 404, "This file no longer exists.");
    const name = basename(path);
    response.writeHead(200, {
      "content-type": "application/octet-stream",
      "content-length": info.size,
      "content-disposition": `attachment; filename="${name.replace(/[^\w.-]/g, "_")}"; filename*=UTF-8''${encodeURIComponent(name).replace(/['()*]/g, hex)}`,
    });
    // A browser that cancels the download is not a fault.
    await pipeline(handle.createReadStream({ autoClose: false, end: Math.max(0, info.size - 1) }), response).catch(() => undefined);
  } finally {
    await handle?.close();
  }
}

function hex(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
}
