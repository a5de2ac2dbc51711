import type { DatasetId } from "../../../../src-shared/domain/dataset-facts.ts";
import { UserError } from "../../../lib/errors.ts";
import type { RawDataset } from "../images/raw-dataset.ts";
import type { ImageSet } from "../images/types.ts";
import { CATALOG } from "./catalog.ts";

const SIDE = 32;
const PLANE = SIDE * SIDE;
const PIXELS = 3 * PLANE;

interface CifarLayout {
  readonly trainFiles: readonly string[];
  readonly testFile: string;
  readonly namesFile: string;
  /** Label bytes before the pixels; the last one is used (CIFAR-100: coarse, then fine). */
  readonly labelBytes: number;
  readonly classes: number;
}

const LAYOUTS = {
  cifar10: {
    trainFiles: [1, 2, 3, 4, 5].map((n) => `data_batch_${String(n)}.bin`),
    testFile: "test_batch.bin",
    namesFile: "batches.meta.txt",
    labelBytes: 1,
    classes: 10,
  },
  cifar100: { trainFiles: ["train.bin"], testFile: "test.bin", namesFile: "fine_label_names.txt", labelBytes: 2, classes: 100 },
} satisfies Readonly<Partial<Record<DatasetId, CifarLayout>>>;

/** Datasets published in the binary layout of CIFAR. */
export type CifarId = keyof typeof LAYOUTS;

export function isCifar(id: DatasetId): id is CifarId {
  return Object.hasOwn(LAYOUTS, id);
}

/** Names of the files of the official binary release. */
export function cifarFiles(id: CifarId): readonly string[] {
  const layout: CifarLayout = LAYOUTS[id];
  return [...layout.trainFiles, layout.testFile, layout.namesFile];
}

/**
 * Reads the binary layout of CIFAR-10 and CIFAR-100 (https://www.cs.toronto.edu/~kriz/cifar.html): records of the label
 * byte(s) and 3,072 pixel bytes, one 32×32 plane per colour. Up to all but one of the training files may be missing; a note
 * states how many images were found.
 *
 * @param files by base name
 * @param foundAt for messages
 * @throws UserError `dataset-incomplete` or `dataset-damaged` with file, record and remedy
 */
export function parseCifar(id: CifarId, files: ReadonlyMap<string, Uint8Array>, foundAt: string): RawDataset {
  const layout: CifarLayout = LAYOUTS[id];
  const catalog = CATALOG[id];
  const trainNames = layout.trainFiles.filter((name) => files.has(name));
  const missing = [...(trainNames.length === 0 ? [layout.trainFiles[0] ?? ""] : []), ...(files.has(layout.testFile) ? [] : [layout.testFile])];
  if (missing.length > 0) {
    throw new UserError(`${catalog.name} at ${foundAt} is incomplete: ${missing.join(" and ")} ${missing.length === 1 ? "is" : "are"} missing.`, {
      code: "dataset-incomplete",
      file: foundAt,
      remedy: `Use the binary version of ${catalog.name}: run "ghn-studio data download ${id}", or use the folder that contains ${layout.trainFiles[0] ?? ""} and ${layout.testFile}.`,
    });
  }
  const train = parseRecords(trainNames, files, layout, id, foundAt);
  const test = parseRecords([layout.testFile], files, layout, id, foundAt);
  const names = classNames(files.get(layout.namesFile), layout.classes) ?? catalog.classNames;
  const partial = train.count !== catalog.trainImages || test.count !== catalog.testImages;
  const notes = partial
    ? [
        `${catalog.name} is partial: ${thousands(train.count)} of ${thousands(catalog.trainImages)} training images ` +
          `and ${thousands(test.count)} of ${thousands(catalog.testImages)} test images were found.`,
      ]
    : [];
  return {
    train,
    test,
    classNames: names,
    notes,
    completeness: { trainFound: train.count, trainExpected: catalog.trainImages, testFound: test.count, testExpected: catalog.testImages },
  };
}

function parseRecords(names: readonly string[], files: ReadonlyMap<string, Uint8Array>, layout: CifarLayout, id: CifarId, foundAt: string): ImageSet {
  const record = layout.labelBytes + PIXELS;
  const parts = names.map((name) => ({ name, bytes: files.get(name) ?? new Uint8Array() }));
  const refuse = (name: string, at: number, why: string): never => {
    throw new UserError(`${name} of ${CATALOG[id].name} at ${foundAt} is damaged: record ${String(at)} ${why}.`, {
      code: "dataset-damaged",
      file: name,
      remedy: `Get it again with "ghn-studio data download ${id}", or copy ${name} again from its source.`,
    });
  };
  for (const { name, bytes } of parts) {
    const whole = Math.floor(bytes.length / record);
    if (bytes.length % record !== 0) refuse(name, whole, `ends after ${String(bytes.length % record)} of ${String(record)} bytes`);
    if (whole === 0) refuse(name, 0, "is missing because the file is empty");
  }
  const count = parts.reduce((sum, { bytes }) => sum + bytes.length / record, 0);
  const images = new Uint8Array(count * PIXELS);
  const labels = new Uint8Array(count);
  let n = 0;
  for (const { name, bytes } of parts) {
    for (let from = 0; from < bytes.length; from += record, n++) {
      const label = bytes[from + layout.labelBytes - 1] ?? 255;
      if (label >= layout.classes) refuse(name, from / record, `has the label ${String(label)}, but labels go from 0 to ${String(layout.classes - 1)}`);
      labels[n] = label;
      const source = from + layout.labelBytes;
      let at = n * PIXELS;
      for (let i = source; i < source + PLANE; i++, at += 3) {
        images[at] = bytes[i] as number;
        images[at + 1] = bytes[i + PLANE] as number;
        images[at + 2] = bytes[i + 2 * PLANE] as number;
      }
    }
  }
  return { images, labels, count, height: SIDE, width: SIDE, channels: 3 };
}

function classNames(bytes: Uint8Array | undefined, classes: number): string[] | undefined {
  if (bytes === undefined || bytes.length > 65_536) return undefined;
  const names = Buffer.from(bytes)
    .toString("utf8")
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== "");
  return names.length === classes && names.every((name) => name.length <= 100) ? names : undefined;
}

function thousands(n: number): string {
  return n.toLocaleString("en-US");
}
