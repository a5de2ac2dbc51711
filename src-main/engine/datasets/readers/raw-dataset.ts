import type { Completeness, ImageSet } from "../images/types.ts";

/** What a reader makes of its files, before statistics and fingerprint. */
export interface RawDataset {
  readonly train: ImageSet;
  readonly test: ImageSet;
  readonly givenValidation?: Uint32Array;
  readonly classNames: readonly string[];
  readonly notes: readonly string[];
  readonly completeness?: Completeness;
}
