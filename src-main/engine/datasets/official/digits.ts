import { UserError } from "../../../lib/errors.ts";
import { gunzipIfNeeded } from "../archives/gunzip.ts";
import type { RawDataset } from "../images/raw-dataset.ts";
import { takeImages } from "../images/split.ts";
import { holdOutTestPart } from "../images/test-part.ts";
import type { ImageSet } from "../images/types.ts";
import { CATALOG } from "./catalog.ts";

export const DIGITS_FILE = "digits.csv.gz";

const PIXELS = 64;
/** Fixed, because a different seed would give a different dataset. */
const TEST_SEED = "digits test part 1";

/**
 * Reads the bundled handwritten digits: one line per image with 64 values 0 .. 16, row by row, and the digit. Values are scaled to 0 .. 255.
 * The file has no test part, so a fixed stratified fifth (rounded up) is held out.
 *
 * @throws UserError `dataset-damaged`, with the line number of a wrong line
 */
export function parseDigits(bytes: Uint8Array, foundAt: string): RawDataset {
  const lines = Buffer.from(gunzipIfNeeded(foundAt, bytes, 16 * 2 ** 20))
    .toString("latin1")
    .split("\n")
    .map((line) => line.trim());
  while (lines.at(-1) === "") lines.pop();
  const damaged = (message: string): UserError =>
    new UserError(message, {
      code: "dataset-damaged",
      file: foundAt,
      remedy: "Reinstall GHN Studio, or use the path of an intact copy of digits.csv.gz.",
    });
  // One image for training and one for testing.
  if (lines.length < 2) throw damaged(`${foundAt} contains ${lines.length === 0 ? "no images" : "a single image"}.`);
  const images = new Uint8Array(lines.length * PIXELS);
  const labels = new Uint8Array(lines.length);
  lines.forEach((line, n) => {
    const values = line.split(",").map((text) => (/^\d{1,2}$/.test(text) ? Number(text) : Number.NaN));
    const label = values[PIXELS] ?? Number.NaN;
    if (values.length !== PIXELS + 1 || !(label <= 9) || !values.slice(0, PIXELS).every((value) => value <= 16)) {
      throw damaged(`Line ${String(n + 1)} of ${foundAt} is not a handwritten digit: expected 64 values from 0 to 16 and a label from 0 to 9.`);
    }
    for (let i = 0; i < PIXELS; i++) images[n * PIXELS + i] = Math.round(((values[i] ?? 0) * 255) / 16);
    labels[n] = label;
  });
  const all: ImageSet = { images, labels, count: lines.length, height: 8, width: 8, channels: 1 };
  const { train, test } = holdOutTestPart(all, TEST_SEED);
  return {
    train: takeImages(all, train),
    test: takeImages(all, test),
    classNames: CATALOG.digits.classNames,
    notes: [],
  };
}
