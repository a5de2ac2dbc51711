import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { DatasetId } from "../../../../src-shared/domain/dataset-facts.ts";
import { isUserError, UserError } from "../../../lib/errors.ts";
import { makeFolder } from "../../../lib/make-folder.ts";
import { type DatasetDescription, describeDataset } from "../access/describe.ts";
import { checkRef } from "../access/locate.ts";
import type { DatasetLocations } from "../images/types.ts";
import { CATALOG, type OfficialFile } from "../official/catalog.ts";
import { requireSpace } from "./disk-space.ts";
import { installOfficial } from "./import.ts";
import { lock } from "./lock.ts";
import { fetchFile, fileSize, type TransferOptions } from "./transfer.ts";

export interface DownloadOptions extends TransferOptions {
  /** Download these files instead of the official ones. */
  readonly files?: readonly OfficialFile[];
  /** Free bytes on the disk of a folder; asks the system by default. */
  readonly freeBytes?: (folder: string) => Promise<number>;
}

/**
 * Downloads an official dataset to `dataRoot/<id>` and opens it. A dataset that is present and complete is left unchanged.
 *
 * Received bytes are kept in `dataRoot/.downloads/<id>` as `.part` files and continued by a Range request after a broken connection,
 * a cancelled download or a crash. Every file is checked against its published MD5 before it gets its final name, all mirrors are tried,
 * and the dataset appears in one step.
 *
 * @returns the description of the installed dataset
 * @throws UserError `download-none`, `download-busy`, `download-failed` (with the answer of each mirror), `disk-full`; the reason of the
 * signal when it is aborted (received bytes are kept)
 */
export async function downloadDataset(id: DatasetId, dataRoot: string, options: DownloadOptions = {}): Promise<DatasetDescription> {
  checkRef({ id });
  const catalog = CATALOG[id];
  const files = options.files ?? catalog.files;
  if (id === "folder" || files.length === 0) {
    throw new UserError(`${catalog.name} cannot be downloaded.`, {
      code: "download-none",
      field: "id",
      remedy: id === "digits" ? "It is bundled with GHN Studio: open it directly." : "Use the path of a folder or archive that contains the images.",
    });
  }
  const locations: DatasetLocations = {
    dataRoot,
    ...(options.onProgress === undefined ? {} : { onProgress: options.onProgress }),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  };
  const present = await describeDataset({ id }, locations).catch((error: unknown) => {
    options.signal?.throwIfAborted();
    if (isUserError(error)) return null;
    throw error;
  });
  if (present !== null && isComplete(present)) return present;

  const folder = join(dataRoot, ".downloads", id);
  makeFolder(folder);
  const unlock = await lock(join(folder, "lock"), catalog.name);
  try {
    await requireSpace(folder, (await missingBytes(folder, files)) + catalog.unpackedBytes, options.freeBytes);
    for (const file of files) await fetchFile(file, join(folder, file.name), options);
    const only = files.length === 1 ? files[0] : undefined;
    await installOfficial(id, only === undefined ? folder : join(folder, only.name), locations, true);
  } finally {
    await unlock();
  }
  await rm(folder, { recursive: true, force: true });
  return describeDataset({ id }, locations);
}

function isComplete({ completeness }: DatasetDescription): boolean {
  return completeness === null || (completeness.trainFound >= completeness.trainExpected && completeness.testFound >= completeness.testExpected);
}

/** Bytes not yet received. */
async function missingBytes(folder: string, files: readonly OfficialFile[]): Promise<number> {
  let missing = 0;
  for (const file of files) {
    const received = Math.max(await fileSize(join(folder, file.name)), await fileSize(join(folder, `${file.name}.part`)));
    missing += Math.max(0, file.bytes - received);
  }
  return missing;
}
