export { type Augmentation, checkAugmentation, NO_AUGMENTATION, type Normalisation } from "./augment.ts";
export { type BatchIndices, BatchMaker, EpochSampler, evaluationBatches, type ImageBatch, type SamplerOptions, type SamplerState } from "./batching.ts";
export { CATALOG, type CatalogEntry, type OfficialFile } from "./catalog.ts";
export { type DownloadOptions, downloadDataset } from "./download.ts";
export { type ImportOptions, importDataset } from "./import.ts";
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
export { imagePng, type PreviewImage, previewImages } from "./preview.ts";
export { classHistogram, type SplitOptions, splitDataset, takeImages } from "./split.ts";
export { type ChannelStatistics, channelStatistics } from "./statistics.ts";
export { type ImageIndex, type ImageList, indexImages } from "./streaming/image-index.ts";
export * from "./types.ts";
