import { CHROMIUM_VARIABLE, findChromium } from "../../src-main/doctor/chromium.ts";
import { lastLine, runCommand } from "../../src-main/lib/commands.ts";

/**
 * Finds Chromium, or installs it with apt where this process runs as root.
 * @returns its path, or why there is none
 */
export async function ensureChromium(say: (text: string) => void): Promise<{ readonly path: string } | { readonly reason: string }> {
  const found = findChromium();
  if (found !== null) return { path: found };
  const chosen = process.env[CHROMIUM_VARIABLE];
  if (chosen) return { reason: `${CHROMIUM_VARIABLE} is set to ${chosen}, which is not a program.` };
  const apt = await runCommand("apt-get", ["--version"], { timeoutMs: 20_000 });
  if (apt.code !== 0 || process.getuid?.() !== 0)
    return { reason: `Chromium was not found. Install it (Debian: apt-get install chromium) or set ${CHROMIUM_VARIABLE} to its path.` };
  say("Installing Chromium with apt for the browser tests.");
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const update = await runCommand("apt-get", ["update", "-qq"], { env, timeoutMs: 300_000 });
  const install = await runCommand("apt-get", ["install", "-y", "-qq", "--no-install-recommends", "chromium", "fonts-dejavu-core"], {
    env,
    timeoutMs: 600_000,
  });
  const installed = findChromium();
  if (installed !== null) return { path: installed };
  return { reason: `Chromium could not be installed with apt: ${lastLine(install.output) || lastLine(update.output)}` };
}
