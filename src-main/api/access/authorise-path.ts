/** Which paths a window may use. The gate applies this to every path of every call. */
import { isAbsolute, resolve } from "node:path";
import { runConfigSchema } from "../../../src-shared/domain/config/run-config.ts";
import { userPathsIn } from "../../../src-shared/domain/user-paths.ts";
import { UserError } from "../../lib/errors.ts";
import type { AllowedFolders } from "./allowed-folders.ts";

/** Who names a path: what the host may do, and the folders that are allowed. */
interface PathOwner {
  readonly host: { readonly anyPath: boolean };
  readonly studio: { readonly folders: AllowedFolders };
}

/**
 * Checks and resolves a path: it must be absolute, and inside the allowed folders where the host has no native dialogs.
 * @throws UserError `path-relative`, `path-outside`
 */
export async function authorisePath(path: string, { host, studio }: PathOwner): Promise<string> {
  if (!host.anyPath) return studio.folders.resolve(path);
  if (!isAbsolute(path) || path.includes("\0"))
    throw new UserError(`The path ${path.slice(0, 200)} is not absolute.`, {
      code: "path-relative",
      remedy: "Enter the full path, starting at the root of the disk.",
    });
  return resolve(path);
}

/**
 * Checks the paths in a config that did not pass the gate as a config, such as that of a stored run, which may come from someone else.
 * @param config anything; a value that is not a run config has no paths
 * @throws UserError `path-relative`, `path-outside`
 */
export async function authoriseConfig(config: unknown, context: PathOwner): Promise<void> {
  const parsed = runConfigSchema.safeParse(config);
  if (!parsed.success) return;
  for (const { path } of userPathsIn(runConfigSchema, parsed.data)) await authorisePath(path, context);
}
