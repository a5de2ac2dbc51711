import type { Artifact } from "../../../src-shared/domain/records/run.ts";
import { UserError } from "../../lib/errors.ts";
import { systemErrorCode } from "../../lib/files.ts";
import { fileDamage } from "../../lib/recorded-file.ts";

/**
 * Checks that the file of a GHN is as the run that trained it wrote it.
 * @param file absolute path
 * @param copy a copy of the file, which is read instead; messages are about `file`
 * @throws UserError `ghn-unreadable`, or `ghn-damaged` if the file is missing or its size or SHA-256 differ from what was recorded
 */
export async function checkGhnFile(artifact: Artifact, file: string, copy = file): Promise<void> {
  const damage = await fileDamage(copy, artifact).catch((cause: unknown) => {
    throw ghnFileError(artifact, file, cause);
  });
  if (damage !== null) throw damaged(artifact, file, damage);
}

/** A system error on reading the file of a GHN, as a sentence. */
export function ghnFileError(artifact: Artifact, file: string, cause: unknown): UserError {
  const code = systemErrorCode(cause);
  if (code === "ENOENT" || code === "ENOTDIR") return damaged(artifact, file, "is missing");
  return new UserError(`The GHN file ${artifact.path} cannot be read (${code ?? String(cause)}).`, {
    code: "ghn-unreadable",
    remedy: "Check its permissions and the connection to its disk, then try again.",
    file,
    cause,
  });
}

function damaged({ path, runId }: Artifact, file: string, how: string): UserError {
  return new UserError(`The GHN file ${path} of run ${runId} ${how}.`, {
    code: "ghn-damaged",
    remedy: "Restore the file from a copy, or train the GHN again.",
    file,
  });
}
