import { createHash } from "node:crypto";
import type { CellTrainingRun } from "../../../src-shared/domain/config/run-config.ts";

/** What the result of one training from scratch depends on, the machine apart. */
export interface TrainingProtocol {
  readonly network: CellTrainingRun["network"];
  readonly dataset: CellTrainingRun["dataset"];
  readonly training: CellTrainingRun["training"];
  readonly datasetFingerprint: string;
  /** Canonical form of the cell. */
  readonly canonical: string;
  /** Of this training, its repetition included. */
  readonly seed: number;
}

/**
 * SHA-256 of a training's protocol, in hex: trainings with the same key have the same result on the same backend, so that a study needs each only once. Where the images lie and how
 * often the config repeats the training take no part.
 */
export function protocolKey({ network, dataset, training, datasetFingerprint, canonical, seed }: TrainingProtocol): string {
  // The fingerprint covers which image has which class.
  const { path: _path, layout: _layout, ...images } = dataset;
  const { repetitions: _repetitions, ...settings } = training;
  return createHash("sha256")
    .update(JSON.stringify(sorted({ network, images, settings, datasetFingerprint, canonical, seed })))
    .digest("hex");
}

/** The same value with the keys of all objects in order: equal configs are equal texts. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, sorted(inner)]),
  );
}
