import { basename } from "node:path";
import type { DatasetId } from "../../../../src-shared/domain/dataset-facts.ts";
import type { LeftOut } from "../../../../src-shared/domain/left-out.ts";
import { classHistogram } from "../images/split.ts";
import type { Attribution, Completeness, DatasetLocations, DatasetRef, LoadedDataset } from "../images/types.ts";
import { CATALOG } from "../official/catalog.ts";
import type { ImageIndex } from "../streaming/image-index.ts";
import { STREAMED_SIDE, STREAMED_STATISTICS } from "../streaming/limits.ts";
import { openDataset, openIndex } from "./open.ts";

/** Maximum number of classes named in a note. */
const MOST_NAMED = 10;

/** Description of a dataset for the user. */
export interface DatasetDescription {
  readonly id: DatasetId;
  readonly name: string;
  readonly trainCount: number;
  readonly testCount: number;
  readonly givenValidationCount: number;
  /** Height, width, channels. */
  readonly shape: readonly [height: number, width: number, channels: number];
  readonly classNames: readonly string[];
  /** Training images per class, in the order of `classNames`. */
  readonly trainHistogram: readonly number[];
  readonly testHistogram: readonly number[];
  /** Bytes in memory, pixels and labels of both parts; for a streamed dataset the bytes of its files. */
  readonly bytes: number;
  /** Present and true if the images stay on disk. */
  readonly streamed?: true;
  readonly foundAt: string;
  readonly fingerprint: string;
  readonly mean: readonly number[];
  readonly std: readonly number[];
  readonly attribution: Attribution;
  readonly completeness: Completeness | null;
  /** How an image folder was interpreted; null for other datasets. */
  readonly layout: string | null;
  /** Files of an image folder that are not used. */
  readonly leftOut: readonly LeftOut[];
  readonly notes: readonly string[];
}

/** Opens a dataset, or indexes a streamed one, and describes it; errors as `openDataset`. */
export async function describeDataset(ref: DatasetRef, locations: DatasetLocations): Promise<DatasetDescription> {
  return ref.streamed === true ? describeIndex(ref, await openIndex(ref, locations)) : describeLoaded(await openDataset(ref, locations));
}

function describeIndex(ref: DatasetRef, index: ImageIndex): DatasetDescription {
  const { train, test, classNames } = index;
  const side = ref.imageSize ?? STREAMED_SIDE;
  return {
    id: ref.id,
    name: ref.name ?? basename(index.root),
    trainCount: train.count,
    testCount: test.count,
    givenValidationCount: index.givenValidation?.length ?? 0,
    shape: [side, side, 3],
    classNames,
    trainHistogram: classHistogram(train, classNames.length),
    testHistogram: classHistogram(test, classNames.length),
    bytes: index.bytes,
    streamed: true,
    foundAt: index.root,
    fingerprint: index.fingerprint,
    ...STREAMED_STATISTICS,
    attribution: CATALOG[ref.id].attribution,
    completeness: null,
    layout: index.layout,
    leftOut: index.leftOut,
    notes: [...index.notes, ...fewImages(classNames, classHistogram(train, classNames.length))],
  };
}

function describeLoaded(dataset: LoadedDataset): DatasetDescription {
  const { train, test, classNames } = dataset;
  return {
    id: dataset.id,
    name: dataset.name,
    trainCount: train.count,
    testCount: test.count,
    givenValidationCount: dataset.givenValidation?.length ?? 0,
    shape: [train.height, train.width, train.channels],
    classNames,
    trainHistogram: classHistogram(train, classNames.length),
    testHistogram: classHistogram(test, classNames.length),
    bytes: train.images.byteLength + train.labels.byteLength + test.images.byteLength + test.labels.byteLength,
    foundAt: dataset.foundAt,
    fingerprint: dataset.fingerprint,
    mean: dataset.mean,
    std: dataset.std,
    attribution: dataset.attribution,
    completeness: dataset.completeness ?? null,
    layout: dataset.layout ?? null,
    leftOut: dataset.leftOut ?? [],
    notes: [...dataset.notes, ...fewImages(classNames, classHistogram(train, classNames.length))],
  };
}

/** A class with a single image has none for validation. */
function fewImages(classNames: readonly string[], histogram: readonly number[]): string[] {
  const single = classNames.filter((_, label) => histogram[label] === 1);
  if (single.length === 0) return [];
  const named = `${single.slice(0, MOST_NAMED).join(", ")}${single.length > MOST_NAMED ? ", …" : ""}`;
  return [
    `${single.length === 1 ? "The class" : `${String(single.length)} classes`} ${named} ${single.length === 1 ? "has" : "have"} a single image for training and none for validation.`,
  ];
}
