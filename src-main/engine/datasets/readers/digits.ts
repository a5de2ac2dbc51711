import { UserError } from "../../../lib/errors.ts";
import { Rng } from "../../random.ts";
import { CATALOG } from "../images/catalog.ts";
import { stratifiedSample, takeImages } from "../images/split.ts";
import type { ImageSet } from "../images/types.ts";
import type { RawDataset } from "./raw-dataset.ts";
import { gunzipIfNeeded } from "./sources.ts";

export const DIGITS_FILE = "digits.csv.gz";

const PIXELS = 64;
/** Never changes: another seed would make another dataset. */
const TEST_SEED = "digits test part 1";

/**
 * Reads the bundled handwritten digits: a line an image, 64 values 0 .. 16 row by row, then the digit. Values become 0 .. 255.
 * The file has no test part, so a fixed stratified fifth (rounded up) is set apart.
 *
 * @throws UserError `dataset-damaged` with the line
 */
export function parseDigits(bytes: Uint8Array, foundAt: string): RawDataset {
  const lines = Buffer.from(gunzipIfNeeded(foundAt, bytes, 16 * 2 ** 20))
    .toString("latin1")
    .split("\n")
    .map((line) => line.trim());
  while (lines.at(-1) === "") lines.pop();
  const images = new Uint8Array(lines.length * PIXELS);
  const labels = new Uint8Array(lines.length);
  lines.forEach((line, n) => {
    const values = line.split(",").map((text) => (/^\d{1,2}$/.test(text) ? Number(text) : Number.NaN));
    const label = values[PIXELS] ?? Number.NaN;
    if (values.length !== PIXELS + 1 || !(label <= 9) || !values.slice(0, PIXELS).every((value) => value <= 16)) {
      throw new UserError(`Line ${String(n + 1)} of ${foundAt} is no handwritten digit: it needs 64 values from 0 to 16 and a label from 0 to 9.`, {
        code: "dataset-damaged",
        file: foundAt,
        remedy: "Reinstall the program, or give the path of an intact copy of digits.csv.gz.",
      });
    }
    for (let i = 0; i < PIXELS; i++) images[n * PIXELS + i] = Math.round(((values[i] ?? 0) * 255) / 16);
    labels[n] = label;
  });
  const all: ImageSet = { images, labels, count: lines.length, height: 8, width: 8, channels: 1 };
  const { train, test } = setTestApart(all, TEST_SEED);
  return {
    train: takeImages(all, train),
    test: takeImages(all, test),
    classNames: CATALOG.digits.classNames,
    notes: [],
  };
}

/** Indices of a fixed stratified fifth as test part, and of the rest. */
export function setTestApart(set: Pick<ImageSet, "labels" | "count">, seed: string): { train: Uint32Array; test: Uint32Array } {
  const all = Uint32Array.from({ length: set.count }, (_, i) => i);
  const test = stratifiedSample(set, all, Math.ceil(set.count / 5), Rng.fromSeed(seed, "test-part"));
  const taken = new Set(test);
  return { train: all.filter((index) => !taken.has(index)), test };
}
