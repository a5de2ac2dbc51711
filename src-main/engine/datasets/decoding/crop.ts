import type { Rng } from "../../random.ts";

/** A rectangle inside an image, in pixels. */
export interface Crop {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** Aspect ratios of random crops, as in the training of GoogLeNet (Szegedy et al., 2015). */
const NARROWEST = 3 / 4;
const WIDEST = 4 / 3;
const TRIES = 10;

/**
 * A random crop: its share of the area is uniform between `smallest` and 1, its aspect ratio log-uniform between 3/4 and 4/3. If ten draws do not fit into
 * the image, the largest centred crop within these ratios.
 * @param smallest share of the area, greater than 0 and at most 1
 */
export function randomCrop(width: number, height: number, smallest: number, rng: Rng): Crop {
  for (let i = 0; i < TRIES; i++) {
    const area = width * height * (smallest + (1 - smallest) * rng.uniform());
    const ratio = Math.exp(Math.log(NARROWEST) + (Math.log(WIDEST) - Math.log(NARROWEST)) * rng.uniform());
    const w = Math.round(Math.sqrt(area * ratio));
    const h = Math.round(Math.sqrt(area / ratio));
    if (w >= 1 && h >= 1 && w <= width && h <= height) return { left: rng.int(width - w + 1), top: rng.int(height - h + 1), width: w, height: h };
  }
  const ratio = Math.min(WIDEST, Math.max(NARROWEST, width / height));
  const w = Math.max(1, Math.min(width, Math.round(height * ratio)));
  const h = Math.max(1, Math.min(height, Math.round(width / ratio)));
  return { left: (width - w) >> 1, top: (height - h) >> 1, width: w, height: h };
}

/** Share of the resized shorter side that the central crop keeps: 224 of 256. */
const CENTRAL_SHARE = 224 / 256;

/** The crop for evaluation: the image is resized so that its shorter side is `side` · 256 / 224, then cropped to the central `side` pixels. */
export function centralCrop(
  width: number,
  height: number,
  side: number,
): { readonly resized: { readonly width: number; readonly height: number }; readonly crop: Crop } {
  const scale = Math.round(side / CENTRAL_SHARE) / Math.min(width, height);
  const resized = { width: Math.max(side, Math.round(width * scale)), height: Math.max(side, Math.round(height * scale)) };
  return { resized, crop: { left: (resized.width - side) >> 1, top: (resized.height - side) >> 1, width: side, height: side } };
}

/** Weights of red, green and blue in the luma of a pixel (ITU-R BT.601). */
const RED = 0.299;
const GREEN = 0.587;
const BLUE = 0.114;

/**
 * Changes brightness, then contrast, then saturation of an RGB image in place, by factors uniform between 1 - strength and 1 + strength. Contrast mixes with
 * the mean brightness of the image, saturation with the brightness of each pixel. Values are rounded once, at the end.
 * @param pixels RGB bytes
 * @param strength 0 to 1
 */
export function jitterColours(pixels: Uint8Array | Uint8ClampedArray, strength: number, rng: Rng): void {
  const factor = (): number => 1 + strength * (2 * rng.uniform() - 1);
  const [brightness, contrast, saturation] = [factor(), factor(), factor()];
  let sum = 0;
  for (let i = 0; i + 2 < pixels.length; i += 3)
    sum +=
      RED * Math.min(255, brightness * (pixels[i] as number)) +
      GREEN * Math.min(255, brightness * (pixels[i + 1] as number)) +
      BLUE * Math.min(255, brightness * (pixels[i + 2] as number));
  const mean = pixels.length === 0 ? 0 : (3 * sum) / pixels.length;
  const lift = (1 - contrast) * mean;
  for (let i = 0; i + 2 < pixels.length; i += 3) {
    const r = clamped(contrast * Math.min(255, brightness * (pixels[i] as number)) + lift);
    const g = clamped(contrast * Math.min(255, brightness * (pixels[i + 1] as number)) + lift);
    const b = clamped(contrast * Math.min(255, brightness * (pixels[i + 2] as number)) + lift);
    const grey = (1 - saturation) * (RED * r + GREEN * g + BLUE * b);
    pixels[i] = Math.round(clamped(saturation * r + grey));
    pixels[i + 1] = Math.round(clamped(saturation * g + grey));
    pixels[i + 2] = Math.round(clamped(saturation * b + grey));
  }
}

function clamped(value: number): number {
  return Math.min(255, Math.max(0, value));
}
