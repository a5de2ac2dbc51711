/** `ghn-studio data`: manages the datasets on this machine. Readers are loaded on demand because they depend on an image library. */
import { basename, resolve } from "node:path";
import { Argument, Command, Option } from "commander";
import { bytes, whole } from "../../../src-shared/analysis/format.ts";
import { DATASET_LAYOUTS, type DatasetLayout } from "../../../src-shared/domain/dataset.ts";
import { DATASET_IDS, type DatasetId } from "../../../src-shared/domain/dataset-facts.ts";
import { leftOutPhrase } from "../../../src-shared/domain/left-out.ts";
import { datasetFolder, decodedImagesFolder } from "../../config/folders.ts";
import type { DatasetDescription } from "../../engine/datasets/access/describe.ts";
import { listDatasets } from "../../engine/datasets/access/listing.ts";
import { CATALOG } from "../../engine/datasets/official/catalog.ts";
import { toFileName } from "../../lib/file-names.ts";
import type { Io } from "../output/io.ts";
import { facts, table } from "../output/tables.ts";
import { TaskProgress } from "../output/task-progress.ts";
import { type JsonFlag, jsonOption, wholeNumber } from "../project/options.ts";
import { cancelOnInterrupt } from "../supervise/interrupt.ts";

const idArgument = (description: string): Argument => new Argument("<dataset>", description).choices([...DATASET_IDS]);

export function dataCommand(io: Io): Command {
  const command = new Command("data").description("list, download and import datasets");
  command
    .command("list", { isDefault: true })
    .description("list datasets, where they are, and how to get the missing ones")
    .addOption(jsonOption())
    .action((options: JsonFlag) => list(io, options.json === true));
  command
    .command("show")
    .description("read a dataset and summarise it: images, classes, layout, fingerprint, licence")
    .addArgument(idArgument("dataset id"))
    .option("--path <folder>", "read from this folder or archive instead of the data folder")
    .addOption(layoutOption())
    .addOption(new Option("--image-size <pixels>", "image folders only: resize images to this size").argParser(wholeNumber(8, 512)))
    .option("--streamed", "image folders only: list the images without decoding them, as streaming runs do")
    .addOption(jsonOption())
    .action(async (id: DatasetId, options: JsonFlag & { path?: string; layout?: DatasetLayout; imageSize?: number; streamed?: true }) => {
      const { describeDataset } = await import("../../engine/datasets/access/describe.ts");
      const description = await describeDataset(
        {
          id,
          ...(options.path === undefined ? {} : { path: resolve(options.path) }),
          ...(options.layout === undefined ? {} : { layout: options.layout }),
          ...(options.imageSize === undefined ? {} : { imageSize: options.imageSize }),
          ...(options.streamed === undefined ? {} : { streamed: true }),
        },
        { dataRoot: datasetFolder(), cacheFolder: decodedImagesFolder() },
      );
      present(io, description, options.json === true);
    });
  command
    .command("download")
    .description("download a dataset from its publisher; interrupted downloads are resumed")
    .addArgument(idArgument("dataset id"))
    .addOption(jsonOption())
    .action(async (id: DatasetId, options: JsonFlag) => {
      const { downloadDataset } = await import("../../engine/datasets/install/download.ts");
      const description = await withProgress(io, (onProgress, signal) => downloadDataset(id, datasetFolder(), { onProgress, signal }));
      present(io, description, options.json === true);
    });
  command
    .command("import")
    .description("check a dataset in a folder or archive (.tar, .tar.gz, .zip) and copy it to the data folder")
    .addArgument(idArgument("dataset id; folder means one subfolder of images per class"))
    .argument("<path>", "folder or archive")
    .option("--name <name>", "image folders only: name of the imported dataset (default: the name of the folder or archive)")
    .addOption(layoutOption())
    .option("--replace", "replace an existing dataset")
    .addOption(jsonOption())
    .action(async (id: DatasetId, path: string, options: JsonFlag & { name?: string; layout?: DatasetLayout; replace?: true }) => {
      const { importDataset } = await import("../../engine/datasets/install/import.ts");
      const description = await withProgress(io, (onProgress, signal) =>
        importDataset(resolve(path), id, datasetFolder(), {
          onProgress,
          signal,
          cacheFolder: decodedImagesFolder(),
          ...(options.layout === undefined ? {} : { layout: options.layout }),
          ...(id === "folder" ? { name: options.name ?? nameFrom(path) } : {}),
          ...(options.replace === undefined ? {} : { replace: true }),
        }),
      );
      present(io, description, options.json === true);
    });
  command
    .command("clean")
    .description("delete the cache of decoded image folders; images are decoded again when needed")
    .addOption(jsonOption())
    .action(async (options: JsonFlag) => {
      const { DecodedCache } = await import("../../engine/datasets/folders/decoded-cache.ts");
      const removed = await new DecodedCache(decodedImagesFolder()).clear();
      if (options.json === true) io.json({ folder: decodedImagesFolder(), ...removed });
      else
        io.out(
          removed.entries === 0 ? "The cache of decoded images is empty." : `Deleted ${bytes(removed.bytes)} of decoded images in ${decodedImagesFolder()}.`,
        );
    });
  return command;
}

