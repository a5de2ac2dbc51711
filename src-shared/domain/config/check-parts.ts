/** What the checks of configs of all spaces have in common. */

import type { DatasetConfig, DatasetId } from "../dataset.ts";
import { figure } from "./config-fields.ts";

/** Something wrong with a config: the dotted path of the field, and a whole sentence that says how to mend it. */
export interface ConfigProblem {
  readonly path: string;
  readonly message: string;
}

/** What is known of a dataset before it is opened; a folder says nothing. */
export const DATASETS: Readonly<Record<Exclude<DatasetId, "folder">, { readonly name: string; readonly trainImages: number; readonly side: number }>> = {
  digits: { name: "the digits", trainImages: 1437, side: 8 },
  cifar10: { name: "CIFAR-10", trainImages: 50_000, side: 32 },
  cifar100: { name: "CIFAR-100", trainImages: 50_000, side: 32 },
  mnist: { name: "MNIST", trainImages: 60_000, side: 28 },
  "fashion-mnist": { name: "Fashion-MNIST", trainImages: 60_000, side: 28 },
  kmnist: { name: "KMNIST", trainImages: 60_000, side: 28 },
};

/** Facts about the images at hand, where they are known: a sample of CIFAR-10 is smaller than CIFAR-10. */
export interface KnownData {
  readonly trainImages?: number;
}

export type Report = (path: string, message: string) => void;

/** Side of the images of a run in pixels. */
export function sideOf(dataset: DatasetConfig): number {
  return dataset.id === "folder" ? (dataset.imageSize ?? (dataset.streamed === true ? 224 : 32)) : DATASETS[dataset.id].side;
}

export function checkHeldBack(count: number, path: string, dataset: DatasetConfig, report: Report): void {
  if (count > dataset.validationImages)
    report(
      path,
      `${path} asks for ${figure(count)} images, but dataset.validationImages holds back only ${figure(dataset.validationImages)}. Make the two agree.`,
    );
}

export function checkBatch(batchSize: number, path: string, images: number | undefined, report: Report): void {
  if (images !== undefined && batchSize > images)
    report(path, `${path} is ${figure(batchSize)}, but only ${figure(images)} images are left for training. Set it to ${figure(images)} at most.`);
}

export function checkOrder(low: number | undefined, high: number | undefined, lowPath: string, highPath: string, report: Report): void {
  if (low !== undefined && high !== undefined && low > high)
    report(lowPath, `${lowPath} (${figure(low)}) is above ${highPath} (${figure(high)}), so no cell fits. Exchange or widen them.`);
}

export function checkAugmentation(
  augmentation: { readonly cutout: number; readonly cropPadding: number },
  path: string,
  dataset: DatasetConfig,
  report: Report,
): void {
  const side = sideOf(dataset);
  if (augmentation.cutout >= side)
    report(
      `${path}.augmentation.cutout`,
      `${path}.augmentation.cutout blanks a square of ${figure(augmentation.cutout)} pixels, which covers the whole image of ${figure(side)} × ${figure(side)}. Set it to ${figure(Math.floor(side / 2))} or less.`,
    );
  if (augmentation.cropPadding >= side)
    report(
      `${path}.augmentation.cropPadding`,
      `${path}.augmentation.cropPadding is ${figure(augmentation.cropPadding)}, which can move the whole image of ${figure(side)} × ${figure(side)} pixels out of view. Set it to ${figure(Math.floor(side / 4))} or less.`,
    );
}
