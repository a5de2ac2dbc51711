import { mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import sharp from "sharp";
import { Rng } from "../../../../src-main/engine/random.ts";

/** Typical size of a photograph in ImageNet. */
const PHOTO = { width: 500, height: 375 } as const;

export interface PhotoSize {
  readonly width: number;
  readonly height: number;
  /** Columns of the coarse picture that is enlarged; more columns take longer to decode. 20 by default. */
  readonly detail?: number;
}

/** Writes a smooth, colourful picture. Pictures of a class share its colour, but no two are equal. */
export async function writePhoto(path: string, classIndex: number, seed: string, size: PhotoSize = PHOTO): Promise<void> {
  const rng = Rng.fromSeed(seed, "photo");
  const columns = size.detail ?? 20;
  const rows = Math.round(0.75 * columns);
  const base = [0, 1, 2].map((channel) => 90 + 80 * Math.sin(classIndex * 2.1 + channel * 2));
  const pixels = Uint8Array.from({ length: columns * rows * 3 }, (_, i) => Math.max(0, Math.min(255, (base[i % 3] ?? 0) + 40 * rng.normal())));
  await mkdir(dirname(path), { recursive: true });
  await sharp(pixels, { raw: { width: columns, height: rows, channels: 3 } })
    .resize(size.width, size.height, { fit: "fill", kernel: "cubic" })
    .jpeg({ quality: 85 })
    .toFile(path);
}

/** Fills a folder as ImageNet is laid out: `<part>/<class>/<class>_<i>.JPEG`. With an empty part, there are only class folders. */
export async function writePhotos(folder: string, parts: Readonly<Record<string, number>>, classes: number, size?: PhotoSize): Promise<void> {
  for (const [part, perClass] of Object.entries(parts)) {
    for (let c = 0; c < classes; c++) {
      const name = `n${String(1440764 + c).padStart(8, "0")}`;
      for (let i = 0; i < perClass; i++) await writePhoto(join(folder, part, name, `${name}_${i}.JPEG`), c, `${part} ${c} ${i}`, size);
    }
  }
}
