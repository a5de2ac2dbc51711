/** Config checks shared by all search spaces. */

import type { DatasetConfig } from "../dataset.ts";
import { DATASETS } from "../dataset-facts.ts";
import { figure } from "./config-fields.ts";

/** A problem of a config: the dotted path of the field, and a message that says how to fix it. */
export interface ConfigProblem {
  readonly path: string;
  readonly message: string;
}

/** Facts about the images found, if known: a sample of CIFAR-10 is smaller than CIFAR-10. */
export interface KnownData {
  readonly trainImages?: number;
}

export type ReportProblem = (path: string, message: string) => void;

/** Side of the images of a run, in pixels. */
export function sideOf(dataset: DatasetConfig): number {
  return DATASETS[dataset.id].shape?.[0] ?? dataset.imageSize ?? (dataset.streamed === true ? 224 : 32);
}

export function checkHeldOut(count: number, path: string, dataset: DatasetConfig, report: ReportProblem): void {
  if (count > dataset.validationImages)
    report(
      path,
      `${path} is ${figure(count)}, but dataset.validationImages holds out only ${figure(dataset.validationImages)} images. Use at most that many, or hold out more.`,
    );
}

export function checkBatch(batchSize: number, path: string, images: number | undefined, report: ReportProblem): void {
  if (images !== undefined && batchSize > images)
    report(path, `${path} is ${figure(batchSize)}, but only ${figure(images)} images are left for training. Set it to at most ${figure(images)}.`);
}

export function checkOrder(low: number | undefined, high: number | undefined, lowPath: string, highPath: string, report: ReportProblem): void {
  if (low !== undefined && high !== undefined && low > high)
    report(lowPath, `${lowPath} (${figure(low)}) is greater than ${highPath} (${figure(high)}), so nothing matches. Swap them or widen the range.`);
}

export function checkAugmentationFits(
  augmentation: { readonly cutout: number; readonly cropPadding: number },
  path: string,
  dataset: DatasetConfig,
  report: ReportProblem,
): void {
  const side = sideOf(dataset);
  if (augmentation.cutout >= side)
    report(
      `${path}.augmentation.cutout`,
      `${path}.augmentation.cutout is ${figure(augmentation.cutout)}, which masks the whole image of ${figure(side)} × ${figure(side)} pixels. Set it to at most ${figure(Math.floor(side / 2))}.`,
    );
  if (augmentation.cropPadding >= side)
    report(
      `${path}.augmentation.cropPadding`,
      `${path}.augmentation.cropPadding is ${figure(augmentation.cropPadding)}, which can shift the whole image of ${figure(side)} × ${figure(side)} pixels out of view. Set it to at most ${figure(Math.floor(side / 4))}.`,
    );
}
