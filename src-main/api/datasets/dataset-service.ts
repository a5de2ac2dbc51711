/** Datasets for windows: locations, descriptions, downloads and imports. Descriptions are kept, because making one reads all images. */
import { basename, join } from "node:path";
import type { EventMap } from "../../../src-shared/contract.ts";
import type { NetworkInput } from "../../../src-shared/domain/architecture/network.ts";
import type { DatasetConfig } from "../../../src-shared/domain/dataset.ts";
import type { DatasetId } from "../../../src-shared/domain/dataset-facts.ts";
import type { DatasetInfo, DatasetPreview } from "../../../src-shared/domain/records/dataset-info.ts";
import { datasetRef } from "../../engine/datasets/access/dataset-ref.ts";
import type { DatasetDescription } from "../../engine/datasets/access/describe.ts";
import { type DatasetListing, listDatasets } from "../../engine/datasets/access/listing.ts";
import { folderWith } from "../../engine/datasets/access/locations.ts";
import type { DatasetProgress } from "../../engine/datasets/images/types.ts";
import { removeInterrupted } from "../../engine/datasets/install/interrupted.ts";
import { CATALOG } from "../../engine/datasets/official/catalog.ts";
import { isUserError, UserError } from "../../lib/errors.ts";
import type { Logger } from "../../lib/logger.ts";
import { JobCancelled, runDatasetJob } from "./dataset-jobs.ts";

type Progress = EventMap["dataset.progress"];

export interface DatasetServiceOptions {
  /** Data folder of the user, shared by all projects; downloads go here. */
  readonly dataFolder: string;
  /** Entry of the worker thread. */
  readonly entry: string;
  readonly log: Logger;
  readonly onProgress: (progress: Progress) => void;
}

/** Number of cached descriptions and previews. */
const KEPT = 32;
const PROGRESS_MS = 100;

export class DatasetService {
  private readonly options: DatasetServiceOptions;
  private readonly descriptions = new Map<string, Promise<DatasetDescription>>();
  private readonly previews = new Map<string, Promise<DatasetPreview>>();
  private readonly downloads = new Map<DatasetId, AbortController>();

  constructor(options: DatasetServiceOptions) {
    this.options = options;
    const left = [options.dataFolder, join(options.dataFolder, "folder")].flatMap(removeInterrupted);
    if (left.length > 0) options.log.warning("Leftovers of interrupted imports could not be removed.", left.join("\n"));
  }

  /** Folders with datasets, in order of preference: the project's, then the user's. */
  dataFolders(projectFolder: string | null): readonly string[] {
    return [...(projectFolder === null ? [] : [join(projectFolder, "data")]), this.options.dataFolder];
  }

  /** All known datasets and imported image folders, without opening them. */
  async list(projectFolder: string | null): Promise<DatasetInfo[]> {
    const infos = new Map<string, DatasetInfo>();
    for (const dataRoot of this.dataFolders(projectFolder)) {
      for (const listing of await listDatasets({ dataRoot })) {
        const key = `${listing.id} ${listing.folderName ?? ""}`;
        const before = infos.get(key);
        if (before?.available !== true) infos.set(key, await this.listed(listing, dataRoot));
      }
    }
    return [...infos.values()];
  }

  /** Describes a dataset, which reads all of it once. A dataset that cannot be used is described with its problem. */
  async describe(config: DatasetConfig, projectFolder: string | null): Promise<DatasetInfo> {
    try {
      return infoOf(await this.description(config, projectFolder));
    } catch (error) {
      if (!isUserError(error)) throw error;
      const entry = CATALOG[config.id];
      return { ...unopened(config.id, entry.name), problem: { message: error.message, remedy: error.remedy } };
    }
  }

  /** Image shape and number of classes, as networks need them. Known datasets are not opened. */
  async inputOf(config: DatasetConfig, projectFolder: string | null): Promise<NetworkInput> {
    const { shape, classNames } = CATALOG[config.id];
    if (shape !== null) return { height: shape[0], width: shape[1], channels: shape[2], classes: classNames.length };
    const description = await this.description(config, projectFolder);
    const [height, width, channels] = description.shape;
    return { height, width, channels, classes: description.classNames.length };
  }

  /** Number of training images, if the dataset has been opened before; undefined otherwise. */
  async knownTrainImages(config: DatasetConfig, projectFolder: string | null): Promise<number | undefined> {
    const kept = this.descriptions.get(this.key(config, projectFolder));
    return kept === undefined ? undefined : kept.then((description) => description.trainCount).catch(() => undefined);
  }

