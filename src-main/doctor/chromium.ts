import { accessSync, constants } from "node:fs";
import path from "node:path";

/** Environment variable with the path of the browser for the browser tests; empty when there is none. */
export const CHROMIUM_VARIABLE = "GHN_STUDIO_CHROMIUM";

const LINUX_NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/** Chromium or Chrome on this machine: `$GHN_STUDIO_CHROMIUM` if set, otherwise the system's usual locations; null if there is none. */
export function findChromium(environment: NodeJS.ProcessEnv = process.env, platform: NodeJS.Platform = process.platform): string | null {
  const chosen = environment[CHROMIUM_VARIABLE];
  if (chosen !== undefined && chosen !== "") return isProgram(chosen) ? chosen : null;
  return candidates(environment, platform).find(isProgram) ?? null;
}

function candidates(environment: NodeJS.ProcessEnv, platform: NodeJS.Platform): readonly string[] {
  if (platform === "darwin") return ["Google Chrome", "Chromium"].map((name) => `/Applications/${name}.app/Contents/MacOS/${name}`);
  if (platform === "win32")
    return ["PROGRAMFILES", "PROGRAMFILES(X86)", "LOCALAPPDATA"].flatMap((name) => {
      const base = environment[name];
      return base === undefined ? [] : [path.win32.join(base, "Google", "Chrome", "Application", "chrome.exe")];
    });
  const folders = [...(environment["PATH"] ?? "").split(":"), "/usr/bin", "/usr/local/bin", "/snap/bin"];
  return LINUX_NAMES.flatMap((name) => folders.filter((folder) => path.isAbsolute(folder)).map((folder) => path.join(folder, name)));
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
