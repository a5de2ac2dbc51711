import { randomUUID } from "node:crypto";
import { mkdir, open, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { UserError } from "../../../lib/errors.ts";
import { systemErrorCode } from "../../../lib/files.ts";
import { makeFolder } from "../../../lib/make-folder.ts";
import { sourceKind } from "../archives/kind.ts";
import { removeInterrupted, temporaryName } from "./interrupted.ts";

/**
 * Fills a temporary folder next to the target, then renames it to the target. On any error the temporary folder is removed
 * and an existing target is kept.
 *
 * @throws UserError `dataset-exists` if the target exists and is not to be replaced; whatever `fill` throws passes through
 */
export async function install(target: string, name: string, replace: boolean, fill: (staging: string) => Promise<void>): Promise<void> {
  if (!replace && (await sourceKind(target)) !== null) {
    throw new UserError(`${name} is already in the data folder.`, {
      code: "dataset-exists",
      file: target,
      remedy: "Choose to replace it, or import it under another name.",
    });
  }
  const parent = dirname(target);
  removeInterrupted(parent);
  const staging = join(parent, temporaryName("incoming", randomUUID()));
  // The old data keeps its name in a folder of its own, so that it can be put back after a crash.
  const retired = join(parent, temporaryName("retired", randomUUID()));
  const old = join(retired, basename(target));
  makeFolder(staging);
  try {
    await fill(staging);
    await mkdir(retired);
    const had = await rename(target, old).then(
      () => true,
      (error: unknown) => {
        if (systemErrorCode(error) === "ENOENT") return false;
        throw error;
      },
    );
    try {
      await rename(staging, target);
    } catch (error) {
      if (had) await rename(old, target);
      throw error;
    }
  } catch (error) {
    for (const folder of [staging, retired]) await rm(folder, { recursive: true, force: true });
    throw error;
  }
  await rm(retired, { recursive: true, force: true });
}

/** Writes a new file and flushes it to disk. Missing folders are created; an existing file is an error. */
export async function writeNewFile(path: string, bytes: Uint8Array): Promise<void> {
  makeFolder(dirname(path));
  const handle = await open(path, "wx");
  try {
    await handle.writeFile(bytes);
    await handle.sync();
  } finally {
    await handle.close();
  }
}
