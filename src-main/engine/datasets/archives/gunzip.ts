import { gunzipSync } from "node:zlib";
import { damaged } from "./errors.ts";

/**
 * Unpacks bytes that start like gzip and returns all others unchanged.
 *
 * @param name for the message
 * @throws UserError `archive-damaged` for a truncated stream, or one that unpacks to more than `maxBytes`
 */
export function gunzipIfNeeded(name: string, bytes: Uint8Array, maxBytes: number): Uint8Array {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  try {
    return gunzipSync(bytes, { maxOutputLength: maxBytes });
  } catch (error) {
    throw damaged(name, error);
  }
}
