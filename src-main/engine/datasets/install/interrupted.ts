/** Folders that a killed import or download left next to its target. */
import { readdirSync, renameSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { isAlive, ownIdentity } from "../../../lib/process-identity.ts";

/** What a temporary folder is for: new data that is being written, or old data that is being replaced. */
type Purpose = "incoming" | "retired";

const TEMPORARY = /^\.(incoming|retired)-(?:\((\d+),([^,]*),([^)]*)\))?/;
/** A folder whose process cannot be checked (another machine, an earlier version) is left alone for this long, in ms. */
const FOREIGN_MS = 86_400_000;

/** Name of a temporary folder that names the process that uses it. @param unique distinguishes folders of one process */
export function temporaryName(purpose: Purpose, unique: string): string {
  const { pid, host, startTime } = ownIdentity();
  return `.${purpose}-(${pid},${startTime ?? ""},${host.replaceAll(/[^A-Za-z0-9.-]/g, "")})${unique}`;
}

/**
 * Removes what no living process is writing. Old data whose replacement was killed between two renames is put back.
 * What cannot be read or removed stays, so that it does not prevent an import or a download.
 * @param folder need not exist
 * @returns why something stays, one reason per entry
 */
export function removeInterrupted(folder: string): readonly string[] {
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch {
    return [];
  }
  return names.flatMap((entry) => {
    try {
      removeIfInterrupted(folder, entry);
      return [];
    } catch (error) {
      return [String(error)];
    }
  });
}

/** @throws system errors */
function removeIfInterrupted(folder: string, entry: string): void {
  const [, purpose, pid, startTime, host] = TEMPORARY.exec(entry) ?? [];
  const path = join(folder, entry);
  if (purpose === undefined || mayBeInUse(path, pid, startTime, host)) return;
  if (purpose === "retired" && pid !== undefined && statSync(path).isDirectory())
    for (const name of readdirSync(path)) if (!exists(join(folder, name))) renameSync(join(path, name), join(folder, name));
  rmSync(path, { recursive: true, force: true });
}

function mayBeInUse(path: string, pid: string | undefined, startTime: string | undefined, host: string | undefined): boolean {
  const own = ownIdentity();
  if (pid !== undefined && host === own.host.replaceAll(/[^A-Za-z0-9.-]/g, ""))
    return isAlive({ pid: Number(pid), host: own.host, startTime: startTime === "" || startTime === undefined ? null : startTime });
  const info = statSync(path, { throwIfNoEntry: false });
  return info !== undefined && Date.now() - info.mtimeMs < FOREIGN_MS;
}

function exists(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined;
}
