import { UserError } from "../../../lib/errors.ts";
import { Rng } from "../../random.ts";
import type { ImageSet, LoadedDataset, SplitDataset } from "./types.ts";

/** How to divide a dataset; all counts are numbers of images. */
export interface SplitOptions {
  /**
   * Images of the training part that become the validation part, 0 .. train.count - 1.
   * A dataset with its own validation part keeps it, reduced to this count if it is larger.
   */
  readonly validationCount: number;
  readonly seed: string | number;
  /** Use at most this many training images; all by default. */
  readonly trainLimit?: number;
  /** Use at most this many test images; all by default. */
  readonly testLimit?: number;
}

/** Maximum number of classes named in a warning. */
const MOST_NAMED = 10;

/** What a split depends on: labels only, so that the pixels may stay on disk. */
export interface Splittable extends Pick<LoadedDataset, "givenValidation"> {
  readonly train: Pick<ImageSet, "labels" | "count">;
  readonly test: Pick<ImageSet, "labels" | "count">;
}

/**
 * Divides a dataset into training, validation and test indices: disjoint, stratified (every class keeps its share to
 * within one image) and a function of the seed alone. The three parts use separate random streams, so changing one
 * limit does not change the other parts, and a smaller limit selects a subset of what a larger one selects in each class.
 *
 * @throws UserError `split-invalid` (with `field`) when a count cannot be met
 */
export function splitDataset(dataset: Splittable, options: SplitOptions): SplitDataset {
  const { validationCount, seed, trainLimit, testLimit } = options;
  const trainCount = dataset.train.count;
  requireCount("validationCount", validationCount, 0, trainCount - 1, "training images");
  if (trainLimit !== undefined) requireCount("trainLimit", trainLimit, 1, Number.MAX_SAFE_INTEGER, "training images");
  if (testLimit !== undefined) requireCount("testLimit", testLimit, 1, Number.MAX_SAFE_INTEGER, "test images");

  const all = range(trainCount);
  const candidates = dataset.givenValidation ?? all;
  const validation = stratifiedSample(
    dataset.train,
    candidates,
    Math.min(validationCount, candidates.length),
    Rng.fromSeed(seed, "split-validation"),
    dataset.givenValidation === undefined ? "hold-out" : "any",
  );
  const excluded = new Uint8Array(trainCount);
  for (const index of validation) excluded[index] = 1;
  // Images of the dataset's own validation part are never used for training.
  for (const index of dataset.givenValidation ?? []) excluded[index] = 1;
  const rest = all.filter((index) => excluded[index] === 0);
  if (rest.length === 0) requireCount("validationCount", validationCount, 0, -1, "training images");
  const train = stratifiedSample(dataset.train, rest, Math.min(trainLimit ?? rest.length, rest.length), Rng.fromSeed(seed, "split-train-limit"), "train");
  const testAll = range(dataset.test.count);
  const test = stratifiedSample(dataset.test, testAll, Math.min(testLimit ?? testAll.length, testAll.length), Rng.fromSeed(seed, "split-test-limit"));
  return { train, validation, test };
}

/** Purpose of a sample: the rest is for training (`hold-out`), the sample itself is (`train`), or neither. */
export type SampleUse = "hold-out" | "train" | "any";

/**
 * Selects `count` of the `candidates` with each class in proportion (largest remainders decide the last images).
 *
 * If possible, `hold-out` leaves at least one candidate of each class and `train` selects at least one.
 *
 * @param candidates indices into `set`, without repetition
 * @param count 0 .. candidates.length
 * @returns indices in ascending order
 */
