/** Datasets as windows list them. */
export interface DatasetInfo {
  readonly id: string;
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
  readonly downloadBytes: number | null;
  /** Why it cannot be used now, and what to do. */
  readonly problem: { readonly message: string; readonly remedy: string } | null;
}

export interface DatasetPreview {
  /** PNG data URLs with their class index. */
  readonly images: readonly { readonly label: number; readonly url: string }[];
}
