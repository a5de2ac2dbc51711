import { join } from "node:path";
import sharp from "sharp";
import { Rng } from "../../random.ts";
import { decodeInto } from "../decoding/decode-into.ts";
import type { DatasetLocations, DatasetRef, ImageSet, LoadedDataset } from "../images/types.ts";
import type { ImageIndex } from "../streaming/image-index.ts";
import { openDataset, openIndex } from "./open.ts";

/** One image for display. */
export interface PreviewImage {
  readonly classIndex: number;
  readonly className: string;
  /** Index into `dataset.train`. */
  readonly index: number;
  readonly width: number;
  readonly height: number;
  /** A complete PNG file. */
  readonly png: Uint8Array;
}

/** A few training images of every class; errors as `openDataset`. */
export async function previewDataset(ref: DatasetRef, perClass: number, locations: DatasetLocations): Promise<PreviewImage[]> {
  return ref.streamed === true ? previewStreamed(await openIndex(ref, locations), perClass) : previewImages(await openDataset(ref, locations), perClass);
}

/**
 * A few training images of every class, the same ones each time. Test images are never used.
 *
 * @param perClass 1 .. 100; classes with fewer images give what they have
 */
export async function previewImages(dataset: LoadedDataset, perClass: number): Promise<PreviewImage[]> {
  if (!Number.isInteger(perClass) || perClass < 1 || perClass > 100) throw new RangeError(`perClass must be 1 .. 100, but is ${String(perClass)}.`);
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
async function imagePng(set: ImageSet, index: number): Promise<Uint8Array> {
  const { width, height } = set;
  const channels = set.channels === 1 ? 1 : 3;
  const size = width * height * set.channels;
  return sharp(set.images.subarray(index * size, (index + 1) * size), { raw: { width, height, channels } })
    .png()
    .toBuffer();
}

/** Images of a preview at most, for datasets with hundreds of classes. */
const MOST_PREVIEWED = 200;
/** Side of a preview in pixels. */
const PREVIEW_SIDE = 96;

/** A few training images of each class, scaled down, the same ones each time; files that cannot be decoded are skipped. */
async function previewStreamed(index: ImageIndex, perClass: number): Promise<PreviewImage[]> {
  const { train, classNames, root } = index;
  const left = classNames.map(() => perClass);
  const chosen: number[] = [];
  for (const image of Rng.fromSeed(index.fingerprint, "preview").permutation(train.count)) {
    const label = train.labels[image] ?? 0;
    if ((left[label] ?? 0) <= 0) continue;
    left[label] = (left[label] ?? 0) - 1;
    chosen.push(image);
    if (chosen.length >= MOST_PREVIEWED) break;
  }
  const size = 3 * PREVIEW_SIDE * PREVIEW_SIDE;
  const previews: PreviewImage[] = [];
  for (const image of chosen) {
    const pixels = new Uint8Array(size);
    const settings = { side: PREVIEW_SIDE, smallestCrop: 0, colourJitter: 0 };
    const decoded = await decodeInto(pixels, { path: join(root, train.paths[image] ?? ""), offset: 0, seed: "" }, settings).then(
      () => true,
      () => false,
    );
    if (!decoded) continue;
    const classIndex = train.labels[image] ?? 0;
    const set = { images: pixels, labels: new Uint8Array(1), count: 1, height: PREVIEW_SIDE, width: PREVIEW_SIDE, channels: 3 };
    const png = await imagePng(set, 0);
    previews.push({ classIndex, className: classNames[classIndex] ?? "", index: image, width: PREVIEW_SIDE, height: PREVIEW_SIDE, png });
  }
  return previews.sort((a, b) => a.classIndex - b.classIndex);
}
