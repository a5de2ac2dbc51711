/** Where exported weights come from. */
import { createReadStream } from "node:fs";
import type { Artifact } from "../../src-shared/domain/records/run.ts";
import { notFinite } from "../engine/formats/finite.ts";
import { readSafetensors } from "../engine/formats/safetensors.ts";
import { UserError } from "../lib/errors.ts";
import { writeFileAtomic } from "../lib/files.ts";
import { artifactPath } from "./choices.ts";
import type { ExportProject } from "./space-export.ts";
import type { Exportable } from "./subject.ts";
import { fileChecksum } from "./weights-package.ts";

/** Copies a weights file and verifies that it is unchanged since the run wrote it. */
export async function copyWeights(project: ExportProject, artifact: Artifact, to: string): Promise<{ path: string; bytes: number; sha256: string }> {
  const from = artifactPath(project, artifact);
  await writeFileAtomic(to, createReadStream(from, { highWaterMark: 2 ** 20 }));
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

/** The origin of an export, in words. */
export function sourceOf({ run, candidate, training }: Exportable): string {
  const rank = candidate?.rank === null || candidate === null ? "" : `, rank ${candidate.rank} of its search`;
  const trained = training === null ? "" : `, trained for ${training.epochs} epochs with seed ${training.seed}`;
  return `GHN Studio, run ${run.id} (${run.name}) on ${run.datasetId}${rank}${trained}`.slice(0, 2000);
}
