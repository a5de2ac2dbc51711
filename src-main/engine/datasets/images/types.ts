import type { DatasetLayout } from "../../../../src-shared/domain/dataset.ts";
import type { DatasetId } from "../../../../src-shared/domain/dataset-facts.ts";
import type { LeftOut } from "../../../../src-shared/domain/left-out.ts";

/** Identifies a dataset and where to find it. Everything but `id` is optional. */
export interface DatasetRef {
  readonly id: DatasetId;
  /** A folder or an archive (.tar, .tar.gz, .tgz, .zip) to read instead of the data folder. */
  readonly path?: string;
  /** `folder` only: the name under which an image folder was imported. */
  readonly name?: string;
  /** `folder` only: what its folders are, if that is not recognised correctly. */
  readonly layout?: DatasetLayout;
  /** `folder` only: side in pixels to which every image is resized, 4 .. 512; by default 32, or 224 when streamed. */
  readonly imageSize?: number;
  /** `folder` only: 3 (RGB, the default) or 1 (greyscale). */
  readonly channels?: 1 | 3;
  /** `folder` only: the images stay on disk and are decoded when needed. */
  readonly streamed?: boolean;
  /** `folder` only: skip broken images with a note instead of refusing the folder. */
  readonly skipBroken?: boolean;
}

/** Labelled images in one block of memory. */
export interface ImageSet {
  /** `count * height * width * channels` bytes, NHWC, 0 .. 255. */
  readonly images: Uint8Array;
  /** `count` class indices. */
  readonly labels: Uint8Array | Uint16Array;
  readonly count: number;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
}

/** Images found, compared with the official release. */
export interface Completeness {
  readonly trainFound: number;
  readonly trainExpected: number;
  readonly testFound: number;
  readonly testExpected: number;
}

/** Source, licence and citation, for publications and for display. */
export interface Attribution {
  readonly source: string;
  readonly url: string;
  readonly licence: string;
  readonly citation: string;
}

/** A dataset in memory. Statistics are computed from the training part only. */
export interface LoadedDataset {
  readonly id: DatasetId;
  readonly name: string;
  /** The official training part; `splitDataset` takes validation images from it. */
  readonly train: ImageSet;
  /** The official test part, used only at the end of an experiment. */
  readonly test: ImageSet;
  /** Indices into `train` of the dataset's own validation part (`val/` of an image folder). */
  readonly givenValidation?: Uint32Array;
  readonly classNames: readonly string[];
  /** Mean and standard deviation per channel over `train`, on the scale 0 .. 1. */
  readonly mean: readonly number[];
  readonly std: readonly number[];
  /** SHA-256, in hex, over layout, class names, pixels and labels of both parts. */
  readonly fingerprint: string;
  readonly attribution: Attribution;
  /** Where it was read from. */
  readonly foundAt: string;
  readonly completeness?: Completeness;
  /** Image folders: a sentence about how the folder is understood. */
  readonly layout?: string;
  /** Image folders: what is not used. */
  readonly leftOut?: readonly LeftOut[];
  /** More sentences for the user: partial releases, a held-out test part. */
  readonly notes: readonly string[];
}

/** Ascending indices: `train` and `validation` into `dataset.train` (disjoint), `test` into `dataset.test`. */
export interface SplitDataset {
  readonly train: Uint32Array;
  readonly validation: Uint32Array;
  readonly test: Uint32Array;
}

/** Progress of a long operation. `total` is null when it is unknown. */
export interface DatasetProgress {
  readonly phase: "download" | "check" | "unpack" | "read" | "decode";
  /** The current file, for display. */
  readonly what: string;
  readonly done: number;
  readonly total: number | null;
  readonly unit: "bytes" | "images" | "files";
}

/** Where datasets are stored, and callbacks for progress. */
export interface DatasetLocations {
  /** The data folder; `dataRoot/<id>` contains one dataset. */
  readonly dataRoot: string;
  /** Folder of the bundled data; located from the program's own folder by default. */
  readonly bundledRoot?: string;
  /** Folder for the cache of decoded image folders; without it nothing is cached. */
  readonly cacheFolder?: string;
  readonly onProgress?: (progress: DatasetProgress) => void;
  readonly signal?: AbortSignal;
}
