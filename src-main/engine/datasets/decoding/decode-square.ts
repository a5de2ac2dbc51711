import { sourceImage } from "./source-image.ts";

/**
 * Decodes an image file: upright, cropped to its centred square, resized to `side` pixels, transparent parts on black.
 *
 * @returns `side * side * channels` bytes
 * @throws Error with a reason to show, without the file name
 */
export async function decodeSquare(bytes: Uint8Array, side: number, channels: 1 | 3): Promise<Uint8Array> {
  const source = await sourceImage(bytes);
  const { data, info } = await source
    .upright()
    .flatten({ background: "#000" })
    .resize(side, side, { fit: "cover", position: "centre" })
    .toColourspace(channels === 1 ? "b-w" : "srgb")
    .raw({ depth: "uchar" })
    .toBuffer({ resolveWithObject: true });
  if (info.width !== side || info.height !== side) throw new Error("resizing failed");
  if (info.channels === channels) return data;
  const pixels = side * side;
  const out = new Uint8Array(pixels * channels);
  for (let i = 0; i < pixels; i++) {
    for (let c = 0; c < channels; c++) out[i * channels + c] = data[i * info.channels + (info.channels >= channels ? c : 0)] ?? 0;
  }
  return out;
}
