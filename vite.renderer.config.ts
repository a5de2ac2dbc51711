import { fileURLToPath } from "node:url";
import vue from "@vitejs/plugin-vue";
import { defineConfig } from "vite";

/** The window: one page for both hosts, found under any path. `electron.vite.config.ts` builds it with the rest, `npm run build:renderer` alone. */
export default defineConfig({
  root: fileURLToPath(new URL("src-renderer", import.meta.url)),
  base: "./",
  plugins: [vue()],
  worker: { format: "es" },
  build: {
    outDir: fileURLToPath(new URL("out/renderer", import.meta.url)),
    emptyOutDir: true,
    target: "chrome138",
    // The content security policy takes fonts from files only.
    assetsInlineLimit: 0,
    // The parts that weigh are charts and layout; both are loaded with the first page that shows them.
    chunkSizeWarningLimit: 2000,
  },
});
