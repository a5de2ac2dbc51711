import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { UserError } from "../../lib/errors.ts";
import { systemErrorCode } from "../../lib/files.ts";
import { fileDamage } from "../../lib/recorded-file.ts";
import type { Project } from "../../store/project/project.ts";
import type { CheckpointArtifact } from "../../store/records/artifacts.ts";

/** Number of checkpoints kept per run: the last, and the one before in case the last is damaged. */
const KEPT = 2;

/**
 * The newest checkpoint of a run whose file is intact (size and SHA-256 as recorded); null when there is none. Newer ones
 * that are damaged or missing are removed, but only once an older one has proven intact: the last checkpoint is never removed.
 * @param onDamaged called for each checkpoint that is damaged or missing
 * @throws UserError `checkpoint-unreadable` when a file exists but cannot be read now; nothing is removed then
 */
export async function newestGoodCheckpoint(
  project: Project,
  runId: string,
  onDamaged: (checkpoint: CheckpointArtifact) => void,
): Promise<CheckpointArtifact | null> {
  const damaged: CheckpointArtifact[] = [];
  for (const checkpoint of project.store.artifacts.checkpoints(runId)) {
    if (!(await isIntact(project.resolvePath(checkpoint.path), checkpoint))) {
      damaged.push(checkpoint);
      onDamaged(checkpoint);
      continue;
    }
    for (const { id, path } of damaged) {
      project.store.artifacts.delete(id);
      await rm(project.resolvePath(path), { force: true });
    }
    return checkpoint;
  }
  return null;
}

/** Removes the records of all but the newest checkpoints of a run. @returns their files, which the caller removes */
export function forgetOldCheckpoints(project: Project, runId: string, kept = KEPT): string[] {
  const old = project.store.artifacts.checkpoints(runId).slice(kept);
  for (const checkpoint of old) project.store.artifacts.delete(checkpoint.id);
  return old.map((checkpoint) => project.resolvePath(checkpoint.path));
}

/** Removes all checkpoints of a completed run, which is never resumed. */
export function forgetAllCheckpoints(project: Project, runId: string): void {
  for (const path of forgetOldCheckpoints(project, runId, 0)) void rm(path, { force: true }).catch(() => undefined);
}

/** Removes what a killed process left behind: temporary files and unreported checkpoints. */
export async function sweepLeftovers(project: Project, runId: string): Promise<void> {
  const folder = project.artifactFolder(runId);
  const recorded = new Set(project.store.artifacts.list(runId).map((artifact) => artifact.name));
  for (const name of await readdir(folder)) {
    const temporary = name.startsWith(".") && name.endsWith(".tmp");
    const unreported = name.startsWith("checkpoint-") && !recorded.has(name);
    if (temporary || unreported) await rm(join(folder, name), { force: true });
  }
}

/** @throws UserError `checkpoint-unreadable` if it cannot be determined whether the file is intact */
async function isIntact(path: string, expected: CheckpointArtifact): Promise<boolean> {
  try {
    return (await fileDamage(path, expected)) === null;
  } catch (cause) {
    const code = systemErrorCode(cause);
    if (code === "ENOENT" || code === "ENOTDIR") return false;
    throw new UserError(`The checkpoint of step ${expected.step} cannot be read (${code ?? String(cause)}).`, {
      code: "checkpoint-unreadable",
      remedy: "Check its permissions and the connection to its disk, then resume the run. The checkpoint was not changed.",
      file: path,
      cause,
    });
  }
}
