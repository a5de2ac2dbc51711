import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import type { Project } from "../../store/project/project.ts";
import type { CheckpointArtifact } from "../../store/records/artifacts.ts";

/** Checkpoints kept of a run: the last, and the one before in case the last is damaged. */
const KEPT = 2;

/**
 * The newest checkpoint of a run whose file is whole (size and SHA-256 as recorded); null when there is none.
 * Damaged ones are forgotten and their files removed; `onDamaged` hears of each.
 */
export async function newestGoodCheckpoint(
  project: Project,
  runId: string,
  onDamaged: (checkpoint: CheckpointArtifact) => void,
): Promise<CheckpointArtifact | null> {
  for (const checkpoint of project.store.artifacts.checkpoints(runId)) {
    const path = project.resolvePath(checkpoint.path);
    if (await isWhole(path, checkpoint)) return checkpoint;
    onDamaged(checkpoint);
    project.store.artifacts.delete(checkpoint.id);
    await rm(path, { force: true });
  }
  return null;
}

/** Removes all but the newest checkpoints of a run, the records first and then the files. Answers the files. */
export function forgetOldCheckpoints(project: Project, runId: string, kept = KEPT): string[] {
  const old = project.store.artifacts.checkpoints(runId).slice(kept);
  for (const checkpoint of old) project.store.artifacts.delete(checkpoint.id);
  return old.map((checkpoint) => project.resolvePath(checkpoint.path));
}

/** A completed run is not resumed: its checkpoints would only take room. */
export function forgetAllCheckpoints(project: Project, runId: string): void {
  for (const path of forgetOldCheckpoints(project, runId, 0)) void rm(path, { force: true }).catch(() => undefined);
}

/** Removes what a process that was killed left half done: temporary files and checkpoints it never told of. */
export async function sweepLeftovers(project: Project, runId: string): Promise<void> {
  const folder = project.artifactFolder(runId);
  const recorded = new Set(project.store.artifacts.list(runId).map((artifact) => artifact.name));
  for (const name of await readdir(folder)) {
    const temporary = name.startsWith(".") && name.endsWith(".tmp");
    const untold = name.startsWith("checkpoint-") && !recorded.has(name);
    if (temporary || untold) await rm(join(folder, name), { force: true });
  }
}

async function isWhole(path: string, expected: { readonly bytes: number; readonly sha256: string }): Promise<boolean> {
  try {
    if ((await stat(path)).size !== expected.bytes) return false;
    const hash = createHash("sha256");
    await pipeline(createReadStream(path), hash);
    return hash.digest("hex") === expected.sha256;
  } catch {
    return false;
  }
}
