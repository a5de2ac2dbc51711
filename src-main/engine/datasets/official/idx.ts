import type { DatasetId } from "../../../../src-shared/domain/dataset-facts.ts";
import { UserError } from "../../../lib/errors.ts";
import { gunzipIfNeeded } from "../archives/gunzip.ts";
import type { RawDataset } from "../images/raw-dataset.ts";
import type { ImageSet } from "../images/types.ts";
import { CATALOG, IDX_FILES } from "./catalog.ts";
import type { CifarId } from "./cifar.ts";

/** MNIST and the datasets published in its format: all without a separate reader. */
export type IdxDatasetId = Exclude<DatasetId, "digits" | "folder" | CifarId>;

const MAX_UNPACKED = 256 * 2 ** 20;
const MAX_SIDE = 512;

/**
 * Reads the four IDX files (http://yann.lecun.com/exdb/mnist/), raw or gzipped, with `-` or `.` before `idx` in their names.
 *
 * @param files by base name
 * @throws UserError `dataset-incomplete` or `dataset-damaged`, naming the file
 */
export function parseIdxDataset(id: IdxDatasetId, files: ReadonlyMap<string, Uint8Array>, foundAt: string): RawDataset {
  const catalog = CATALOG[id];
  const find = (base: string): { name: string; bytes: Uint8Array } | undefined => {
    for (const name of idxNames(base)) {
      const bytes = files.get(name);
      if (bytes !== undefined) return { name, bytes };
    }
    return undefined;
  };
  const missing = Object.values(IDX_FILES).filter((base) => find(base) === undefined);
  if (missing.length > 0) {
    throw new UserError(`${catalog.name} at ${foundAt} is incomplete: ${missing.join(", ")} ${missing.length === 1 ? "is" : "are"} missing.`, {
      code: "dataset-incomplete",
      file: foundAt,
      remedy: `Run "ghn-studio data download ${id}", or use the folder that contains all four files (gzipped or not).`,
    });
  }
  const part = (imagesBase: string, labelsBase: string): ImageSet => {
    const imagesFile = find(imagesBase) ?? { name: imagesBase, bytes: new Uint8Array() };
    const labelsFile = find(labelsBase) ?? { name: labelsBase, bytes: new Uint8Array() };
    return parsePair(id, imagesFile, labelsFile, catalog.classNames.length);
  };
  const train = part(IDX_FILES.trainImages, IDX_FILES.trainLabels);
  const test = part(IDX_FILES.testImages, IDX_FILES.testLabels);
  if (train.height !== test.height || train.width !== test.width) {
    throw damagedFile(id, IDX_FILES.testImages, "its images differ in size from those of the training part");
  }
  const completeness = { trainFound: train.count, trainExpected: catalog.trainImages, testFound: test.count, testExpected: catalog.testImages };
  const partial = train.count !== catalog.trainImages || test.count !== catalog.testImages;
  const notes = partial
    ? [
        `${catalog.name} is partial: ${String(train.count)} of ${String(catalog.trainImages)} training images and ${String(test.count)} of ${String(catalog.testImages)} test images were found.`,
      ]
    : [];
  return { train, test, classNames: catalog.classNames, notes, completeness };
}

/** The names under which one IDX file is published. */
export function idxNames(base: string): readonly string[] {
  const dotted = base.replace("-idx", ".idx");
  return [base, `${base}.gz`, dotted, `${dotted}.gz`];
}

interface NamedBytes {
  readonly name: string;
  readonly bytes: Uint8Array;
}

function parsePair(id: IdxDatasetId, imagesFile: NamedBytes, labelsFile: NamedBytes, classes: number): ImageSet {
  const images = parseIdx(id, imagesFile, 3);
  const labels = parseIdx(id, labelsFile, 1);
  const [count = 0, height = 0, width = 0] = images.dims;
  if (height < 1 || width < 1 || height > MAX_SIDE || width > MAX_SIDE)
    throw damagedFile(id, imagesFile.name, `it declares images of ${String(width)}×${String(height)} pixels`);
  if (labels.dims[0] !== count) throw damagedFile(id, labelsFile.name, `it has ${String(labels.dims[0])} labels for ${String(count)} images`);
  const wrong = labels.data.findIndex((label) => label >= classes);
  if (wrong >= 0)
    throw damagedFile(
      id,
      labelsFile.name,
      `record ${String(wrong)} has the label ${String(labels.data[wrong])}, but labels go from 0 to ${String(classes - 1)}`,
    );
  return { images: images.data, labels: labels.data, count, height, width, channels: 1 };
}

function parseIdx(id: IdxDatasetId, file: NamedBytes, rank: number): { dims: number[]; data: Uint8Array } {
  const bytes = gunzipIfNeeded(file.name, file.bytes, MAX_UNPACKED);
  const header = 4 + 4 * rank;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const tooShort = damagedFile(id, file.name, `it ends after ${String(bytes.length)} bytes, inside its header`);
  if (bytes.length < 4) throw tooShort;
  // Two zero bytes, the type (8: unsigned byte), the number of dimensions.
  if (view.getUint32(0) !== 0x0800 + rank)
    throw damagedFile(
      id,
      file.name,
      `it starts with ${view.getUint32(0).toString(16)} instead of ${(0x0800 + rank).toString(16)}, so it is not an IDX file of this kind`,
    );
  if (bytes.length < header) throw tooShort;
  const dims = Array.from({ length: rank }, (_, i) => view.getUint32(4 + 4 * i));
  const record = dims.slice(1).reduce((product, n) => product * n, 1);
  const expected = (dims[0] ?? 0) * record;
  const found = bytes.length - header;
  if (found !== expected) {
    throw damagedFile(
      id,
      file.name,
      `record ${String(Math.floor(found / Math.max(record, 1)))} is incomplete or beyond the end: the header declares ${String(expected)} bytes and the file has ${String(found)}`,
    );
  }
  if (expected === 0) throw damagedFile(id, file.name, "it has no records");
  return { dims, data: bytes.slice(header) };
}

function damagedFile(id: IdxDatasetId, name: string, why: string): UserError {
  return new UserError(`${name} of ${CATALOG[id].name} is damaged: ${why}.`, {
    code: "dataset-damaged",
    file: name,
    remedy: `Get it again with "ghn-studio data download ${id}", or copy ${name} again from its source.`,
  });
}
