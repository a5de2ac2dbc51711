/// <reference types="vite/client" />
import type { StudioBridge } from "../src-shared/contract.ts";

declare global {
  interface Window {
    /** Set by the preload script of the desktop host; undefined in a browser. */
    readonly studio?: StudioBridge;
  }
}
