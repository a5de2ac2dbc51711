import type { AnytimeSearchRun, SearchRun } from "../../../src-shared/domain/config/run-config.ts";
import { UserError } from "../../lib/errors.ts";
import { systemErrorCode } from "../../lib/files.ts";
import { fileDamage } from "../../lib/recorded-file.ts";
import type { Project } from "../../store/project/project.ts";
import { ghnArtifact } from "../sources/ghn-source.ts";

/**
 * File of the GHN of a search, as the run that trained it wrote it.
 * @throws UserError `ghn-missing`, `ghn-unreadable`, or `ghn-damaged` if size or SHA-256 differ from what was recorded
 */
export async function intactGhnFile(project: Project, { kind, ghnRunId }: SearchRun | AnytimeSearchRun): Promise<string> {
  const artifact = project.store.damage.refusing(() => ghnArtifact(project.store, ghnRunId, kind === "search" ? "ghn-training" : "anytime-ghn"));
  const file = project.resolvePath(artifact.path);
  const remedy = "Restore the file from a copy, or train the GHN again.";
  let damage: string | null;
  try {
    damage = await fileDamage(file, artifact);
  } catch (cause) {
    const code = systemErrorCode(cause);
    if (code === "ENOENT" || code === "ENOTDIR") damage = "is missing";
    else
      throw new UserError(`The GHN file ${artifact.path} cannot be read (${code ?? String(cause)}).`, {
        code: "ghn-unreadable",
        remedy: "Check its permissions and the connection to its disk, then resume the run.",
        file,
        cause,
      });
  }
  if (damage === null) return file;
  throw new UserError(`The GHN file ${artifact.path} of run ${artifact.runId} ${damage}.`, { code: "ghn-damaged", remedy, file });
}
