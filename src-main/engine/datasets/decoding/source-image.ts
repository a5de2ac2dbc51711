import sharp, { type Metadata, type Sharp, type SharpOptions } from "sharp";

/** An image file that was examined and can be decoded. */
export interface SourceImage {
  /** Size after EXIF rotation, in pixels. */
  readonly width: number;
  readonly height: number;
  /** A new pipeline that starts with the upright image, 8 or 16 bits per channel, in any colour space and possibly with alpha. */
  upright(): Sharp;
}

/** Supported file types. The content decides, not the name: one "JPEG" of ImageNet is a PNG. */
const FORMATS = new Set(["png", "jpeg", "webp", "gif", "tiff", "heif", "avif"]);
/** Largest number of pixels of one image. */
const MAX_PIXELS = 64 * 2 ** 20;
/** The same for floating-point images, which are read as a whole. */
const MAX_FLOAT_PIXELS = 16 * 2 ** 20;

const OPTIONS: SharpOptions = { limitInputPixels: MAX_PIXELS, failOn: "error", pages: 1 };

/** Sample types without a standard scale, with their names. */
const REFUSED: Readonly<Record<string, string>> = {
  char: "signed 8-bit integers",
  short: "signed 16-bit integers",
  int: "signed 32-bit integers",
  uint: "unsigned 32-bit integers",
  complex: "complex numbers",
  dpcomplex: "complex numbers",
};

/**
 * Examines an image file.
 *
 * - 8 and 16 bits per channel are used as they are, with EXIF orientation, palette, alpha and CMYK.
 * - Floating point (TIFF) must be in 0 .. 1, which becomes 0 .. 255 linearly.
 * - Other sample types have no standard scale and are refused.
 *
 * @throws Error with a reason to show, without the file name
 */
export async function sourceImage(bytes: Uint8Array): Promise<SourceImage> {
  const metadata = await sharp(bytes, OPTIONS).metadata();
  const { format, depth, orientation = 1 } = metadata;
  if (!FORMATS.has(format)) throw new Error(`a file of type ${format} with the name of an image`);
  const refused = REFUSED[depth];
  if (refused !== undefined) throw new Error(`its samples are ${refused}, which have no standard scale; convert it to 8 or 16 bits per channel`);
  if (depth === "float" || depth === "double") return floatImage(bytes, metadata);
  // EXIF orientations 5 to 8 are rotated by 90°.
  const [width, height] = orientation >= 5 ? [metadata.height, metadata.width] : [metadata.width, metadata.height];
  return { width, height, upright: () => sharp(bytes, OPTIONS).autoOrient() };
}

async function floatImage(bytes: Uint8Array, { width, height, space }: Metadata): Promise<SourceImage> {
  if (width * height > MAX_FLOAT_PIXELS)
    throw new Error(`a floating-point image of ${width} × ${height} pixels is too large; convert it to 8 or 16 bits per channel`);
  // In its own colour space, so that libvips does not convert values.
  const { data, info } = await sharp(bytes, OPTIONS)
    .autoOrient()
    .toColourspace(space === "scrgb" ? "scrgb" : "srgb")
    .raw({ depth: "float" })
    .toBuffer({ resolveWithObject: true });
  const values = new Float32Array(data.buffer, data.byteOffset, data.byteLength / 4);
  const pixels = Buffer.alloc(values.length);
  let least = Infinity;
  let most = -Infinity;
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    if (Number.isNaN(value)) throw new Error("its samples contain NaN");
    if (value < least) least = value;
    if (value > most) most = value;
    pixels[i] = Math.round(255 * Math.min(1, Math.max(0, value)));
  }
  // A little more than rounding errors.
  if (least < -1e-3 || most > 1 + 1e-3)
    throw new Error(
      `its floating-point samples are from ${short(least)} to ${short(most)} instead of 0 to 1; scale them, or convert it to 8 or 16 bits per channel`,
    );
  const raw = { width: info.width, height: info.height, channels: info.channels };
  return { width: info.width, height: info.height, upright: () => sharp(pixels, { raw }) };
}

function short(value: number): string {
  return String(Number(value.toPrecision(4)));
}
