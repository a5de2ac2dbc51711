import type { Manifest, Wanted } from "./entry.ts";

export interface SourceOptions {
  /** Folder of the npm package with the binding's sources. */
  readonly packageFolder: string;
  readonly wanted: Wanted;
  /** Receives a sentence before each step that takes time. */
  readonly say: (text: string) => void;
}

/** Puts library and binding into `ready` in the folder `work`, with the layout of a cache entry. Throws an Error with the reason if it cannot. */
export type LibrarySource = (work: string, options: SourceOptions) => Promise<Manifest>;
