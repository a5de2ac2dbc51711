import path from "node:path";
import { installedVersion } from "../doctor/doctor-compute.ts";
import { electronBinary } from "../doctor/doctor-machine.ts";
import { lastLine, runCommand } from "../lib/commands.ts";
import { installation } from "../lib/places.ts";

/** Electron's program, fetched if need be. @throws Error with the reason why it cannot be had */
export async function ensureElectron(say: (text: string) => void): Promise<string> {
  const here = electronBinary();
  if (here !== null) return here;
  const folder = path.join(installation, "node_modules", "electron");
  const version = installedVersion("electron");
  if (version === null) throw new Error("the package electron is not installed (npm ci without --omit=dev brings it)");
  say(`Fetching Electron ${version} (about 120 MB), once.`);
  const { code, output } = await runCommand(process.execPath, [path.join(folder, "install.js")], {
    cwd: folder,
    timeoutMs: 900_000,
  });
  const fetched = electronBinary();
  if (fetched === null)
    throw new Error(`Electron's program cannot be fetched: ${/^.*Error:? .*$/m.exec(output)?.[0].trim() || lastLine(output) || `exit code ${code}`}`);
  return fetched;
}
