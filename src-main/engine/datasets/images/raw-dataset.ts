import type { LoadedDataset } from "./types.ts";

/** The result of a reader, before statistics and fingerprint are computed. */
export type RawDataset = Pick<LoadedDataset, "train" | "test" | "givenValidation" | "classNames" | "layout" | "leftOut" | "notes" | "completeness">;
