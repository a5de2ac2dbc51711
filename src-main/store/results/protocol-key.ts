import { createHash } from "node:crypto";
import type { CellTrainingRun } from "../../../src-shared/domain/config/run-config.ts";

/** Everything that the result of one training from scratch depends on, except the machine. */
export interface TrainingProtocol {
  readonly network: CellTrainingRun["network"];
  readonly dataset: CellTrainingRun["dataset"];
  readonly training: CellTrainingRun["training"];
  readonly datasetFingerprint: string;
  /** Canonical form of the cell. */
  readonly canonical: string;
  /** Seed of this training, including its repetition. */
  readonly seed: number;
}

/**
 * SHA-256 of a training's protocol, in hex: trainings with the same key have the same result on the same backend, so a study needs each only once. The location of the images and
 * the number of repetitions are not included.
 */
export function protocolKey({ network, dataset, training, datasetFingerprint, canonical, seed }: TrainingProtocol): string {
  // The fingerprint covers which image has which class.
  const { path: _path, layout: _layout, ...images } = dataset;
  const { repetitions: _repetitions, shortBatch, ...rest } = training;
  // Trainings of configs without this setting keep the short batch, and have keys without it.
  const settings = shortBatch === "drop" ? { shortBatch, ...rest } : rest;
  return createHash("sha256")
    .update(JSON.stringify(sorted({ network, images, settings, datasetFingerprint, canonical, seed })))
    .digest("hex");
}

/** The same value with the keys of all objects sorted, so that equal configs have equal texts. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, sorted(inner)]),
  );
}
