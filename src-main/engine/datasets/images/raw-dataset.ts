import type { Completeness, ImageSet } from "./types.ts";

/** The result of a reader, before statistics and fingerprint are computed. */
export interface RawDataset {
  readonly train: ImageSet;
  readonly test: ImageSet;
  readonly givenValidation?: Uint32Array;
  readonly classNames: readonly string[];
  readonly notes: readonly string[];
  readonly completeness?: Completeness;
}
