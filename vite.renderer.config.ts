import { mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import vue from "@vitejs/plugin-vue";
import { defineConfig } from "vite";

const installation = fileURLToPath(new URL(".", import.meta.url));
/** Vite treats `#` and `?` in a path as the end of the file name. A folder with such a name is built through a link. */
const linked = /[#?]/.test(installation);
const root = linked ? linkTo(installation) : installation;

/** Temporary link to a folder, removed when this process ends. */
function linkTo(folder: string): string {
  const scratch = mkdtempSync(path.join(tmpdir(), "ghn-studio-build-"));
  process.on("exit", () => rmSync(scratch, { recursive: true, force: true }));
  const link = path.join(scratch, "studio");
  symlinkSync(folder, link, "junction");
  return link;
}

/** Page of the window, for `electron.vite.config.ts`. */
export const page = path.join(root, "src-renderer", "index.html");

/** The window: one page for both hosts, which works under any path. `electron.vite.config.ts` builds it with the rest, `npm run build:renderer` alone. */
export default defineConfig({
  root: path.join(root, "src-renderer"),
  base: "./",
  resolve: { preserveSymlinks: linked },
  plugins: [vue()],
  worker: { format: "es" },
  build: {
    outDir: path.join(root, "out", "renderer"),
    emptyOutDir: true,
    target: "chrome138",
    // The content security policy allows fonts from files only.
    assetsInlineLimit: 0,
    // Charts and graph layout are large; they are loaded with the first page that shows them.
    chunkSizeWarningLimit: 2000,
  },
});
