import type { AnytimeSearchRun, SearchRun } from "../../../src-shared/domain/config/run-config.ts";
import type { Project } from "../../store/project/project.ts";
import { checkGhnFile } from "../sources/ghn-file.ts";
import { ghnArtifact } from "../sources/ghn-source.ts";

/**
 * File of the GHN of a search, as the run that trained it wrote it.
 * @throws UserError `ghn-missing`, `ghn-unreadable`, or `ghn-damaged` if it is missing or its size or SHA-256 differ from what was recorded
 */
export async function intactGhnFile(project: Project, { kind, ghnRunId }: SearchRun | AnytimeSearchRun): Promise<string> {
  const artifact = project.store.damage.refusing(() => ghnArtifact(project.store, ghnRunId, kind === "search" ? "ghn-training" : "anytime-ghn"));
  const file = project.resolvePath(artifact.path);
  await checkGhnFile(artifact, file);
  return file;
}