export function stratifiedSample(set: Pick<ImageSet, "labels">, candidates: Uint32Array, count: number, rng: Rng, use: SampleUse = "any"): Uint32Array {
  if (count >= candidates.length) return candidates.slice().sort();
  const byClass = new Map<number, number[]>();
  for (const index of candidates) {
    const label = set.labels[index] ?? 0;
    const members = byClass.get(label);
    if (members === undefined) byClass.set(label, [index]);
    else members.push(index);
  }
  const classes = [...byClass.keys()].sort((a, b) => a - b);
  const shares = classes.map((label): Share => {
    const members = rng.shuffle(byClass.get(label) ?? []);
    const exact = (count * members.length) / candidates.length;
    return { members, quota: Math.floor(exact), remainder: exact - Math.floor(exact), tie: rng.uniform() };
  });
  const byRemainder = [...shares].sort((a, b) => b.remainder - a.remainder || a.tie - b.tie);
  let missing = count - shares.reduce((sum, share) => sum + share.quota, 0);
  /** Adds images to the classes, at most one to each, while any are missing. */
  const raise = (allowed: (share: Share) => boolean): void => {
    for (const share of byRemainder) {
      if (missing === 0) return;
      if (!allowed(share)) continue;
      share.quota++;
      missing--;
    }
  };
  const kept = use === "hold-out" ? 1 : 0;
  raise(({ quota, members }) => quota < members.length - kept);
  while (missing > 0) {
    const before = missing;
    raise(({ quota, members }) => quota < members.length - kept);
    // More images are requested than the classes can spare.
    if (missing === before) raise(({ quota, members }) => quota < members.length);
  }
  if (use === "train") oneForEach(byRemainder);
  return Uint32Array.from(shares.flatMap((share) => share.members.slice(0, share.quota))).sort();
}

interface Share {
  readonly members: readonly number[];
  quota: number;
  readonly remainder: number;
  readonly tie: number;
}

/** Gives each class without an image one of the class that has most, while that has more than one. */
function oneForEach(shares: readonly Share[]): void {
  for (const empty of shares.filter(({ quota }) => quota === 0)) {
    const richest = shares.reduce((most, share) => (share.quota > most.quota ? share : most));
    if (richest.quota < 2) return;
    richest.quota--;
    empty.quota++;
  }
}

/** Copies the given images, in the given order, to a new set. */
export function takeImages(set: ImageSet, indices: Uint32Array): ImageSet {
  const size = set.height * set.width * set.channels;
  const images = new Uint8Array(indices.length * size);
  const labels = set.labels instanceof Uint16Array ? new Uint16Array(indices.length) : new Uint8Array(indices.length);
  indices.forEach((index, at) => {
    images.set(set.images.subarray(index * size, (index + 1) * size), at * size);
    labels[at] = set.labels[index] ?? 0;
  });
  return { images, labels, count: indices.length, height: set.height, width: set.width, channels: set.channels };
}

/**
 * Warnings about classes without training images. A network cannot learn such a class, and its validation and test images only measure that.
 *
 * @param split of `dataset`
 * @returns sentences; empty if all classes have training images
 */
export function splitWarnings(dataset: Splittable & Pick<LoadedDataset, "classNames">, split: SplitDataset): string[] {
  const counts = new Array<number>(dataset.classNames.length).fill(0);
  for (const index of split.train) {
    const label = dataset.train.labels[index] ?? 0;
    counts[label] = (counts[label] ?? 0) + 1;
  }
  const empty = dataset.classNames.filter((_, label) => counts[label] === 0);
  if (empty.length === 0) return [];
  const named = `${empty.slice(0, MOST_NAMED).join(", ")}${empty.length > MOST_NAMED ? ", …" : ""}`;
  return [
    `${empty.length === 1 ? "The class" : `${String(empty.length)} classes`} ${named} ${empty.length === 1 ? "has" : "have"} no training images after the split. Use more images, or reduce dataset.validationImages.`,
  ];
}

/** Number of images per class. */
export function classHistogram(set: Pick<ImageSet, "labels">, classes: number): number[] {
  const counts = new Array<number>(classes).fill(0);
  for (const label of set.labels) counts[label] = (counts[label] ?? 0) + 1;
  return counts;
}

function range(n: number): Uint32Array {
  return Uint32Array.from({ length: n }, (_, i) => i);
}

function requireCount(field: string, value: number, low: number, high: number, unit: string): void {
  if (Number.isInteger(value) && value >= low && value <= high) return;
  const bounds = high < low ? "leaves no training image" : `must be a whole number from ${String(low)} to ${String(high)} ${unit}`;
  throw new UserError(`The dataset cannot be split: ${field} is ${String(value)}, which ${high < low ? bounds : `is out of range (it ${bounds})`}.`, {
    code: "split-invalid",
    field,
    remedy: `Choose a different value for ${field}.`,
  });
}
