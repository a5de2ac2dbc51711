/** Datasets as windows list them. */
import type { DatasetId } from "../dataset-facts.ts";
import type { LeftOut } from "../left-out.ts";
export interface DatasetInfo {
  readonly id: DatasetId;
  readonly title: string;
  readonly available: boolean;
  readonly where: string | null;
  readonly trainImages: number;
  readonly testImages: number;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly classNames: readonly string[];
  readonly classCounts: readonly number[];
  readonly bytes: number;
  readonly fingerprint: string | null;
  readonly attribution: string;
  /** How an image folder is understood; null for other datasets and for folders that have not been opened. */
  readonly layout: string | null;
  /** Files of an image folder that are not used. */
  readonly leftOut: readonly LeftOut[];
  /** More sentences for the user. */
  readonly notes: readonly string[];
  readonly downloadBytes: number | null;
  /** Why the dataset cannot be used now, and what to do. */
  readonly problem: { readonly message: string; readonly remedy: string } | null;
}

export interface DatasetPreview {
  /** PNG data URLs with their class index. */
  readonly images: readonly { readonly label: number; readonly url: string }[];
}
