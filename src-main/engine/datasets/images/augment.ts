import { UserError } from "../../../lib/errors.ts";
import type { Rng } from "../../random.ts";
import type { ImageSet } from "./types.ts";

/** Mean and deviation per channel on the scale 0 .. 1. */
export interface Normalisation {
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

/** Changes to a training image, in this order: random crop, flip, normalisation, Cutout. */
export interface Augmentation {
  /** Black pixels added on every side before a random crop back to the original size; 0 disables the crop. */
  readonly cropPadding: number;
  /** Mirror left and right with probability 1/2. Leave it off where mirroring changes the meaning, as for digits. */
  readonly horizontalFlip: boolean;
  /**
   * Side in pixels of a square that is set to the mean, centred anywhere in the image and clipped at the border
   * (DeVries and Taylor, arXiv:1708.04552; 16 for CIFAR); 0 disables it.
   */
  readonly cutout: number;
}

/** No augmentation: evaluation. */
export const NO_AUGMENTATION: Augmentation = { cropPadding: 0, horizontalFlip: false, cutout: 0 };

/**
 * Checks an augmentation against the image size.
 *
 * @throws UserError `augmentation-invalid` with the invalid `field`
 */
export function checkAugmentation(augmentation: Augmentation, height: number, width: number): void {
  const side = Math.min(height, width);
  const check = (field: "cropPadding" | "cutout", high: number): void => {
    const value = augmentation[field];
    if (Number.isInteger(value) && value >= 0 && value <= high) return;
    throw new UserError(
      `The augmentation's ${field} is ${String(value)}, but images of ${String(width)}×${String(height)} pixels allow 0 to ${String(high)}.`,
      {
        code: "augmentation-invalid",
        field,
        remedy: `Choose a whole number from 0 to ${String(high)} for ${field}.`,
      },
    );
  };
  check("cropPadding", side);
  check("cutout", 2 * side);
}

/** A table from channel and byte to the normalised value: `table[256 * c + byte]`. */
export function normalisationTable(channels: number, { mean, std }: Normalisation): Float32Array {
  if (mean.length !== channels || std.length !== channels) throw new RangeError(`Normalisation needs ${String(channels)} means and deviations.`);
  const table = new Float32Array(channels * 256);
  for (let c = 0; c < channels; c++) {
    for (let byte = 0; byte < 256; byte++) table[c * 256 + byte] = (byte / 255 - (mean[c] ?? 0)) / (std[c] ?? 1);
  }
  return table;
}

/**
 * Writes one normalised and optionally augmented image to `out`.
 *
 * Padding is black before normalisation and Cutout is the mean after it, as in the reference code of DARTS. Every enabled
 * step takes the same number of random draws for each image, whatever their values.
 *
 * @param index which image of `set`
 * @param table from {@link normalisationTable}
 * @param out receives height * width * channels values, starting at `offset`
 */
export function writeImage(set: ImageSet, index: number, table: Float32Array, augmentation: Augmentation, rng: Rng, out: Float32Array, offset: number): void {
  const { images, height, width, channels } = set;
  const { cropPadding: padding, horizontalFlip, cutout } = augmentation;
  const shiftY = padding > 0 ? rng.int(2 * padding + 1) - padding : 0;
  const shiftX = padding > 0 ? rng.int(2 * padding + 1) - padding : 0;
  const flip = horizontalFlip && (rng.nextUint32() & 1) === 1;
  const base = index * height * width * channels;
  const rowLength = width * channels;
  if (shiftX === 0 && shiftY === 0 && !flip && channels === 1) {
    for (let i = 0; i < height * width; i++) out[offset + i] = table[images[base + i] as number] as number;
  } else if (channels === 3) {
    writeRows3(images, base, height, width, shiftY, shiftX, flip, table, out, offset);
  } else {
    for (let y = 0; y < height; y++) {
      const sourceY = y + shiftY;
      const inside = sourceY >= 0 && sourceY < height;
      let at = offset + y * rowLength;
      for (let x = 0; x < width; x++) {
        const sourceX = (flip ? width - 1 - x : x) + shiftX;
        const from = inside && sourceX >= 0 && sourceX < width ? base + sourceY * rowLength + sourceX * channels : -1;
        for (let c = 0; c < channels; c++, at++) out[at] = table[c * 256 + (from < 0 ? 0 : (images[from + c] as number))] as number;
      }
    }
  }
  if (cutout > 0) {
    const centreY = rng.int(height);
    const centreX = rng.int(width);
    const top = Math.max(centreY - (cutout >> 1), 0);
    const bottom = Math.min(centreY - (cutout >> 1) + cutout, height);
    const left = Math.max(centreX - (cutout >> 1), 0);
    const right = Math.min(centreX - (cutout >> 1) + cutout, width);
    for (let y = top; y < bottom; y++) out.fill(0, offset + y * rowLength + left * channels, offset + y * rowLength + right * channels);
  }
}

/** The same for RGB without an inner loop over channels, because this case matters for speed. */
function writeRows3(
  images: Uint8Array,
  base: number,
  height: number,
  width: number,
  shiftY: number,
  shiftX: number,
  flip: boolean,
  table: Float32Array,
  out: Float32Array,
  offset: number,
): void {
  const black0 = table[0] as number;
  const black1 = table[256] as number;
  const black2 = table[512] as number;
  const step = flip ? -1 : 1;
  for (let y = 0; y < height; y++) {
    const sourceY = y + shiftY;
    const inside = sourceY >= 0 && sourceY < height;
    const row = base + sourceY * width * 3;
    let at = offset + y * width * 3;
    let sourceX = (flip ? width - 1 : 0) + shiftX;
    for (let x = 0; x < width; x++, sourceX += step, at += 3) {
      if (inside && sourceX >= 0 && sourceX < width) {
        const from = row + sourceX * 3;
        out[at] = table[images[from] as number] as number;
        out[at + 1] = table[256 + (images[from + 1] as number)] as number;
        out[at + 2] = table[512 + (images[from + 2] as number)] as number;
      } else {
        out[at] = black0;
        out[at + 1] = black1;
        out[at + 2] = black2;
      }
    }
  }
}
