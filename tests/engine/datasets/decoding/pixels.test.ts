import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { openDataset } from "../../../../src-main/engine/datasets/access/open.ts";
import { decodeInto } from "../../../../src-main/engine/datasets/decoding/decode-into.ts";
import { decodeSquare } from "../../../../src-main/engine/datasets/decoding/decode-square.ts";
import { put, temporaryFolder, userErrorOf } from "../support/helpers.ts";
import { type TiffSamples, tiffBytes } from "../support/tiff.ts";

const SIDE = 8;

/** The first pixel as the reader in memory and the streaming one see it; both must agree. */
async function firstPixel(bytes: Uint8Array): Promise<number[]> {
  const square = await decodeSquare(bytes, SIDE, 3);
  const folder = await temporaryFolder();
  await writeFile(join(folder, "image"), bytes);
  const streamed = new Uint8Array(SIDE * SIDE * 3);
  await decodeInto(streamed, { path: join(folder, "image"), offset: 0, seed: "" }, { side: SIDE, smallestCrop: 0, colourJitter: 0 });
  // The two resize with different kernels; 16 bits are rounded differently.
  for (let c = 0; c < 3; c++) expect(Math.abs((streamed[c] ?? 0) - (square[c] ?? 0))).toBeLessThanOrEqual(1);
  return [...square.subarray(0, 3)];
}

function tiff(samples: TiffSamples["samples"], channels: TiffSamples["channels"], pixel: readonly number[]): Buffer {
  for (let i = 0; i < samples.length; i++) samples[i] = pixel[i % channels] ?? 0;
  return tiffBytes({ width: 16, height: 16, samples, channels });
}

const size = (channels: number): number => 16 * 16 * channels;

describe("samples of images", () => {
  it("floating point in 0 .. 1 becomes 0 .. 255, in grey and in colour, with alpha on black", async () => {
    expect(await firstPixel(tiff(new Float32Array(size(1)), 1, [0.5]))).toEqual([128, 128, 128]);
    expect(await firstPixel(tiff(new Float32Array(size(3)), 3, [0.5, 0.2, 1]))).toEqual([128, 51, 255]);
    expect(await firstPixel(tiff(new Float32Array(size(2)), 2, [0.5, 0.5]))).toEqual([64, 64, 64]);
    expect(await firstPixel(tiff(new Float32Array(size(4)), 4, [1, 0.4, 0, 0.5]))).toEqual([128, 51, 0]);
    expect((await decodeSquare(tiff(new Float32Array(size(1)), 1, [0.5]), SIDE, 1))[0]).toBe(128);
  });

  it("floating point outside of 0 .. 1, NaN, and integers without a scale are refused with the reason", async () => {
    const reasons: readonly (readonly [Buffer, RegExp])[] = [
      [tiff(new Float32Array(size(1)), 1, [128]), /floating-point samples are from 128 to 128 instead of 0 to 1/],
      [tiff(new Float32Array(size(3)), 3, [0.5, -0.25, 2]), /from -0.25 to 2 instead of 0 to 1/],
      [tiff(new Float32Array(size(1)), 1, [Number.NaN]), /NaN/],
      [tiff(new Int32Array(size(1)), 1, [200]), /signed 32-bit integers.*convert it to 8 or 16 bits/],
      [tiff(new Uint32Array(size(3)), 3, [200, 200, 200]), /unsigned 32-bit integers/],
      [tiff(new Int16Array(size(1)), 1, [200]), /signed 16-bit integers/],
    ];
    for (const [bytes, reason] of reasons) await expect(decodeSquare(bytes, SIDE, 3)).rejects.toThrow(reason);
    const path = await temporaryFolder();
    for (const name of ["a", "b"]) await put(join(path, name, "good.tif"), tiff(new Uint8Array(size(3)), 3, [1, 2, 3]));
    await put(join(path, "b", "mask.tif"), tiff(new Int32Array(size(1)), 1, [7]));
    const error = await userErrorOf(openDataset({ id: "folder", path }, { dataRoot: path }));
    expect([error.code, error.message]).toEqual(["image-broken", expect.stringMatching(/b\/mask\.tif \(its samples are signed 32-bit integers/)]);
  });

  it("8 and 16 bits, palettes, alpha, CMYK and EXIF orientation are read as before", async () => {
    expect(await firstPixel(tiff(new Uint8Array(size(3)), 3, [10, 20, 30]))).toEqual([10, 20, 30]);
    expect(await firstPixel(tiff(new Uint16Array(size(1)), 1, [0x8000]))).toEqual([128, 128, 128]);
    expect(await firstPixel(tiff(new Uint16Array(size(3)), 3, [0xff00, 0x4000, 0]))).toEqual([255, 64, 0]);
    const plain = sharp({ create: { width: 16, height: 16, channels: 3, background: { r: 200, g: 100, b: 50 } } });
    expect(await firstPixel(await plain.clone().png({ palette: true }).toBuffer())).toEqual([200, 100, 50]);
    expect(await firstPixel(await plain.clone().toColourspace("rgb16").png().toBuffer())).toEqual([200, 100, 50]);
    expect(await firstPixel(await plain.clone().ensureAlpha(0.5).png().toBuffer())).toEqual([99, 49, 24]);
    const [red = 0, green = 0, blue = 0] = await firstPixel(await plain.clone().toColourspace("cmyk").jpeg({ quality: 100 }).toBuffer());
    expect(Math.max(Math.abs(red - 200), Math.abs(green - 100), Math.abs(blue - 50))).toBeLessThan(40);
    // Left half white; rotated clockwise by 90° the white half is on top.
    const halves = Buffer.alloc(16 * 16 * 3, 0);
    for (let y = 0; y < 16; y++) halves.fill(255, y * 48, y * 48 + 24);
    const turned = await sharp(halves, { raw: { width: 16, height: 16, channels: 3 } })
      .withMetadata({ orientation: 6 })
      .png()
      .toBuffer();
    const pixels = await decodeSquare(turned, SIDE, 1);
    expect([pixels[0], pixels[SIDE - 1], pixels[SIDE * (SIDE - 1)], pixels[SIDE * SIDE - 1]]).toEqual([255, 255, 0, 0]);
  });
});
