/** Where exported weights come from. */
import { type FileHandle, open } from "node:fs/promises";
import type { Artifact } from "../../src-shared/domain/records/run.ts";
import { notFinite } from "../engine/formats/finite.ts";
import { readSafetensors } from "../engine/formats/safetensors.ts";
import { UserError } from "../lib/errors.ts";
import { writeFileAtomic } from "../lib/files.ts";
import { checkGhnFile, ghnFileError } from "../runs/sources/ghn-file.ts";
import { artifactFile } from "../store/project/project-paths.ts";
import type { ExportProject } from "./space-export.ts";
import type { Exportable } from "./subject.ts";
import { fileChecksum } from "./weights-package.ts";

/**
 * Copies a weights file and verifies that it is unchanged since the run wrote it.
 * @throws UserError `path-outside`, `weights-missing`, `weights-damaged`, `training-diverged`, `safetensors-damaged`, `disk-full`, `not-writable`
 */
export async function copyWeights(project: ExportProject, artifact: Artifact, to: string): Promise<{ path: string; bytes: number; sha256: string }> {
  const from = artifactFile(project.folder, artifact.path);
  const source = await open(from).catch((cause: unknown) => {
    throw new UserError(`The weights ${from} cannot be opened.`, {
      code: "weights-missing",
      file: from,
      remedy: "Check that the project folder is complete and readable; train the cell again if the file is gone.",
      cause,
    });
  });
  await copyOpened(source, to);
  const sum = await fileChecksum(to);
  if (sum.sha256 !== artifact.sha256)
    throw new UserError(`The weights ${from} have changed since the run wrote them: their checksum does not match.`, {
      code: "weights-damaged",
      file: from,
      remedy: "Restore the file from a copy, or train the cell again.",
    });
  const broken = notFinite((await readSafetensors(to)).tensors);
  if (broken !== null)
    throw new UserError(`The weights ${from} are not a result: ${broken} is not finite, so the training diverged.`, {
      code: "training-diverged",
      file: from,
      remedy: "Train the cell again with a lower learning rate or a smaller gradient clip.",
    });
  return { path: to, ...sum };
}

/**
 * Copies the file of a GHN and verifies that it is unchanged since the run wrote it.
 * @throws UserError `path-outside`, `ghn-damaged`, `ghn-unreadable`, `disk-full`, `not-writable`
 */
export async function copyGhn(project: ExportProject, artifact: Artifact, to: string): Promise<void> {
  const from = artifactFile(project.folder, artifact.path);
  const source = await open(from).catch((cause: unknown) => {
    throw ghnFileError(artifact, from, cause);
  });
  await copyOpened(source, to);
  await checkGhnFile(artifact, from, to);
}

async function copyOpened(source: FileHandle, to: string): Promise<void> {
  try {
    await writeFileAtomic(to, source.createReadStream({ highWaterMark: 2 ** 20, autoClose: false }));
  } finally {
    await source.close();
  }
}

/** The origin of an export, in words. */
export function sourceOf({ run, candidate, training }: Exportable): string {
  const rank = candidate?.rank === null || candidate === null ? "" : `, rank ${candidate.rank} of its search`;
  const trained = training === null ? "" : `, trained for ${training.epochs} epochs with seed ${training.seed}`;
  return `GHN Studio, run ${run.id} (${run.name}) on ${run.datasetId}${rank}${trained}`.slice(0, 2000);
}
