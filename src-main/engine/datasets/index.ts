export { type Augmentation, checkAugmentation, NO_AUGMENTATION, type Normalisation } from "./images/augment.ts";
export { type BatchIndices, BatchMaker, EpochSampler, evaluationBatches, type ImageBatch, type SamplerOptions, type SamplerState } from "./images/batching.ts";
export { CATALOG, type CatalogEntry, type OfficialFile } from "./images/catalog.ts";
export { imagePng, type PreviewImage, previewImages } from "./images/preview.ts";
export { classHistogram, type SplitOptions, splitDataset, takeImages } from "./images/split.ts";
export { type ChannelStatistics, channelStatistics } from "./images/statistics.ts";
export * from "./images/types.ts";
export { type DownloadOptions, downloadDataset } from "./install/download.ts";
export { type ImportOptions, importDataset } from "./install/import.ts";
export {
  type DatasetDescription,
  type DatasetListing,
  describeDataset,
  describeIndex,
  describeLoaded,
  listDatasets,
  openDataset,
  openIndex,
  previewDataset,
} from "./open.ts";
export { type ImageIndex, type ImageList, indexImages } from "./streaming/image-index.ts";
