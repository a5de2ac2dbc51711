import path from "node:path";
import { installedVersion } from "../doctor/doctor-compute.ts";
import { electronBinary } from "../doctor/doctor-machine.ts";
import { lastLine, runCommand } from "../lib/commands.ts";
import { installation } from "../lib/places.ts";

/** Path of Electron's program, downloaded if necessary. @throws Error if it cannot be downloaded */
export async function ensureElectron(say: (text: string) => void): Promise<string> {
  const installed = electronBinary();
  if (installed !== null) return installed;
  const folder = path.join(installation, "node_modules", "electron");
  const version = installedVersion("electron");
  if (version === null) throw new Error("the package electron is not installed (run npm ci without --omit=dev)");
  say(`Downloading Electron ${version} (about 120 MB). This happens once.`);
  const { code, output } = await runCommand(process.execPath, [path.join(folder, "install.js")], {
    cwd: folder,
    timeoutMs: 900_000,
  });
  const fetched = electronBinary();
  if (fetched === null)
    throw new Error(`Electron could not be downloaded: ${/^.*Error:? .*$/m.exec(output)?.[0].trim() || lastLine(output) || `exit code ${code}`}`);
  return fetched;
}
