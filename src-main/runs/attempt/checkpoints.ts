import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import type { Project } from "../../store/project/project.ts";
import type { CheckpointArtifact } from "../../store/records/artifacts.ts";

/** Number of checkpoints kept per run: the last, and the one before in case the last is damaged. */
const KEPT = 2;

/**
 * The newest checkpoint of a run whose file is intact (size and SHA-256 as recorded); null when there is none.
 * Damaged checkpoints are removed with their files; `onDamaged` is called for each.
 */
export async function newestGoodCheckpoint(
  project: Project,
  runId: string,
  onDamaged: (checkpoint: CheckpointArtifact) => void,
): Promise<CheckpointArtifact | null> {
  for (const checkpoint of project.store.artifacts.checkpoints(runId)) {
    const path = project.resolvePath(checkpoint.path);
    if (await isIntact(path, checkpoint)) return checkpoint;
    onDamaged(checkpoint);
    project.store.artifacts.delete(checkpoint.id);
    await rm(path, { force: true });
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

/** Removes what a killed process left behind: temporary files and checkpoints that it did not report. */
export async function sweepLeftovers(project: Project, runId: string): Promise<void> {
  const folder = project.artifactFolder(runId);
  const recorded = new Set(project.store.artifacts.list(runId).map((artifact) => artifact.name));
  for (const name of await readdir(folder)) {
    const temporary = name.startsWith(".") && name.endsWith(".tmp");
    const unreported = name.startsWith("checkpoint-") && !recorded.has(name);
    if (temporary || unreported) await rm(join(folder, name), { force: true });
  }
}

async function isIntact(path: string, expected: { readonly bytes: number; readonly sha256: string }): Promise<boolean> {
  try {
    if ((await stat(path)).size !== expected.bytes) return false;
    const hash = createHash("sha256");
    await pipeline(createReadStream(path), hash);
    return hash.digest("hex") === expected.sha256;
  } catch {
    return false;
  }
}
