import type { DatasetConfig } from "../../../../src-shared/domain/dataset.ts";
import type { DatasetRef } from "../images/types.ts";

/** The reference to the dataset of a run's config. */
export function datasetRef({ id, path, layout, imageSize, streamed }: DatasetConfig): DatasetRef {
  return {
    id,
    ...(path === undefined || path === "" ? {} : { path }),
    ...(layout === undefined ? {} : { layout }),
    ...(imageSize === undefined ? {} : { imageSize }),
    ...(streamed === true ? { streamed } : {}),
  };
}
