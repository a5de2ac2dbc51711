/// <reference types="vite/client" />
import type { StudioBridge } from "../src-shared/contract.ts";

declare global {
  interface Window {
    /** Put there by the preload script of the desktop host; absent in a browser until the web bridge makes one. */
    readonly studio?: StudioBridge;
  }
}
