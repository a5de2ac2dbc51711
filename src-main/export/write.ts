/** Writes the files of an export: all or none, never over existing ones, each with its checksum. */
import { createHash, randomUUID } from "node:crypto";
import { rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { explicit } from "../../src-shared/domain/config/migrate-config.ts";
import type { ExportedFile, ExportOptions, ExportSubject } from "../../src-shared/domain/records/exports.ts";
import type { SplitFacts } from "../engine/formats/manifest-text.ts";
import { UserError } from "../lib/errors.ts";
import { fileNameProblem, truncateBytes } from "../lib/file-names.ts";
import { systemErrorCode, writeFileAtomic } from "../lib/files.ts";
import { makeFolder } from "../lib/make-folder.ts";
import type { ChildLauncher } from "../runs/child/launcher.ts";
import { svgToPng } from "./cell-picture.ts";
import { EXPORT_FORMATS, type ExportFormat, obstacle } from "./choices.ts";
import { freeBaseName, placeAll } from "./export-folder.ts";
import { copyWeights, sourceOf } from "./origin.ts";
import type { ExportProject } from "./space-export.ts";
import { type Exportable, exportOf, resolveSubject } from "./subject.ts";
import { NETWORK_FORMATS, type NetworkFormat, writeNetwork } from "./write-network.ts";

export interface WriteOptions {
  /** Colours of pictures; light by default. */
  readonly theme?: "light" | "dark";
  /** Starts CSV files with a byte order mark, which Excel needs to read UTF-8. */
  readonly byteOrderMark?: boolean;
  /** How networks are written and checked. */
  readonly network?: ExportOptions;
  /** Starts export-worker; Node by default. */
  readonly launcher?: ChildLauncher;
}

/** The suffixes that each format appends to the base name. */
const SUFFIXES: Readonly<Record<ExportFormat, readonly string[]>> = {
  "cell-json": [".cell.json"],
  "cell-genotype": [".genotype.txt"],
  "cell-svg": [".svg"],
  "cell-png": [".png"],
  "cell-dot": [".dot"],
  "weights-safetensors": [".safetensors", ".manifest.json"],
  onnx: [".onnx"],
  pytorch: [".py", ".pytorch.safetensors"],
  "config-json": [".config.json"],
  "candidates-csv": [".candidates.csv"],
};

/** Bytes of a file name that suffixes and a number need. */
const SUFFIX_BYTES = 35;

/**
 * Exports a subject to a folder, which is created if missing. If files of that name exist, the same number is
 * appended to the names of all files of this export; files are never replaced.
 * @throws UserError `export-format`, `export-name`, `export-unavailable`, `export-missing` or `row-damaged` for what is asked for; `path-outside`, `weights-missing`, `weights-damaged`,
 * `weights-foreign`, `training-diverged`, `safetensors-damaged`, `ghn-damaged` or `ghn-unreadable` for its files; `export-folder`, `not-writable` or `disk-full` for the folder; and those of
 * the export of networks: `export-memory`, `export-crashed`, `export-unverified`, and errors of the backend and the dataset. Then no files are left behind.
 */
export async function writeExport(
  project: ExportProject,
  subject: ExportSubject,
  formats: readonly string[],
  folder: string,
  baseName: string,
  options: WriteOptions = {},
): Promise<ExportedFile[]> {
  const wanted = checkFormats(formats);
  const problem = baseName.startsWith(".") ? "starts with a dot" : fileNameProblem(baseName, SUFFIX_BYTES);
  if (problem !== null)
    throw new UserError(`"${truncateBytes(baseName, 80)}" cannot be used as a file name: it ${problem}.`, {
      code: "export-name",
      remedy: "Choose another name.",
    });
  const exportable = resolveSubject(project, subject);
  for (const format of wanted) {
    const reason = await obstacle(project, exportable, format, options.network);
    if (reason !== null)
      throw new UserError(`${format} cannot be exported: ${reason}`, { code: "export-unavailable", remedy: "Omit this format, or choose another cell." });
  }
  const target = resolve(folder);
  const work = join(target, `.export-${randomUUID()}.tmp`);
  const suffixes = wanted.flatMap((format) => SUFFIXES[format]);
  try {
    try {
      makeFolder(work);
    } catch (cause) {
      throw cannotUse(target, cause);
    }
    for (let first = 1; ; ) {
      const free = await freeBaseName(target, baseName, suffixes, first);
      const files: ExportedFile[] = [];
      const networks = NETWORK_FORMATS.filter((format) => wanted.includes(format));
      for (const format of wanted) if (!isNetwork(format)) files.push(...(await writeFormat(project, exportable, format, work, free.baseName, options)));
      if (networks.length > 0) files.push(...(await writeNetwork(project, exportable, { work, base: free.baseName, formats: networks, ...options })));
      const moves = files.map(({ path }) => ({ from: path, to: join(target, path.slice(work.length + 1)) }));
      if (await placeAll(moves)) return files.map((file, i) => ({ ...file, path: moves[i]?.to ?? file.path }));
      first = free.number + 1;
    }
  } catch (error) {
    throw systemErrorCode(error) === "ENOSPC" ? cannotUse(target, error) : error;
  } finally {
    // A failed cleanup must not hide why the export failed.
    await rm(work, { recursive: true, force: true }).catch(() => undefined);
  }
}

function checkFormats(formats: readonly string[]): ExportFormat[] {
  const unknown = formats.filter((format) => !EXPORT_FORMATS.some((known) => known === format));
  if (unknown.length > 0 || formats.length === 0)
    throw new UserError(
      unknown.length === 0 ? "No export format is given." : `There is no export format ${unknown.map((format) => `"${format}"`).join(", ")}.`,
      {
        code: "export-format",
        remedy: `Choose among ${EXPORT_FORMATS.join(", ")}.`,
      },
    );
  return EXPORT_FORMATS.filter((format) => formats.includes(format));
}

function isNetwork(format: ExportFormat): format is NetworkFormat {
  return NETWORK_FORMATS.some((network) => network === format);
}

async function writeFormat(
  project: ExportProject,
  exportable: Exportable,
  format: Exclude<ExportFormat, NetworkFormat>,
  work: string,
  base: string,
  options: WriteOptions,
): Promise<ExportedFile[]> {
  const write = async (suffix: string, content: string | Uint8Array): Promise<ExportedFile> => {
    const path = join(work, `${base}${suffix}`);
    const data = typeof content === "string" ? Buffer.from(content) : content;
    await writeFileAtomic(path, data);
    return { path, bytes: data.byteLength, sha256: createHash("sha256").update(data).digest("hex"), format };
  };
  const space = exportOf(exportable);
  const drawing = (): Promise<string> => space.drawing(exportable, { title: exportable.name, ...options });
  const mark = options.byteOrderMark === true ? "\ufeff" : "";
  switch (format) {
    case "cell-json":
      return [await write(".cell.json", space.file(exportable, { name: exportable.name, source: sourceOf(exportable), meta: metaOf(exportable) }))];
    case "cell-genotype":
      return [await write(".genotype.txt", `# ${oneLine(exportable.name)}: ${oneLine(sourceOf(exportable))}\n${space.genotype(exportable)}`)];
    case "cell-svg":
      return [await write(".svg", await drawing())];
    case "cell-png":
      return [await write(".png", await svgToPng(await drawing()))];
    case "cell-dot":
      return [await write(".dot", space.dot(exportable, exportable.name))];
    case "config-json":
      return [await write(".config.json", `${JSON.stringify(explicit(exportable.config), null, 2)}\n`)];
    case "candidates-csv":
      return [await write(".candidates.csv", `${mark}${space.table(project, exportable.family)}`)];
    case "weights-safetensors": {
      if (exportable.weights === null) throw new Error("Weights were checked to be there.");
      const copy = await copyWeights(project, exportable.weights, join(work, `${base}.safetensors`));
      const origin = { run: exportable.run.id, runName: exportable.run.name, source: sourceOf(exportable) };
      return [{ ...copy, format }, await write(".manifest.json", await space.manifest(copy.path, `${base}.safetensors`, copy, origin, splitOf(exportable)))];
    }
  }
}

/** Text for a comment. */
function oneLine(text: string): string {
  return text.replace(/[\r\n\u2028\u2029]+/g, " ");
}

/** Every run measures the whole test part. */
function splitOf({
  trainedBy: {
    config: { dataset },
  },
}: Exportable): SplitFacts {
  const { validationImages, trainImages = null, splitSeed } = dataset;
  return { validationImages, trainImages, splitSeed, test: "all images of the dataset's test part" };
}

function metaOf(exportable: Exportable): Record<string, string | number | boolean | null> {
  const { run } = exportable;
  return { run: run.id, dataset: run.datasetId, ...exportOf(exportable).meta(exportable) };
}

function cannotUse(folder: string, cause: unknown): unknown {
  const code = systemErrorCode(cause);
  if (code === "ENOSPC" || code === "EDQUOT")
    return new UserError(`The disk is full: cannot write to ${folder}.`, {
      code: "disk-full",
      file: folder,
      remedy: "Free some space, or choose another folder.",
      cause,
    });
  if (code === undefined) return cause;
  return new UserError(`Cannot write to ${folder} (${code}).`, {
    code: "export-folder",
    file: folder,
    remedy: "Choose a folder with write permission.",
    cause,
  });
}