  async preview(config: DatasetConfig, perClass: number, projectFolder: string | null): Promise<DatasetPreview> {
    const key = `${this.key(config, projectFolder)} ${perClass}`;
    return keep(this.previews, key, async () => {
      const images = await runDatasetJob(this.options.entry, {
        type: "preview",
        ref: datasetRef(config),
        ...this.locations(config, projectFolder),
        perClass,
      });
      return { images };
    });
  }

  /** Starts a download, which reports its progress as events. A running download continues. */
  download(id: DatasetId): void {
    if (this.downloads.has(id)) return;
    if (CATALOG[id].files.length === 0)
      throw new UserError(`${CATALOG[id].name} cannot be downloaded.`, {
        code: "download-none",
        remedy: id === "digits" ? "It is bundled with GHN Studio: use it directly." : "Import a folder or an archive of images.",
      });
    const abort = new AbortController();
    this.downloads.set(id, abort);
    const report = this.reporter(id);
    report.begin();
    runDatasetJob(this.options.entry, { type: "download", id, dataRoot: this.options.dataFolder }, { signal: abort.signal, onProgress: report.progress })
      .then((description) => {
        this.forgetKept();
        report.end("done", `${description.name} is ready: ${description.trainCount} training and ${description.testCount} test images.`);
      })
      .catch((error: unknown) => {
        if (error instanceof JobCancelled) report.end("cancelled", "The download was cancelled; the received part is kept.");
        else {
          this.options.log.warning(`The download of ${id} failed.`, String(error));
          report.end("failed", isUserError(error) ? `${error.message} ${error.remedy}` : "The download failed; see the log for details.");
        }
      })
      .finally(() => this.downloads.delete(id));
  }

  cancelDownload(id: DatasetId): void {
    this.downloads.get(id)?.abort();
  }

  /** Copies a dataset from a folder or archive to the user's data folder. */
  async import(id: DatasetId, path: string): Promise<DatasetInfo> {
    const report = this.reporter(id);
    report.begin();
    try {
      const name = id === "folder" ? folderName(path) : undefined;
      const description = await runDatasetJob(
        this.options.entry,
        {
          type: "import",
          id,
          path,
          dataRoot: this.options.dataFolder,
          cacheFolder: this.cacheFolder,
          replace: false,
          ...(name === undefined ? {} : { name }),
        },
        { onProgress: report.progress },
      );
      this.forgetKept();
      report.end("done", `${description.name} was imported.`);
      return infoOf(description);
    } catch (error) {
      report.end("failed", isUserError(error) ? error.message : "The import failed.");
      throw error;
    }
  }

  /** Cancels all downloads; received parts are kept. */
  close(): void {
    for (const abort of this.downloads.values()) abort.abort();
  }

  private description(config: DatasetConfig, projectFolder: string | null): Promise<DatasetDescription> {
    return keep(this.descriptions, this.key(config, projectFolder), () =>
      runDatasetJob(this.options.entry, { type: "describe", ref: datasetRef(config), ...this.locations(config, projectFolder) }),
    );
  }

  private key(config: DatasetConfig, projectFolder: string | null): string {
    return keyOf(config, this.rootOf(config, projectFolder));
  }

  private locations(config: DatasetConfig, projectFolder: string | null): { readonly dataRoot: string; readonly cacheFolder: string } {
    return { dataRoot: this.rootOf(config, projectFolder), cacheFolder: this.cacheFolder };
  }

  private get cacheFolder(): string {
    return join(this.options.dataFolder, "cache");
  }

  /** The first data folder that contains the dataset, as the run worker chooses it. */
  private rootOf(config: DatasetConfig, projectFolder: string | null): string {
    return folderWith(this.dataFolders(projectFolder), config.id) ?? this.options.dataFolder;
  }

  private async listed(listing: DatasetListing, dataRoot: string): Promise<DatasetInfo> {
    const bare = unopened(listing.id, listing.name);
    if (listing.foundAt === null) return bare;
    const config = { id: listing.id, ...(listing.folderName === undefined ? {} : { path: listing.foundAt }) } as DatasetConfig;
    const kept = await this.descriptions.get(keyOf(config, dataRoot))?.catch(() => null);
    return kept === undefined || kept === null ? { ...bare, available: true, where: listing.foundAt, problem: null } : { ...infoOf(kept), title: listing.name };
  }

  private forgetKept(): void {
    this.descriptions.clear();
    this.previews.clear();
  }

