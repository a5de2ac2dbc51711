/** `ghn-studio data`: the datasets of this machine. Readers depend on an image library, so only the commands that read images load them. */
import { resolve } from "node:path";
import { Argument, Command, Option } from "commander";
import { bytes, whole } from "../../../src-shared/analysis/format.ts";
import { DATASET_IDS, type DatasetId } from "../../../src-shared/domain/dataset.ts";
import { datasetFolder } from "../../config/folders.ts";
import type { DatasetDescription } from "../../engine/datasets/access/describe.ts";
import { listDatasets } from "../../engine/datasets/access/listing.ts";
import { CATALOG } from "../../engine/datasets/official/catalog.ts";
import { isUserError } from "../../lib/errors.ts";
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
    .description("the datasets, where they are, and how to get those that are missing")
    .addOption(jsonOption())
    .action((options: JsonFlag) => list(io, options.json === true));
  command
    .command("show")
    .description("read a dataset and sum it up: images, classes, statistics, fingerprint, licence")
    .addArgument(idArgument("which dataset"))
    .option("--path <folder>", "read it from this folder or archive instead of the data folder")
    .addOption(new Option("--image-size <pixels>", "image folders only: side that every image is brought to").argParser(wholeNumber(8, 512)))
    .option("--streamed", "image folders only: list the images without decoding them, as runs see them that stream from disk")
    .addOption(jsonOption())
    .action(async (id: DatasetId, options: JsonFlag & { path?: string; imageSize?: number; streamed?: true }) => {
      const { describeDataset } = await import("../../engine/datasets/access/describe.ts");
      const description = await describeDataset(
        {
          id,
          ...(options.path === undefined ? {} : { path: resolve(options.path) }),
          ...(options.imageSize === undefined ? {} : { imageSize: options.imageSize }),
          ...(options.streamed === undefined ? {} : { streamed: true }),
        },
        { dataRoot: datasetFolder() },
      );
      present(io, description, options.json === true);
    });
  command
    .command("download")
    .description("download a dataset from its publisher; broken downloads continue where they stopped")
    .addArgument(idArgument("which dataset"))
    .addOption(jsonOption())
    .action(async (id: DatasetId, options: JsonFlag) => {
      const { downloadDataset } = await import("../../engine/datasets/install/download.ts");
      const description = await withProgress(io, (onProgress, signal) => downloadDataset(id, datasetFolder(), { onProgress, signal }));
      present(io, description, options.json === true);
    });
  command
    .command("import")
    .description("copy a dataset from a folder or archive (.tar, .tar.gz, .zip) into the data folder, after checking it")
    .addArgument(idArgument("what it is; folder means one subfolder of images for each class"))
    .argument("<path>", "folder or archive")
    .option("--name <name>", "image folders only: the name to keep it under")
    .option("--replace", "replace the dataset that is there already")
    .addOption(jsonOption())
    .action(async (id: DatasetId, path: string, options: JsonFlag & { name?: string; replace?: true }) => {
      const { importDataset } = await import("../../engine/datasets/install/import.ts");
      const description = await withProgress(io, (onProgress, signal) =>
        importDataset(resolve(path), id, datasetFolder(), {
          onProgress,
          signal,
          ...(options.name === undefined ? {} : { name: options.name }),
          ...(options.replace === undefined ? {} : { replace: true }),
        }),
      );
      present(io, description, options.json === true);
    });
  return command;
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
  io.note(`\nData folder: ${datasetFolder()} (set GHN_STUDIO_DATA to use another).`);
}

function howToGet(id: DatasetId, downloadBytes: number): string {
  if (id === "folder") return "name a folder: --set dataset.path=<folder>, or ghn-studio data import folder <folder>";
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
      ["Found at", description.foundAt],
      ["Images", `${whole(description.trainCount)} for training and validation, ${whole(description.testCount)} for testing`],
      ["Image", description.shape.join(" × ")],
      ["Classes", `${description.classNames.length}: ${shorten(description.classNames.join(", "), io.width - 30)}`],
      [description.streamed === true ? "On disk" : "Memory", bytes(description.bytes)],
      ["Fingerprint", description.fingerprint],
      ...(completeness === null || (completeness.trainFound === completeness.trainExpected && completeness.testFound === completeness.testExpected)
        ? []
        : [
            [
              "Incomplete",
              `${whole(completeness.trainFound)} of ${whole(completeness.trainExpected)} training and ${whole(completeness.testFound)} of ${whole(completeness.testExpected)} test images: good for trying things out`,
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
  const interrupt = cancelOnInterrupt(io, "Cancelling; what has arrived is kept.");
  try {
    return await work(progress.report, interrupt.signal);
  } catch (error) {
    if (interrupt.signal.aborted && !isUserError(error)) interrupt.exit();
    throw error;
  } finally {
    progress.end();
    interrupt.release();
  }
}

function shorten(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}…`;
}
