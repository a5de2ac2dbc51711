import { accessSync, constants } from "node:fs";
import path from "node:path";
import { lastLine, runCommand } from "../lib/commands.ts";

/** Variable under which the tests in a browser find it; empty when there is none. */
export const CHROMIUM_VARIABLE = "GHN_STUDIO_CHROMIUM";

const ON_LINUX = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/** A Chromium or Chrome of this machine: `$GHN_STUDIO_CHROMIUM`, else where systems keep theirs; null when there is none. */
export function findChromium(environment: NodeJS.ProcessEnv = process.env, platform: NodeJS.Platform = process.platform): string | null {
  const chosen = environment[CHROMIUM_VARIABLE];
  if (chosen !== undefined && chosen !== "") return isProgram(chosen) ? chosen : null;
  return places(environment, platform).find(isProgram) ?? null;
}

function places(environment: NodeJS.ProcessEnv, platform: NodeJS.Platform): readonly string[] {
  if (platform === "darwin") return ["Google Chrome", "Chromium"].map((name) => `/Applications/${name}.app/Contents/MacOS/${name}`);
  if (platform === "win32")
    return ["PROGRAMFILES", "PROGRAMFILES(X86)", "LOCALAPPDATA"].flatMap((name) => {
      const base = environment[name];
      return base === undefined ? [] : [path.win32.join(base, "Google", "Chrome", "Application", "chrome.exe")];
    });
  const folders = [...(environment["PATH"] ?? "").split(":"), "/usr/bin", "/usr/local/bin", "/snap/bin"];
  return ON_LINUX.flatMap((name) => folders.filter((folder) => path.isAbsolute(folder)).map((folder) => path.join(folder, name)));
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * Finds Chromium, or installs Debian's where this process may: as root with apt.
 * @returns its path, or why there is none
 */
export async function ensureChromium(say: (text: string) => void): Promise<{ readonly path: string } | { readonly reason: string }> {
  const found = findChromium();
  if (found !== null) return { path: found };
  if (process.env[CHROMIUM_VARIABLE]) return { reason: `${CHROMIUM_VARIABLE} names ${process.env[CHROMIUM_VARIABLE]}, which is no program.` };
  const apt = await runCommand("apt-get", ["--version"], { timeoutMs: 20_000 });
  if (apt.code !== 0 || process.getuid?.() !== 0)
    return { reason: "there is no Chromium here; install it (Debian: apt-get install chromium) or name one in GHN_STUDIO_CHROMIUM." };
  say("Installing Chromium with apt for the tests in a browser.");
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const update = await runCommand("apt-get", ["update", "-qq"], { env, timeoutMs: 300_000 });
  const install = await runCommand("apt-get", ["install", "-y", "-qq", "--no-install-recommends", "chromium", "fonts-dejavu-core"], {
    env,
    timeoutMs: 600_000,
  });
  const installed = findChromium();
  if (installed !== null) return { path: installed };
  return { reason: `Chromium cannot be installed with apt: ${lastLine(install.output) || lastLine(update.output)}` };
}
