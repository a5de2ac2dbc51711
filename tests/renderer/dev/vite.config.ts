import { fileURLToPath } from "node:url";
import vue from "@vitejs/plugin-vue";
import { defineConfig } from "vite";

/** The window with an in-memory bridge: `npx vite --config tests/renderer/dev/vite.config.ts`. */
export default defineConfig({
  root: fileURLToPath(new URL(".", import.meta.url)),
  plugins: [
    vue(),
    {
      name: "no-web-bridge",
      enforce: "pre",
      resolveId: (source) => (source.endsWith("/web-bridge.ts") ? "\0no-web-bridge" : null),
      load: (id) => (id === "\0no-web-bridge" ? "export function createWebBridge() { throw new Error('The fake bridge is missing.'); }" : null),
    },
  ],
  server: { port: 5199, strictPort: true, host: "127.0.0.1", fs: { allow: ["../../.."] } },
  worker: { format: "es" },
});