function layoutOption(): Option {
  return new Option(
    "--layout <layout>",
    "image folders only: whether each folder is a class or the folders are parts such as train and test; default: automatic",
  ).choices([...DATASET_LAYOUTS]);
}

/** A dataset name from the name of a folder or archive: letters, digits, dots, dashes and underscores. */
export function nameFrom(path: string): string {
  const name = basename(resolve(path)).replace(/\.(zip|tar|tgz|tar\.gz)$/i, "");
  const plain = name
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .replace(/[^\w.-]+/g, "-");
  return toFileName(plain, 64).replace(/^[^A-Za-z0-9]+/, "");
}

async function list(io: Io, json: boolean): Promise<void> {
  const listing = await listDatasets({ dataRoot: datasetFolder() });
  if (json) {
    io.json({ folder: datasetFolder(), datasets: listing });
    return;
  }
  const rows = listing.map((entry) => {
    const catalog = CATALOG[entry.id];
    const shape = catalog.shape === null ? "any" : catalog.shape.join(" × ");
    return [
      entry.folderName === undefined ? entry.id : `${entry.id} (${entry.folderName})`,
      entry.name,
      shape,
      entry.foundAt ?? howToGet(entry.id, entry.downloadBytes),
    ];
  });
  io.out(table(io, [{ title: "Dataset" }, { title: "Name" }, { title: "Image" }, { title: "Where" }], rows));
  io.note(`\nData folder: ${datasetFolder()} (set GHN_STUDIO_DATA to change it).`);
}

function howToGet(id: DatasetId, downloadBytes: number): string {
  if (id === "folder") return "use --data <folder>, or ghn-studio data import folder <folder>";
  return downloadBytes > 0 ? `missing: ghn-studio data download ${id} (${bytes(downloadBytes)})` : `missing: ghn-studio data import ${id} <folder>`;
}

function present(io: Io, description: DatasetDescription, json: boolean): void {
  if (json) {
    io.json(description);
    return;
  }
  const { completeness, attribution } = description;
  io.out(io.style("bold", description.name));
  io.out(
    facts(io, [
      ["Location", description.foundAt],
      ...(description.layout === null ? [] : [["Layout", description.layout] as const]),
      ["Images", `${whole(description.trainCount)} for training and validation, ${whole(description.testCount)} for testing`],
      ["Image", description.shape.join(" × ")],
      ["Classes", `${description.classNames.length}: ${shorten(description.classNames.join(", "), io.width - 30)}`],
      [description.streamed === true ? "On disk" : "Memory", bytes(description.bytes)],
      ...description.leftOut.map((entry, index) => [index === 0 ? "Left out" : "", leftOutPhrase(entry)] as const),
      ["Fingerprint", description.fingerprint],
      ...(completeness === null || (completeness.trainFound === completeness.trainExpected && completeness.testFound === completeness.testExpected)
        ? []
        : [
            [
              "Incomplete",
              `${whole(completeness.trainFound)} of ${whole(completeness.trainExpected)} training and ${whole(completeness.testFound)} of ${whole(completeness.testExpected)} test images; enough for quick experiments`,
            ] as const,
          ]),
      ["Source", `${attribution.source} (${attribution.url})`],
      ["Licence", attribution.licence],
      ["Citation", attribution.citation],
    ]),
  );
  for (const note of description.notes) io.note(note);
}

async function withProgress(
  io: Io,
  work: (onProgress: TaskProgress["report"], signal: AbortSignal) => Promise<DatasetDescription>,
): Promise<DatasetDescription> {
  const progress = new TaskProgress(io);
  const interrupt = cancelOnInterrupt(io, "Cancelling. Partial downloads are kept.");
  try {
    return await work(progress.report, interrupt.signal);
  } catch (error) {
    if (interrupt.signal.aborted) interrupt.exit();
    throw error;
  } finally {
    progress.end();
    interrupt.release();
  }
}

function shorten(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}…`;
}
