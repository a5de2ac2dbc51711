import type { Wanted } from "./entry.ts";

/** What each way to a library gets. */
export interface WayOptions {
  /** Folder of the npm package with the binding's sources. */
  readonly packageFolder: string;
  readonly wanted: Wanted;
  /** Told in sentences what takes time. */
  readonly say: (text: string) => void;
}
