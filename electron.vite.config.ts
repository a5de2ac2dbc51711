import { fileURLToPath } from "node:url";
import { defineConfig } from "electron-vite";
import rendererConfig from "./vite.renderer.config.ts";

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
        // Children and threads are entries of their own: `src-main/api/entries.ts` and `src-main/lib/thread-entry.ts` find them by these names.
        input: {
          main: file("src-main/main.ts"),
          "run-worker": file("src-main/workers/run-worker.ts"),
          "dataset-worker": file("src-main/api/datasets/dataset-worker.ts"),
          "calibration-worker": file("src-main/api/estimate/calibration-worker.ts"),
          "analysis-worker": file("src-main/runs/stages/study/analysis-worker.ts"),
          "wal-checkpoint-worker": file("src-main/store/database/wal-checkpoint-worker.ts"),
          "decode-worker": file("src-main/engine/datasets/streaming/decode-worker.ts"),
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
  renderer: { ...rendererConfig, build: { ...rendererConfig.build, rolldownOptions: { input: { index: file("src-renderer/index.html") } } } },
});
