import { fileURLToPath } from "node:url";
import { defineConfig } from "electron-vite";
import { ENTRY_SOURCES } from "./src-main/lib/entries.ts";
import rendererConfig, { page } from "./vite.renderer.config.ts";

const file = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

/**
 * Main process, children, bridge and page of the desktop application, into `out/`. Packages stay outside of the bundles of the main process: native ones must, and
 * electron-builder packs the others as they are.
 */
export default defineConfig({
  main: {
    build: {
      outDir: "out/main",
      externalizeDeps: true,
      rolldownOptions: {
        // Child processes and threads are separate entries; `entryPath` finds them by these names.
        input: {
          main: file("src-main/main.ts"),
          ...Object.fromEntries(Object.entries(ENTRY_SOURCES).map(([name, source]) => [name, file(`src-main/${source}`)])),
        },
        output: { format: "es", entryFileNames: "[name].js", chunkFileNames: "[name]-[hash].js" },
      },
    },
  },
  preload: {
    build: {
      outDir: "out/preload",
      // A sandboxed preload is one CommonJS file.
      externalizeDeps: false,
      rolldownOptions: {
        input: { preload: file("src-preload/preload.ts") },
        output: { format: "cjs", entryFileNames: "[name].cjs" },
      },
    },
  },
  renderer: { ...rendererConfig, build: { ...rendererConfig.build, rolldownOptions: { input: { index: page } } } },
});
