import { createHash } from "node:crypto";
import { z } from "zod";
import { inOldForm } from "../../../src-shared/domain/config/migrate-config.ts";
import type { RunConfig } from "../../../src-shared/domain/config/run-config.ts";
import { type ResumePoint, resumePointSchema } from "../../../src-shared/worker-protocol.ts";
import { UserError } from "../../lib/errors.ts";
import type { NamedArray } from "../backend/ops/types.ts";
import { notFinite } from "../formats/finite.ts";
import { readSafetensors, writeSafetensors } from "../formats/safetensors.ts";

/** Arrays by name with their shapes. */
export type NamedArrays = ReadonlyMap<string, NamedArray>;

const CHECKPOINT_VERSION = 1;

export interface Checkpoint {
  readonly step: number;
  readonly tensors: NamedArrays;
  /** State of random generators, samplers and counters, as saved by the job. */
  readonly state: unknown;
  readonly keep: ResumePoint;
}

/**
 * Identifies everything that a checkpoint depends on: the images and the config, without the settings that may change between attempts
 * (backend and threads, checkpoint interval).
 */
export function checkpointKey(config: RunConfig, datasetFingerprint: string): string {
  const { compute: _compute, checkpointEvery: _every, ...rest } = inOldForm(config) as RunConfig;
  return createHash("sha256").update(JSON.stringify(rest)).update(datasetFingerprint).digest("hex");
}

/**
 * Writes a checkpoint atomically (safetensors with the state as metadata). Returns its size and SHA-256.
 * @throws UserError `training-diverged` if a value is not finite: such a checkpoint would replace a good one and could not be continued
 */
export async function writeCheckpoint(path: string, key: string, checkpoint: Checkpoint): Promise<{ bytes: number; sha256: string }> {
  const broken = notFinite(checkpoint.tensors);
  if (broken !== null) throw diverged(`After step ${checkpoint.step}, ${broken} is not finite.`);
  return writeSafetensors(path, checkpoint.tensors, {
    format: "ghn-studio-checkpoint",
    version: String(CHECKPOINT_VERSION),
    key,
    step: String(checkpoint.step),
    state: JSON.stringify(checkpoint.state),
    keep: JSON.stringify(checkpoint.keep),
  });
}

/**
 * Reads a checkpoint of the same config and data.
 * @throws UserError if the file is not a checkpoint, is damaged, or belongs to another config or dataset
 */
export async function readCheckpoint(path: string, key: string): Promise<Checkpoint> {
  const { tensors, metadata } = await readSafetensors(path);
  if (metadata.format !== "ghn-studio-checkpoint" || metadata.version !== String(CHECKPOINT_VERSION))
    throw new UserError(`The file ${path} is not a checkpoint that this version of GHN Studio can read.`, {
      code: "checkpoint-foreign",
      remedy: "Start the run again, or resume it with the version that wrote it.",
      file: path,
    });
  if (metadata.key !== key)
    throw new UserError(`The checkpoint ${path} was written with another configuration or other images.`, {
      code: "checkpoint-mismatch",
      remedy: "Resume the run that wrote it, or start a new run.",
      file: path,
    });
  return {
    ...parsePosition(metadata, path),
    tensors,
  };
}

const positionSchema = z.object({ step: z.int().min(0), keep: resumePointSchema });

function parsePosition(metadata: Readonly<Record<string, string>>, path: string): Omit<Checkpoint, "tensors"> {
  try {
    const { state = "", keep = "", step } = metadata;
    return { ...positionSchema.parse({ step: Number(step), keep: JSON.parse(keep) }), state: JSON.parse(state) };
  } catch (cause) {
    throw new UserError(`The checkpoint ${path} is damaged: its state cannot be read.`, {
      code: "checkpoint-damaged",
      remedy: "Resume from an earlier checkpoint, or start the run again.",
      file: path,
      cause,
    });
  }
}

/** The error of a training that cannot continue. @param reason a sentence */
export function diverged(reason: string, what = "The training"): UserError {
  return new UserError(`${what} diverged. ${reason}`, {
    code: "training-diverged",
    remedy: "Start a new run with a lower learning rate or a smaller gradient clip.",
    field: "training.learningRate",
  });
}

/** Adds a prefix to the name of every array. */
export function withPrefix(prefix: string, arrays: Readonly<Record<string, NamedArray>>): [string, NamedArray][] {
  return Object.entries(arrays).map(([name, array]) => [prefix + name, array]);
}

/** The arrays with one prefix, which is removed from their names. */
export function prefixed(prefix: string, arrays: NamedArrays): Record<string, NamedArray> {
  return Object.fromEntries([...arrays].filter(([name]) => name.startsWith(prefix)).map(([name, array]) => [name.slice(prefix.length), array]));
}
