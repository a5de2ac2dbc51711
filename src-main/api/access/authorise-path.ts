/** Which paths a window may use. The gate applies this to every path of every call. */
import { runConfigSchema } from "../../../src-shared/domain/config/run-config.ts";
import { userPathsIn } from "../../../src-shared/domain/user-paths.ts";
import type { AllowedFolders } from "./allowed-folders.ts";

/** Knows the folders that are allowed. */
interface PathOwner {
  readonly studio: { readonly folders: AllowedFolders };
}

/**
 * Checks and resolves a path: it must be absolute, and inside the folders that windows may use.
 * @throws UserError `path-relative`, `path-outside`
 */
export function authorisePath(path: string, { studio }: PathOwner): Promise<string> {
  return studio.folders.resolve(path);
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
