import { lstatSync, readlinkSync, realpathSync } from "node:fs";
import path from "node:path";
import { verifyFiles } from "../../../lib/verified-files.ts";
import { OWN_KERNELS_FILE } from "./own-kernels-file.ts";

/**
 * Why the TensorFlow library of an installation must not be loaded, as a sentence with advice; null if it may. Loading a library that was cut off would end the process.
 * @param folder of the binding's package, whose `deps` and `lib` are links into the user's cache
 */
export function libraryProblem(folder: string, options: { readonly full?: boolean } = {}): string | null {
  const place = path.join(folder, "lib");
  const link = lstatSync(place, { throwIfNoEntry: false });
  if (link === undefined) return "The TensorFlow library is not set up in this installation; run `npm run setup`.";
  let entry: string;
  try {
    entry = path.dirname(realpathSync(place));
  } catch (error) {
    const target = link.isSymbolicLink() ? readlinkSync(place) : place;
    const code = error instanceof Error && "code" in error ? String(error.code) : "";
    return code === "EACCES"
      ? `The TensorFlow library in ${target} cannot be read by this user (permission denied); ask its owner to make it readable, or use your own clone and run \`npm run setup\` there.`
      : `The TensorFlow library in ${target} is missing; run \`npm run setup\`.`;
  }
  const verdict = verifyFiles(entry, options);
  if (verdict.state !== "damaged") return null;
  return `The TensorFlow library is damaged: ${verdict.file} ${verdict.reason}; run \`npm run setup\`, which installs it again.`;
}

/** Name of the record of the compiled kernels, in the folder of their entry. */
export const OWN_KERNELS_RECORD = `${path.parse(OWN_KERNELS_FILE).name}.json`;

/** Whether the compiled kernels of an entry are known to be damaged. */
export function ownKernelsDamaged(entry: string): boolean {
  return verifyFiles(entry, { name: OWN_KERNELS_RECORD }).state === "damaged";
}
