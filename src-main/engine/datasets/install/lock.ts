import { open, readFile, rm } from "node:fs/promises";

import { UserError } from "../../../lib/errors.ts";
import { systemErrorCode } from "../../../lib/files.ts";
import { isAlive } from "../../../lib/process-identity.ts";

/**
 * Ensures that only one process downloads a dataset. The lock of a dead process is taken over.
 *
 * @returns a function that releases the lock
 * @throws UserError `download-busy`
 */
export async function lock(path: string, name: string): Promise<() => Promise<void>> {
  for (let attempt = 0; attempt < 2; attempt++) {
    try {
      const handle = await open(path, "wx");
      await handle.writeFile(String(process.pid));
      await handle.close();
      return () => rm(path, { force: true });
    } catch (error) {
      if (systemErrorCode(error) !== "EEXIST") throw error;
      const owner = Number(await readFile(path, "utf8").catch(() => ""));
      if (Number.isInteger(owner) && owner > 0 && isAlive({ pid: owner, host: "", startTime: null })) {
        throw new UserError(`${name} is already being downloaded.`, {
          code: "download-busy",
          file: path,
          remedy: `Wait for that download, or stop process ${String(owner)}.`,
        });
      }
      await rm(path, { force: true });
    }
  }
  throw new UserError(`${name} is already being downloaded.`, { code: "download-busy", file: path, remedy: "Wait for that download." });
}
