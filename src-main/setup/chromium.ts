import { existsSync } from "node:fs";
import path from "node:path";
import { lastLine, runCommand } from "./commands.ts";

const NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"];

/** Path of a Chromium: `$GHN_STUDIO_CHROMIUM`, else the first on the path. */
export function findChromium(environment: NodeJS.ProcessEnv = process.env): string | null {
  const chosen = environment["GHN_STUDIO_CHROMIUM"];
  if (chosen !== undefined && chosen !== "") return existsSync(chosen) ? chosen : null;
  for (const folder of (environment["PATH"] ?? "").split(path.delimiter)) {
    for (const name of NAMES) {
      const file = path.join(folder, name);
      if (folder !== "" && existsSync(file)) return file;
    }
  }
  const mac = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome";
  return existsSync(mac) ? mac : null;
}

/**
 * Finds Chromium for the end-to-end tests; as root on Debian it installs it.
 * @returns its path, or why there is none
 */
export async function ensureChromium(say: (text: string) => void): Promise<{ readonly path: string } | { readonly path: null; readonly reason: string }> {
  const found = findChromium();
  if (found !== null) return { path: found };
  if (process.platform !== "linux" || process.getuid?.() !== 0) return { path: null, reason: "Chromium is not installed; install it, or name it in GHN_STUDIO_CHROMIUM." };
  say("Installing Chromium with apt-get for the end-to-end tests.");
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const update = await runCommand("apt-get", ["update", "-q"], { env, timeoutMs: 300_000 });
  const install = await runCommand("apt-get", ["install", "-y", "-q", "--no-install-recommends", "chromium"], { env, timeoutMs: 600_000 });
  const installed = findChromium();
  if (installed !== null) return { path: installed };
  return { path: null, reason: `Chromium cannot be installed: ${lastLine(install.code === 0 ? update.output : install.output)}` };
}
