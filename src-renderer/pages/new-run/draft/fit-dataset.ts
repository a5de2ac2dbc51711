import { valueAt, withValueAt } from "../../../../src-shared/domain/config/config-diff.ts";
import { DATASETS } from "../../../../src-shared/domain/dataset-facts.ts";
import type { DatasetInfo } from "../../../../src-shared/domain/records/dataset-info.ts";
import type { EditedConfig } from "./config-parts.ts";

export interface Fitted {
  readonly config: EditedConfig;
  /** Paths that were changed. */
  readonly changed: readonly string[];
}

/** Adjusts settings that are invalid for a dataset; all others stay as they are. */
export function fitToDataset(config: EditedConfig, info: Pick<DatasetInfo, "id" | "trainImages" | "height" | "width">): Fitted {
  let next: unknown = config;
  const changed: string[] = [];
  const put = (path: string, value: unknown): void => {
    if (valueAt(next, path) === value) return;
    next = withValueAt(next, path, value);
    changed.push(path);
  };
  const lower = (path: string, most: number): void => {
    const value = valueAt(next, path);
    if (typeof value === "number" && value > most) put(path, most);
  };
  if (info.trainImages > 0) {
    const held = valueAt(next, "dataset.validationImages");
    if (typeof held === "number" && held > info.trainImages / 3) put("dataset.validationImages", Math.max(10, Math.floor(info.trainImages / 6)));
    const now = valueAt(next, "dataset.validationImages");
    const most = typeof now === "number" ? now : info.trainImages;
    for (const path of ["training.validationImages", "search.validationImages", "search.batchSize", "validationImages"]) lower(path, most);
    for (const place of variantPlaces(next)) lower(`${place}.training.validationImages`, most);
    lower("dataset.trainImages", info.trainImages);
    const left = Math.max(1, info.trainImages - (typeof now === "number" ? now : 0));
    for (const group of trainingGroups(next)) lower(`${group}.batchSize`, left);
  }
  const side = Math.min(info.height, info.width);
  for (const group of trainingGroups(next)) {
    if (valueAt(next, `${group}.augmentation`) === undefined) continue;
    if (!DATASETS[info.id].augmentation.horizontalFlip) put(`${group}.augmentation.horizontalFlip`, false);
    if (side <= 0) continue;
    lower(`${group}.augmentation.cropPadding`, Math.max(1, Math.floor(side / 8)));
    lower(`${group}.augmentation.cutout`, Math.floor(side / 2));
  }
  for (const group of ["network", "finalNetwork"]) {
    const reductions = valueAt(next, `${group}.reductions`);
    const halvings = side > 0 ? Math.floor(Math.log2(side)) : 8;
    if (Array.isArray(reductions) && reductions.length > halvings) put(`${group}.reductions`, reductions.slice(0, halvings));
  }
  const scales = valueAt(next, "space.scales");
  if (side > 0 && typeof scales === "number") lower("space.scales", 1 + Math.floor(Math.log2(side)));
  return { config: next as EditedConfig, changed };
}

/** Paths of everything that trains on the images. */
function trainingGroups(config: unknown): string[] {
  return ["training", "compare", "final", "truth", "predictors.sgd", ...variantPlaces(config).map((place) => `${place}.training`)];
}

/** Paths of the variants of a study; none in other runs. */
function variantPlaces(config: unknown): string[] {
  const variants = valueAt(config, "variants");
  return Array.isArray(variants) ? variants.map((_, i) => `variants.${i}`) : [];
}
