import { fileURLToPath } from "node:url";
import vue from "@vitejs/plugin-vue";
import { defineConfig } from "electron-vite";

const file = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/**
 * Three builds: the main process with its children as entries of their own, the sandboxed preload as one CommonJS file, and the window, which the web host serves too.
 * Packages stay outside of the main build: TensorFlow and SQLite find their native files by their own paths.
 */
export default defineConfig({
  main: {
    build: {
      outDir: "out/main",
      rolldownOptions: {
        input: {
          main: file("src-main/main.ts"),
          "run-worker": file("src-main/workers/run-worker.ts"),
          "dataset-worker": file("src-main/api/dataset-worker.ts"),
          "calibration-worker": file("src-main/api/calibration-worker.ts"),
        },
        output: { format: "es", entryFileNames: "[name].js" },
      },
    },
  },
  preload: {
    build: {
      outDir: "out/preload",
      externalizeDeps: false,
      rolldownOptions: { input: { preload: file("src-preload/preload.ts") }, output: { format: "cjs", entryFileNames: "[name].cjs" } },
    },
  },
  renderer: {
    root: file("src-renderer"),
    base: "./",
    plugins: [vue()],
    worker: { format: "es" },
    build: { outDir: file("out/renderer"), emptyOutDir: true, rolldownOptions: { input: file("src-renderer/index.html") } },
  },
});
