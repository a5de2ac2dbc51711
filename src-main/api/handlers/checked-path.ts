/** Every path that a window names goes through here before anything is read or written. */
import { isAbsolute, resolve } from "node:path";
import { UserError } from "../../lib/errors.ts";
import type { CallContext } from "../services/call-context.ts";

/**
 * The path as it may be used: absolute; inside the allowed folders where the host has no native dialogs.
 * @throws UserError `path-relative`, `path-outside`
 */
export async function checkedPath({ host, studio }: CallContext, path: string): Promise<string> {
  if (!host.anyPath) return studio.folders.resolve(path);
  if (!isAbsolute(path) || path.includes("\0"))
    throw new UserError(`The path ${path.slice(0, 200)} is not absolute.`, {
      code: "path-relative",
      remedy: "Give the whole path, from the root of the disk on.",
    });
  return resolve(path);
}

/** Checks the path in a dataset's config, where there is one. */
export async function checkDatasetPath(context: CallContext, dataset: { readonly path?: string | undefined }): Promise<void> {
  if (dataset.path !== undefined && dataset.path !== "") await checkedPath(context, dataset.path);
}
