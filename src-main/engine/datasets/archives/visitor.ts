import type { SourceLimits } from "./gate.ts";

/** One file of a folder or an archive. `name` is relative, with `/` as separator. */
export interface SourceEntry {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** What to read from a source and what to do with it. */
export interface SourceVisitor {
  /** Decides by name, before anything is read. */
  readonly wanted: (name: string) => boolean;
  /** Called for every wanted file. Several calls may run at once; reading waits for them regularly, so that memory stays bounded. */
  readonly onEntry: (entry: SourceEntry) => void | Promise<void>;
  readonly limits?: SourceLimits;
  readonly signal?: AbortSignal;
  readonly onBytes?: (done: number, total: number | null) => void;
}
