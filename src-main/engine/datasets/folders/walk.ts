import type { BigIntStats, Dirent } from "node:fs";
import { lstat, readdir, realpath, stat } from "node:fs/promises";
import { join, sep } from "node:path";
import { UserError } from "../../../lib/errors.ts";
import { systemErrorCode } from "../../../lib/files.ts";
import { unreadable } from "../archives/errors.ts";
import type { DatasetLocations } from "../images/types.ts";
import { clutterReason, fileReason, isImageName } from "./names.ts";
import type { Tally } from "./tally.ts";

/** An image file below a folder. */
export interface FoundImage {
  /** Relative to the folder, with `/` as separator, as the file system spells it. */
  readonly path: string;
  readonly bytes: number;
  /** Device and inode; null on file systems without inodes. */
  readonly identity: string | null;
  /** How the file was reached: a file with several names may be listed more than once. */
  readonly name: "only" | "hard-link" | "link";
  /** Inode, size, and times of modification and status change; empty unless requested. Differs if the content changed or another file has this name now. */
  readonly stamp: string;
}

export interface WalkOptions extends Pick<DatasetLocations, "onProgress" | "signal"> {
  /** Whether to fill in the stamps, which take memory; false by default. */
  readonly stamps?: boolean;
}

/** Maximum nesting depth of folders. */
const MAX_DEPTH = 16;
const MAX_ENTRIES = 20_000_000;
/** Number of files that are examined concurrently. */
const AT_ONCE = 64;

/**
 * Lists the images below a folder, each real file once per name. Everything else is counted in the tally.
 *
 * Links are followed if they lead to a file or folder inside `root` that was not visited before (by device and inode); real folders are visited first, so that
 * a link to one of them, or to a parent, adds nothing.
 *
 * @throws UserError `file-unreadable`, `folder-too-large`; the signal's reason when aborted
 */
export async function walkImages(root: string, tally: Tally, { onProgress, signal, stamps = false }: WalkOptions = {}): Promise<FoundImage[]> {
  const realRoot = await realpath(root).catch((error: unknown) => {
    throw unreadable(root, error);
  });
  const images: FoundImage[] = [];
  const visited = new Set<string>();
  const links: string[] = [];
  let entries = 0;

  const found = (path: string, info: BigIntStats, name: FoundImage["name"] = info.nlink > 1n ? "hard-link" : "only"): FoundImage => ({
    path,
    bytes: Number(info.size),
    identity: identityOf(info),
    name,
    stamp: stamps ? stampOf(info) : "",
  });

  const visit = async (folder: string, depth: number): Promise<void> => {
    signal?.throwIfAborted();
    const children = await childrenOf(join(root, folder), () => tally.add("too-deep", folder));
    entries += children.length;
    if (entries > MAX_ENTRIES)
      throw new UserError(`The folder ${root} has more than ${MAX_ENTRIES.toLocaleString("en-US")} entries.`, {
        code: "folder-too-large",
        file: root,
        remedy: "Check that this is the folder of the images.",
      });
    if (children.length === 0 && folder !== "") tally.add("empty", folder);
    const files: string[] = [];
    const folders: string[] = [];
    for (const child of children) {
      const path = folder === "" ? child.name : `${folder}/${child.name}`;
      const reason = clutterReason(child.name);
      if (reason !== null) tally.add(reason, path);
      else if (await isNotUtf8(root, path)) {
        if (child.isDirectory()) tally.addUnknown("bad-name", path);
        else tally.add("bad-name", path);
      } else if (child.isSymbolicLink()) links.push(path);
      else if (child.isDirectory()) folders.push(path);
      else if (!child.isFile()) tally.add("special", path);
      else {
        const unusable = fileReason(child.name) ?? (depth > MAX_DEPTH ? "too-deep" : null);
        if (unusable === null) files.push(path);
        else tally.add(unusable, path);
      }
    }
    for (let from = 0; from < files.length; from += AT_ONCE) {
      const some = files.slice(from, from + AT_ONCE);
      images.push(...(await Promise.all(some.map(async (path) => found(path, await statOf(join(root, path)))))));
    }
    onProgress?.({ phase: "read", what: root, done: images.length, total: null, unit: "files" });
    for (const path of folders) await enter(path, depth + 1);
  };

  const enter = async (folder: string, depth: number): Promise<void> => {
    const identity = identityOf(await statOf(join(root, folder)));
    if (identity !== null && visited.has(identity)) {
      tally.add("duplicate", folder);
      return;
    }
    if (identity !== null) visited.add(identity);
    await visit(folder, depth);
  };

  const follow = async (path: string): Promise<void> => {
    const name = path.slice(path.lastIndexOf("/") + 1);
    const looksLikeFolder = !/\.[A-Za-z0-9]{1,8}$/.test(name);
    const target = await realpath(join(root, path)).catch(() => null);
    const info = target === null ? null : await stat(target, { bigint: true }).catch(() => null);
    if (target === null || info === null) {
      if (looksLikeFolder) tally.addUnknown("link-broken", path);
      else tally.add(isImageName(name) ? "link-broken" : "other-type", path);
    } else if (realRoot === target || realRoot.startsWith(withSeparator(target))) tally.add("duplicate", path);
    else if (!target.startsWith(withSeparator(realRoot))) {
      if (info.isDirectory()) tally.addUnknown("link-outside", path);
      else tally.add(fileReason(name) ?? "link-outside", path);
    } else if (info.isDirectory()) await enter(path, path.split("/").length);
    else if (!info.isFile()) tally.add("special", path);
    else {
      const unusable = fileReason(name);
      if (unusable === null) images.push(found(path, info, "link"));
      else tally.add(unusable, path);
    }
  };

  await enter("", 0);
  // Folders behind links may contain more links, which are added to the end.
  for (let next = 0; next < links.length; next++) {
    signal?.throwIfAborted();
    await follow(links[next] ?? "");
  }
  return images;
}

async function childrenOf(folder: string, onTooDeep: () => void): Promise<Dirent[]> {
  try {
    return (await readdir(folder, { withFileTypes: true })).sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch (error) {
    if (systemErrorCode(error) !== "ENAMETOOLONG") throw unreadable(folder, error);
    onTooDeep();
    return [];
  }
}

/** Whether a name has bytes that are not UTF-8: they arrive as replacement characters, with which the file cannot be found. */
async function isNotUtf8(root: string, path: string): Promise<boolean> {
  return path.includes("\ufffd") && (await lstat(join(root, path)).catch(() => null)) === null;
}

async function statOf(path: string): Promise<BigIntStats> {
  return stat(path, { bigint: true }).catch((error: unknown) => {
    throw unreadable(path, error);
  });
}

/** Null on file systems without inodes. */
function identityOf({ dev, ino }: BigIntStats): string | null {
  return ino === 0n ? null : `${String(dev)}:${String(ino)}`;
}

export function stampOf({ ino, size, mtimeNs, ctimeNs }: BigIntStats): string {
  return `${String(ino)} ${String(size)} ${String(mtimeNs)} ${String(ctimeNs)}`;
}

function withSeparator(path: string): string {
  return path.endsWith(sep) ? path : path + sep;
}
