/** Moves finished files to free names and never overwrites files. */
import { constants } from "node:fs";
import { copyFile, link, lstat, rm } from "node:fs/promises";
import { join } from "node:path";
import { systemErrorCode } from "../lib/files.ts";

/** Highest number that is appended to a name. */
const MAX_NUMBER = 10_000;

/** The base name itself, or with the first number for which none of the files exists. */
export async function freeBaseName(folder: string, baseName: string, suffixes: readonly string[], first = 1): Promise<{ baseName: string; number: number }> {
  for (let number = first; number <= MAX_NUMBER; number++) {
    const candidate = number === 1 ? baseName : `${baseName}-${number}`;
    const taken = await Promise.all(suffixes.map((suffix) => exists(join(folder, `${candidate}${suffix}`))));
    if (!taken.includes(true)) return { baseName: candidate, number };
  }
  throw new Error(`No free name for ${baseName} in ${folder}.`);
}

/** Moves finished files to their names, all or none. False if one of the names has been taken in the meantime. */
export async function placeAll(moves: readonly { readonly from: string; readonly to: string }[]): Promise<boolean> {
  const placed: string[] = [];
  try {
    for (const { from, to } of moves) {
      if (!(await placeNew(from, to))) {
        await Promise.all(placed.map((path) => rm(path, { force: true })));
        return false;
      }
      placed.push(to);
    }
    return true;
  } catch (error) {
    await Promise.all(placed.map((path) => rm(path, { force: true })));
    throw error;
  }
}

/** Unlike a rename, a hard link fails if the name is taken. File systems without links use an exclusive copy. */
async function placeNew(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === "EEXIST") return false;
    if (code !== "EPERM" && code !== "ENOTSUP" && code !== "ENOSYS" && code !== "EOPNOTSUPP" && code !== "EXDEV") throw error;
  }
  try {
    await copyFile(from, to, constants.COPYFILE_EXCL);
    return true;
  } catch (error) {
    if (systemErrorCode(error) === "EEXIST") return false;
    throw error;
  }
}

async function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}
