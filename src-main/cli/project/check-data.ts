/** Checks that the images of a run are available before anything starts. */

import type { NetworkInput } from "../../../src-shared/domain/architecture/network.ts";
import { contradictions } from "../../../src-shared/domain/config/check-config.ts";
import type { RunConfig } from "../../../src-shared/domain/config/run-config.ts";
import { leftOutPhrase } from "../../../src-shared/domain/left-out.ts";
import { dataFoldersOf, decodedImagesFolder } from "../../config/folders.ts";
import { configError } from "../../config/load-config.ts";
import { datasetRef } from "../../engine/datasets/access/dataset-ref.ts";
import type { DatasetDescription } from "../../engine/datasets/access/describe.ts";
import { CATALOG } from "../../engine/datasets/official/catalog.ts";
import { isUserError, UserError } from "../../lib/errors.ts";

/**
 * Opens the dataset of a config, so that a missing, damaged or too small one is reported immediately, and checks the
 * config against the images found.
 * @param tell gets lines about how an image folder is understood
 * @returns the network input for these images
 * @throws UserError
 */
export async function checkData(projectFolder: string, config: RunConfig, tell: (line: string) => void): Promise<NetworkInput> {
  const { describeDataset } = await import("../../engine/datasets/access/describe.ts");
  const ref = datasetRef(config.dataset);
  const { id } = ref;
  let dataset: DatasetDescription | null = null;
  let first: unknown = null;
  for (const dataRoot of dataFoldersOf(projectFolder)) {
    try {
      dataset = await describeDataset(ref, { dataRoot, cacheFolder: decodedImagesFolder() });
      break;
    } catch (error) {
      // An error about existing data says more than that data is missing elsewhere.
      if (first === null || (isUserError(first) && first.code === "dataset-missing")) first = error;
      if (ref.path !== undefined) break;
    }
  }
  if (dataset === null) {
    if (isUserError(first) && first.code === "dataset-missing" && id !== "folder" && ref.path === undefined)
      throw new UserError(first.message, {
        code: first.code,
        remedy: `Download it: ghn-studio data download ${id}. Or pass a folder or archive with --data <path>. ghn-studio run demo works without a download.`,
        field: "dataset",
        cause: first,
      });
    throw first;
  }
  const problems = contradictions(config, { trainImages: dataset.trainCount });
  if (problems.length > 0)
    throw configError(problems, `the config (${CATALOG[id].name} at ${dataset.foundAt} has ${dataset.trainCount} training images) or with --set`);
  if (dataset.layout !== null) tell(`Images: ${dataset.layout} (Set dataset.layout if that is wrong.)`);
  for (const entry of dataset.leftOut) tell(`Left out: ${leftOutPhrase(entry)}.`);
  const [height, width, channels] = dataset.shape;
  return { height, width, channels, classes: dataset.classNames.length };
}
