/** Serves the files of the built window from one folder. Used by the web host and by `app://`. */
import { open, realpath } from "node:fs/promises";
import { extname, join, sep } from "node:path";

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".mjs": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".json": "application/json; charset=utf-8",
  ".map": "application/json; charset=utf-8",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".ico": "image/x-icon",
  ".woff2": "font/woff2",
  ".woff": "font/woff",
  ".wasm": "application/wasm",
  ".txt": "text/plain; charset=utf-8",
};

export interface StaticFile {
  readonly body: Uint8Array;
  readonly type: string;
  /** True if the name contains a hash of the content, so that the file can be cached forever. */
  readonly immutable: boolean;
}

/** Larger than any file of the build. */
const MAX_FILE_BYTES = 64 * 2 ** 20;

/**
 * The file that a URL path names inside `root`, or null if there is no such file, it is a folder, has an unknown type, or
 * is outside of the folder (by `..`, an encoded separator, a NUL, a drive letter or a link).
 * @param urlPath path of the URL, percent-encoded; "/" stands for index.html
 */
export async function readStaticFile(root: string, urlPath: string): Promise<StaticFile | null> {
  const segments = safeSegments(urlPath);
  if (segments === null) return null;
  const name = segments.length === 0 ? "index.html" : segments.join(sep);
  const type = TYPES[extname(name).toLowerCase()];
  if (type === undefined) return null;
  try {
    const base = await realpath(root);
    const path = await realpath(join(base, name));
    if (!path.startsWith(base.endsWith(sep) ? base : base + sep)) return null;
    const handle = await open(path, "r");
    try {
      const info = await handle.stat();
      if (!info.isFile() || info.size > MAX_FILE_BYTES) return null;
      return { body: await handle.readFile(), type, immutable: segments[0] === "assets" };
    } finally {
      await handle.close();
    }
  } catch {
    return null;
  }
}

/** Decoded segments of a URL path; null if one is not a plain file name. */
function safeSegments(urlPath: string): string[] | null {
  if (!urlPath.startsWith("/") || urlPath.length > 2048) return null;
  const segments: string[] = [];
  for (const raw of urlPath.split("/")) {
    if (raw === "") continue;
    let segment: string;
    try {
      segment = decodeURIComponent(raw);
    } catch {
      return null;
    }
    if (segment.startsWith(".") || /[\\/:\0]/.test(segment)) return null;
    segments.push(segment);
  }
  return segments;
}
