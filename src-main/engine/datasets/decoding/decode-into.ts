import { readFile } from "node:fs/promises";
import { Rng } from "../../random.ts";
import { centralCrop, jitterColours, randomCrop } from "./crop.ts";
import { sourceImage } from "./source-image.ts";

/** How an image is converted to a batch entry. */
export interface DecodeSettings {
  /** Side of the square in pixels. */
  readonly side: number;
  /** Smallest area of a random crop as a share of the image; 0 crops the centre, as in evaluation. */
  readonly smallestCrop: number;
  readonly colourJitter: number;
}

/** One image to decode. */
export interface DecodeRequest {
  /** Absolute. */
  readonly path: string;
  /** First byte of the image in the batch. */
  readonly offset: number;
  /** Seed of the random augmentation of this image in this epoch; unused if nothing is random. */
  readonly seed: string;
}

/**
 * Reads one image, rotates it upright, crops and resizes it to a square, and writes it to a batch as RGB. Randomness depends on the seed of the request alone.
 * @throws Error if the file is missing, damaged or not an image
 */
export async function decodeInto(
  batch: Uint8Array,
  { path, offset, seed }: DecodeRequest,
  { side, smallestCrop, colourJitter }: DecodeSettings,
): Promise<void> {
  const bytes = await readFile(path);
  const source = await sourceImage(bytes);
  const { width, height } = source;
  const rng = Rng.fromSeed(seed, "decode");
  let image = source.upright();
  if (smallestCrop > 0) {
    image = image.extract(randomCrop(width, height, smallestCrop, rng)).resize(side, side, { fit: "fill", kernel: "linear" });
  } else {
    const { resized, crop } = centralCrop(width, height, side);
    image = image.resize(resized.width, resized.height, { fit: "fill", kernel: "linear" }).extract(crop);
  }
  const { data, info } = await image.flatten({ background: "#000" }).toColourspace("srgb").raw({ depth: "uchar" }).toBuffer({ resolveWithObject: true });
  if (info.width !== side || info.height !== side) throw new Error("resizing failed");
  const pixels = side * side;
  const out = batch.subarray(offset, offset + 3 * pixels);
  if (info.channels === 3) out.set(data);
  else for (let i = 0; i < pixels; i++) for (let c = 0; c < 3; c++) out[3 * i + c] = data[i * info.channels + (info.channels > 3 ? c : 0)] ?? 0;
  if (colourJitter > 0) jitterColours(out, colourJitter, rng);
}
