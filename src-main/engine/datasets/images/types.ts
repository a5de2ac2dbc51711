/** The datasets that can be opened by name. `folder` is any folder of images with one subfolder a class. */
export const DATASET_IDS = ["digits", "cifar10", "cifar100", "mnist", "fashion-mnist", "kmnist", "folder"] as const;
export type DatasetId = (typeof DATASET_IDS)[number];

/** Which dataset, and where. Everything but `id` is optional. */
export interface DatasetRef {
  readonly id: DatasetId;
  /** A folder or an archive (.tar, .tar.gz, .tgz, .zip) to read instead of the data folder. */
  readonly path?: string;
  /** `folder` only: the name that an image folder was imported under. */
  readonly name?: string;
  /** `folder` only: side of the square that every image is brought to, 4 .. 512 pixels; 32 unless given, 224 where they are streamed. */
  readonly imageSize?: number;
  /** `folder` only: 3 (RGB, the default) or 1 (grey). */
  readonly channels?: 1 | 3;
  /** `folder` only: the images stay on disk and are decoded when they are needed. */
  readonly streamed?: boolean;
  /** `folder` only: leave broken images out and say so, instead of refusing the folder. */
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

/** How many images an official release has, beside how many were there. */
export interface Completeness {
  readonly trainFound: number;
  readonly trainExpected: number;
  readonly testFound: number;
  readonly testExpected: number;
}

/** What to add to a publication or show beside a picture. */
export interface Attribution {
  readonly source: string;
  readonly url: string;
  readonly licence: string;
  readonly citation: string;
}

/** A dataset in memory. Statistics come from the training part only. */
export interface LoadedDataset {
  readonly id: DatasetId;
  readonly name: string;
  /** The official training part; validation images are split off it by `splitDataset`. */
  readonly train: ImageSet;
  /** The official test part, for the very end of an experiment only. */
  readonly test: ImageSet;
  /** Indices into `train` that the dataset itself names as validation part (`val/` of an image folder). */
  readonly givenValidation?: Uint32Array;
  readonly classNames: readonly string[];
  /** Mean and standard deviation per channel over `train`, in units of 1/255 of the byte range (0 .. 1). */
  readonly mean: readonly number[];
  readonly std: readonly number[];
  /** SHA-256, in hex, over layout, class names, pixels and labels of both parts. */
  readonly fingerprint: string;
  readonly attribution: Attribution;
  /** Where it was read from. */
  readonly foundAt: string;
  readonly completeness?: Completeness;
  /** Whole sentences worth showing: partial releases, images left out, a test part that had to be split off. */
  readonly notes: readonly string[];
}

/** Ascending index arrays: `train` and `validation` into `dataset.train` and disjoint, `test` into `dataset.test`. */
export interface SplitDataset {
  readonly train: Uint32Array;
  readonly validation: Uint32Array;
  readonly test: Uint32Array;
}

/** How far a long piece of work is. `total` is null when it is not known. */
export interface DatasetProgress {
  readonly phase: "download" | "check" | "unpack" | "read" | "decode";
  /** The file at work, for people. */
  readonly what: string;
  readonly done: number;
  readonly total: number | null;
  readonly unit: "bytes" | "images" | "files";
}

/** Where datasets live and whom to tell. */
export interface DatasetLocations {
  /** The data folder; `dataRoot/<id>` holds one dataset. */
  readonly dataRoot: string;
  /** Folder of the bundled data; found beside the program unless given. */
  readonly bundledRoot?: string;
  readonly onProgress?: (progress: DatasetProgress) => void;
  readonly signal?: AbortSignal;
}
