/** Folders that the user names when starting the application, or while it is starting. */
import { statSync } from "node:fs";
import { resolve } from "node:path";
import { z } from "zod";

const dataSchema = z.object({ folders: z.array(z.string().max(4096)).max(50) });

/** What a second instance passes on to the first one. */
export type InstanceData = z.infer<typeof dataSchema>;

/**
 * Existing folders among command line arguments: `ghn-studio <folder>`, or opened from a file manager.
 * @param args without the program and, when running from sources, the application
 * @param cwd folder of the caller, which relative arguments are relative to
 */
export function foldersIn(args: readonly string[], cwd: string): string[] {
  return args
    .filter((argument) => argument !== "" && !argument.startsWith("-"))
    .map((argument) => resolve(cwd, argument))
    .filter((path) => statSync(path, { throwIfNoEntry: false })?.isDirectory() === true);
}

/**
 * Folders of a second instance. It resolves its own arguments and sends them as data, because Chromium adds to the arguments.
 * @param data what it sent; anything if it is another version
 */
export function foldersOfInstance(data: unknown, args: readonly string[], cwd: string): string[] {
  const parsed = dataSchema.safeParse(data);
  return parsed.success ? parsed.data.folders : foldersIn(args, cwd);
}

/** Keeps requests to open folders until the windows are ready. */
export class OpenRequests {
  private waiting: (readonly string[])[] = [];
  private open: ((folders: readonly string[]) => void) | null = null;

  /** @param folders to open; empty brings the application to the front */
  add(folders: readonly string[]): void {
    if (this.open === null) this.waiting.push(folders);
    else this.open(folders);
  }

  /** Passes the requests that came in so far, and all later ones, to `open`. */
  begin(open: (folders: readonly string[]) => void): void {
    this.open = open;
    const waiting = this.waiting;
    this.waiting = [];
    for (const folders of waiting) open(folders);
  }

  /** Takes the folders that have been requested so far, each once. */
  take(): string[] {
    const folders = [...new Set(this.waiting.flat())];
    this.waiting = [];
    return folders;
  }
}