  private reporter(id: DatasetId): { begin(): void; progress(progress: DatasetProgress): void; end(state: Progress["state"], message: string): void } {
    const total = CATALOG[id].files.reduce((sum, file) => sum + file.bytes, 0);
    const done = new Map<string, number>();
    let last: Progress = { id, receivedBytes: 0, totalBytes: total > 0 ? total : null, state: "running", message: "Starting" };
    let told = Number.NEGATIVE_INFINITY;
    const tell = (next: Progress, always: boolean): void => {
      const changed = next.message !== last.message;
      last = next;
      if (!always && !changed && performance.now() - told < PROGRESS_MS) return;
      told = performance.now();
      this.options.onProgress(next);
    };
    return {
      begin: () => tell(last, true),
      progress: ({ phase, what, done: part, unit }) => {
        if (phase === "download" && unit === "bytes") done.set(what, part);
        const receivedBytes = [...done.values()].reduce((sum, bytes) => sum + bytes, 0);
        tell({ ...last, receivedBytes, message: `${PHASES[phase]} ${basename(what)}` }, false);
      },
      end: (state, message) =>
        tell({ ...last, ...(state === "done" && last.totalBytes !== null ? { receivedBytes: last.totalBytes } : {}), state, message }, true),
    };
  }
}

const PHASES: Readonly<Record<DatasetProgress["phase"], string>> = {
  download: "Downloading",
  check: "Checking",
  unpack: "Unpacking",
  read: "Reading",
  decode: "Decoding",
};

function keep<Value>(kept: Map<string, Promise<Value>>, key: string, make: () => Promise<Value>): Promise<Value> {
  const before = kept.get(key);
  if (before !== undefined) return before;
  const value = make();
  kept.set(key, value);
  // A failure is not kept: the user may fix it.
  value.catch(() => kept.delete(key));
  if (kept.size > KEPT) for (const [oldest] of [...kept].slice(0, 1)) kept.delete(oldest);
  return value;
}

function keyOf({ id, path, layout, imageSize, streamed }: DatasetConfig, dataRoot: string): string {
  return JSON.stringify([id, path ?? null, layout ?? null, imageSize ?? null, streamed === true, dataRoot]);
}

/** A name for an imported folder or archive: its own, without characters that folder names cannot have. */
function folderName(path: string): string {
  const name = basename(path)
    .replace(/\.(tar\.gz|tgz|tar|zip)$/i, "")
    .replaceAll(/[^A-Za-z0-9_-]+/g, "-")
    .replaceAll(/^[_-]+|[_-]+$/g, "")
    .slice(0, 60);
  return name === "" ? "images" : name;
}

/** The catalog entry of a dataset that has not been opened. */
function unopened(id: DatasetId, title: string): DatasetInfo {
  const entry = CATALOG[id];
  const [height, width, channels] = entry.shape ?? [0, 0, 0];
  const bytes = entry.files.reduce((sum, file) => sum + file.bytes, 0);
  const missing =
    bytes > 0
      ? { message: `${entry.name} is not on this computer yet.`, remedy: `Download it (${Math.round(bytes / 1e6)} MB), or import its archive or folder.` }
      : { message: `${title} has no images yet.`, remedy: "Import a folder or an archive with one subfolder for each class." };
  return {
    id,
    title,
    available: false,
    where: null,
    trainImages: entry.trainImages,
    testImages: entry.testImages,
    height,
    width,
    channels,
    classNames: entry.classNames,
    classCounts: [],
    bytes: entry.unpackedBytes,
    fingerprint: null,
    attribution: attributionText(entry.attribution),
    layout: null,
    leftOut: [],
    notes: [],
    downloadBytes: bytes > 0 ? bytes : null,
    problem: missing,
  };
}

function infoOf(description: DatasetDescription): DatasetInfo {
  const [height, width, channels] = description.shape;
  return {
    ...unopened(description.id, description.name),
    available: true,
    where: description.foundAt,
    trainImages: description.trainCount,
    testImages: description.testCount,
    height,
    width,
    channels,
    classNames: description.classNames,
    classCounts: description.trainHistogram,
    bytes: description.bytes,
    fingerprint: description.fingerprint,
    layout: description.layout,
    leftOut: description.leftOut,
    notes: description.notes,
    problem: null,
  };
}

function attributionText({ source, licence, citation }: (typeof CATALOG)[DatasetId]["attribution"]): string {
  return [source, licence, citation].filter((part) => part !== "").join(" · ");
}
