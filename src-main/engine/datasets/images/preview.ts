import sharp from "sharp";

import { Rng } from "../../random.ts";
import type { ImageSet, LoadedDataset } from "./types.ts";

/** One picture for the window. */
export interface PreviewImage {
  readonly classIndex: number;
  readonly className: string;
  /** Index into `dataset.train`. */
  readonly index: number;
  readonly width: number;
  readonly height: number;
  /** A whole PNG file, at the image's own size. */
  readonly png: Uint8Array;
}

/**
 * A few training images of every class, always the same ones for the same dataset. The test part is not looked at.
 *
 * @param perClass 1 .. 100; classes with fewer images give what they have
 */
export async function previewImages(dataset: LoadedDataset, perClass: number): Promise<PreviewImage[]> {
  if (!Number.isInteger(perClass) || perClass < 1 || perClass > 100) throw new RangeError(`perClass must be 1 .. 100, got ${String(perClass)}.`);
  const order = Rng.fromSeed(dataset.fingerprint, "preview").permutation(dataset.train.count);
  const chosen = dataset.classNames.map((): number[] => []);
  for (const index of order) {
    const members = chosen[dataset.train.labels[index] ?? 0];
    if (members !== undefined && members.length < perClass) members.push(index);
  }
  const { width, height } = dataset.train;
  const pictures = chosen.flatMap((members, classIndex) => members.map((index) => ({ classIndex, className: dataset.classNames[classIndex] ?? "", index })));
  return Promise.all(pictures.map(async (picture) => ({ ...picture, width, height, png: await imagePng(dataset.train, picture.index) })));
}

/** One image of a set as a PNG file, at its own size. */
export async function imagePng(set: ImageSet, index: number): Promise<Uint8Array> {
  const { width, height } = set;
  const channels = set.channels === 1 ? 1 : 3;
  const size = width * height * set.channels;
  return sharp(set.images.subarray(index * size, (index + 1) * size), { raw: { width, height, channels } })
    .png()
    .toBuffer();
}
