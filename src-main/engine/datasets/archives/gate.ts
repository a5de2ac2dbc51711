import { unsafe } from "./errors.ts";

/** Limits that protect memory and disk from hostile archives. */
export interface SourceLimits {
  /** Files and folders in total, wanted or not. */
  readonly maxEntries: number;
  /** Unpacked bytes of one wanted file. */
  readonly maxEntryBytes: number;
  /** Unpacked bytes of all files together. */
  readonly maxTotalBytes: number;
}

const DEFAULT_LIMITS: SourceLimits = { maxEntries: 1_000_000, maxEntryBytes: 512 * 2 ** 20, maxTotalBytes: 16 * 2 ** 30 };

/** Maximum nesting depth of folders in archives. */
export const MAX_DEPTH = 16;
const MAX_NAME = 1024;

/** Counts entries and bytes of one source and throws `archive-unsafe` when a limit is exceeded. */
export class SourceGate {
  private readonly path: string;
  private readonly limits: SourceLimits;
  private entries = 0;
  private total = 0;

  constructor(path: string, limits: SourceLimits = DEFAULT_LIMITS) {
    this.path = path;
    this.limits = limits;
  }

  count(name: string): void {
    this.entries++;
    if (this.entries > this.limits.maxEntries) throw unsafe(this.path, `it has more than ${String(this.limits.maxEntries)} entries (at "${name}")`);
  }

  /** A file that will be read. */
  admit(name: string, size: number): void {
    if (size > this.limits.maxEntryBytes)
      throw unsafe(this.path, `"${name}" has ${String(size)} bytes, and the limit for one file is ${String(this.limits.maxEntryBytes)}`);
    this.pass(name, size);
  }

  /** A file that is skipped; an archive has to be unpacked past it. */
  pass(name: string, size: number): void {
    this.total += size;
    if (this.total > this.limits.maxTotalBytes)
      throw unsafe(this.path, `its files have more than ${String(this.limits.maxTotalBytes)} bytes in total (at "${name}")`);
  }
}

/** The name of an archive entry as a relative path with `/`, without `.` parts. Throws `archive-unsafe` for anything that could lead outside. */
export function cleanName(archive: string, name: string): string {
  const parts = name.replaceAll("\\", "/").split("/");
  const leadsOutside = name.includes("\0") || /^[/\\]|^[A-Za-z]:/.test(name) || parts.includes("..") || name.length > MAX_NAME || parts.length > MAX_DEPTH + 1;
  if (leadsOutside) throw unsafe(archive, `its entry "${name.slice(0, 120)}" leads outside of it`);
  return parts.filter((part) => part !== "" && part !== ".").join("/");
}

/** Files that operating systems and archive tools leave behind. */
export function isClutter(name: string): boolean {
  return name.split("/").some((part) => part === "__MACOSX" || part === ".DS_Store" || part === "Thumbs.db" || part.startsWith("._") || part === ".git");
}
