import { UserError } from "../../../lib/errors.ts";
import { sourceKind } from "./kind.ts";
import { readFolder } from "./read-folder.ts";
import { readTar } from "./read-tar.ts";
import { readZip } from "./read-zip.ts";
import type { SourceVisitor } from "./visitor.ts";

/**
 * Reads the wanted files of a folder (sorted by name) or archive (in its own order). Nothing is written. Links are never followed:
 * in a folder they are skipped, in an archive they are refused.
 *
 * @throws UserError `archive-unsafe` (an entry leads outside, is a link or exceeds a limit), `archive-damaged`, `file-unreadable`,
 * `not-a-source`; the reason of the signal when it is aborted
 */
export async function readSource(path: string, visitor: SourceVisitor): Promise<void> {
  const kind = await sourceKind(path);
  switch (kind) {
    case "folder":
      return readFolder(path, visitor);
    case "zip":
      return readZip(path, visitor);
    case "tar":
    case "tar.gz":
      return readTar(path, kind, visitor);
    default:
      throw new UserError(kind === null ? `There is nothing at ${path}.` : `The file ${path} is not a folder or an archive.`, {
        code: "not-a-source",
        file: path,
        remedy: "Use the path of a folder, or of a .tar.gz, .tgz, .tar or .zip archive.",
      });
  }
}

/** Reads all wanted files at once, by name, for sources known to be small; errors as in {@link readSource}. */
export async function readSourceFiles(path: string, visitor: Omit<SourceVisitor, "onEntry">): Promise<Map<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>();
  await readSource(path, { ...visitor, onEntry: ({ name, bytes }) => void files.set(name, bytes) });
  return files;
}
