/** Networks for other programs, written and checked in a process of their own. */
import { createHash, randomUUID } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { EXPORT_DEFAULTS, type ExportedFile, type ExportOptions } from "../../src-shared/domain/records/exports.ts";
import { dataFoldersOf } from "../config/folders.ts";
import { packageVersion } from "../config/version.ts";
import { entryPath } from "../lib/entries.ts";
import { type ChildLauncher, nodeLauncher } from "../runs/child/launcher.ts";
import { type ExportFormat, generatedSource } from "./choices.ts";
import type { NetworkExportJob, NetworkFile, NetworkSource } from "./network/job.ts";
import { runNetworkExport } from "./network/run-export.ts";
import { copyGhn, copyWeights, sourceOf } from "./origin.ts";
import type { ExportProject, FrozenSettings } from "./space-export.ts";
import { type Exportable, exportOf } from "./subject.ts";
import { fileChecksum } from "./weights-package.ts";

/** Formats that contain a whole network. */
export const NETWORK_FORMATS = ["onnx", "pytorch"] as const satisfies readonly ExportFormat[];
export type NetworkFormat = (typeof NETWORK_FORMATS)[number];

interface NetworkWriteOptions {
  /** Folder for the files. */
  readonly work: string;
  /** Name of the files without suffix. */
  readonly base: string;
  readonly network?: ExportOptions;
  readonly formats: readonly NetworkFormat[];
  /** Starts export-worker; Node by default. */
  readonly launcher?: ChildLauncher;
}

/**
 * Writes a network, and runs it on test images.
 * @throws UserError `weights-damaged`, `export-unverified`, `export-crashed`, and those of the backend and of GHN files
 */
export async function writeNetwork(
  project: ExportProject,
  exportable: Exportable,
  { work, base, formats, launcher, network = EXPORT_DEFAULTS }: NetworkWriteOptions,
): Promise<ExportedFile[]> {
  const scratch = join(work, `network-${randomUUID()}`);
  await mkdir(scratch);
  const { source, settings } = await networkSource(project, exportable, network, scratch);
  const job: NetworkExportJob = {
    source,
    config: settings.config,
    dataFolders: dataFoldersOf(project.folder),
    name: exportable.name,
    version: packageVersion(),
    provenance: provenanceOf(exportable, settings, network),
    files: formats.map((format) => fileOf(format, join(work, base), network)),
    verifyImages: network.verifyImages,
  };
  const written = await runNetworkExport(launcher ?? nodeLauncher({ script: entryPath("export-worker") }), job, scratch);
  return Promise.all(
    written.map(async ({ path, format, verification }) => ({
      path,
      format,
      ...(await fileChecksum(path)),
      ...(verification === null ? {} : { verification }),
    })),
  );
}

function fileOf(format: NetworkFormat, path: string, { opset, foldBatchNorm, preprocessing }: ExportOptions): NetworkFile {
  return format === "onnx"
    ? { format, path: `${path}.onnx`, options: { opset, foldBatchNorm, preprocessing } }
    : { format, module: `${path}.py`, weights: `${path}.pytorch.safetensors` };
}

/** The checked weights of the training, or the GHN; with the settings of the run that trained or scored the network. */
async function networkSource(
  project: ExportProject,
  exportable: Exportable,
  { generatedWeights }: ExportOptions,
  scratch: string,
): Promise<{ readonly source: NetworkSource; readonly settings: FrozenSettings }> {
  if (exportable.weights !== null && !generatedWeights) {
    const { path } = await copyWeights(project, exportable.weights, join(scratch, "weights.safetensors"));
    return { source: { from: "training", file: path }, settings: exportable.trainedBy };
  }
  const generated = generatedSource(project, exportable);
  if ("reason" in generated) throw new Error("The source of the weights was checked to be there.");
  const file = join(scratch, "ghn.safetensors");
  await copyGhn(project, generated.ghn, file);
  return { source: { from: "ghn", file, architecture: generated.architecture }, settings: generated.settings };
}

/** Where a network comes from, as text by key. */
function provenanceOf(exportable: Exportable, settings: FrozenSettings, { generatedWeights }: ExportOptions): Record<string, string> {
  const { run } = exportable;
  const shown = generatedWeights ? { ...exportable, training: null } : exportable;
  return {
    source: sourceOf(shown),
    run: run.id,
    runName: run.name,
    configSha256: createHash("sha256").update(JSON.stringify(settings.config)).digest("hex"),
    codeVersion: settings.codeVersion,
    program: `GHN Studio ${packageVersion()}`,
    dataset: run.datasetId,
    ...Object.fromEntries(Object.entries(exportOf(shown).meta(shown)).flatMap(([key, value]) => (value === null ? [] : [[key, String(value)]]))),
  };
}
