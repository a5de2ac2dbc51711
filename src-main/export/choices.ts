/** The formats that a subject can be exported in. */
import { stat } from "node:fs/promises";
import type { ExportChoice, ExportOptions, ExportSubject } from "../../src-shared/domain/records/exports.ts";
import type { Artifact } from "../../src-shared/domain/records/run.ts";
import { isUserError } from "../lib/errors.ts";
import { ghnArtifact } from "../runs/sources/ghn-source.ts";
import { artifactFile } from "../store/project/project-paths.ts";
import { canDrawText } from "./cell-picture.ts";
import { allTrainingsOf, type ExportProject, type FrozenSettings } from "./space-export.ts";
import { type Exportable, exportOf, resolveSubject } from "./subject.ts";

export type ExportFormat = ExportChoice["format"];
export const EXPORT_FORMATS = [
  "cell-json",
  "cell-genotype",
  "cell-svg",
  "cell-png",
  "cell-dot",
  "weights-safetensors",
  "onnx",
  "pytorch",
  "config-json",
  "candidates-csv",
] as const satisfies readonly ExportFormat[];

/** Title and description of each format. */
const FORMATS: Readonly<Record<ExportFormat, { readonly title: string; readonly description: string }>> = {
  "cell-json": { title: "Cell (JSON)", description: "The cell as data with a versioned schema, which GHN Studio can import." },
  "cell-genotype": { title: "Genotype", description: "The cell as DARTS-style code writes it, which GHN Studio can import." },
  "cell-svg": { title: "Picture (SVG)", description: "A drawing of the cell, sharp at any size." },
  "cell-png": { title: "Picture (PNG)", description: "The same drawing as pixels, for slides." },
  "cell-dot": { title: "Graph (DOT)", description: "The cell in the language of Graphviz, to arrange and style it with other tools." },
  "weights-safetensors": {
    title: "Weights (safetensors)",
    description: "Trained weights with a manifest: network, normalisation, classes, tensors, checksum.",
  },
  onnx: {
    title: "Network (ONNX)",
    description: "The network with its weights, for ONNX Runtime and other programs; checked on test images after writing.",
  },
  pytorch: { title: "Network (PyTorch)", description: "A readable Python module that needs PyTorch only, and its weights in PyTorch's layout." },
  "config-json": { title: "Config (JSON)", description: "Every setting of the run; ghn-studio run <file> repeats it." },
  "candidates-csv": {
    title: "Candidates (CSV)",
    description: "All scored cells with ranks, counts and scores; for networks with several exits, their curves.",
  },
};

/** Every format with its size, if known, and the reason if it is not available. */
export async function exportChoices(project: ExportProject, subject: ExportSubject): Promise<ExportChoice[]> {
  const exportable = resolveSubject(project, subject);
  return Promise.all(
    EXPORT_FORMATS.map(async (format) => {
      const reason = await obstacle(project, exportable, format);
      const bytes = format === "weights-safetensors" ? (exportable.weights?.bytes ?? null) : null;
      return { format, ...FORMATS[format], bytes, available: reason === null, reason };
    }),
  );
}

/** Why a subject is not a result that can be exported, as a sentence; null if it is one. */
export function divergenceOf(project: ExportProject, subject: ExportSubject): string | null {
  const exportable = resolveSubject(project, subject);
  return exportable.divergence === undefined ? null : noCell(exportable);
}

/** Why a format cannot be written, as a sentence; null if it can. */
export async function obstacle(
  project: ExportProject,
  exportable: Exportable,
  format: ExportFormat,
  options: Pick<ExportOptions, "generatedWeights"> = { generatedWeights: false },
): Promise<string | null> {
  switch (format) {
    case "cell-json":
    case "cell-svg":
    case "cell-dot":
      return noCell(exportable);
    case "cell-genotype":
      return noCell(exportable) ?? exportOf(exportable).genotypeObstacle(exportable);
    case "cell-png": {
      const reason = noCell(exportable);
      if (reason !== null) return reason;
      return (await canDrawText())
        ? null
        : "This machine has no fonts, so the operations would be missing from the picture. Install one (apt install fonts-dejavu-core), or use SVG.";
    }
    case "weights-safetensors":
      if (exportable.divergence !== undefined || (exportable.training === null && exportable.candidate === null)) return noCell(exportable);
      if (exportable.training === null && trainingDiverged(project, exportable)) return "The training of this cell diverged, so there are no weights.";
      if (exportable.training === null) return "This cell was never trained from scratch, and generated weights are not stored. Train it first.";
      return missingWeights(project, exportable);
    case "onnx":
    case "pytorch":
      if (exportable.divergence !== undefined || (exportable.training === null && exportable.candidate === null)) return noCell(exportable);
      if (!options.generatedWeights && exportable.training === null && trainingDiverged(project, exportable))
        return "The training of this cell diverged. Choose generated weights to export the network as it was scored.";
      if (options.generatedWeights || exportable.training === null) {
        const source = generatedSource(project, exportable);
        return "reason" in source ? source.reason : null;
      }
      return missingWeights(project, exportable);
    case "config-json":
      return null;
    case "candidates-csv":
      return exportOf(exportable).hasTable(project, exportable.family) ? null : "The run did not score any cells.";
  }
}

/** Why the weights of a training cannot be read; null if they can. */
async function missingWeights(project: ExportProject, { weights }: Exportable): Promise<string | null> {
  if (weights === null) return "The run did not store the weights of this training.";
  const found = await stat(artifactFile(project.folder, weights.path)).catch(() => null);
  return found?.isFile() === true ? null : `The file ${weights.path} is missing from the project folder.`;
}

/** The GHN and the architecture that generated weights come from, or why there are none. */
export function generatedSource(
  project: ExportProject,
  { candidate }: Exportable,
): { readonly ghn: Artifact; readonly settings: FrozenSettings; readonly architecture: unknown } | { readonly reason: string } {
  if (candidate === null) return { reason: "Weights can be generated only for cells that a search has scored." };
  const settings = project.runs.record(candidate.runId);
  if (settings === null || (settings.config.kind !== "search" && settings.config.kind !== "anytime-search"))
    return { reason: "Weights can be generated only for cells that a search has scored with a GHN." };
  const { kind, ghnRunId } = settings.config;
  try {
    const ghn = ghnArtifact(project, ghnRunId, kind === "search" ? "ghn-training" : "anytime-ghn");
    return { ghn, settings, architecture: candidate.architecture };
  } catch (error) {
    if (isUserError(error)) return { reason: error.message };
    throw error;
  }
}

/** Whether a candidate was trained, but all its trainings diverged. */
function trainingDiverged(project: ExportProject, { space, candidate, family }: Exportable): boolean {
  if (candidate === null) return false;
  const trainings = allTrainingsOf(project, space, family).filter(({ candidateId }) => candidateId === candidate.id);
  return trainings.length > 0 && trainings.every(({ divergence }) => divergence !== undefined);
}

/** Why there is no architecture to write; null if there is one. */
function noCell(exportable: Exportable): string | null {
  if (exportable.divergence !== undefined)
    return `${exportable.training === null ? "All trainings of the run" : "This training"} diverged and cannot be exported as a result. ${exportable.divergence}`;
  if (exportable.training !== null || exportable.candidate !== null) return exportOf(exportable).obstacle(exportable);
  const { kind } = exportable.run;
  return kind === "ghn-training" || kind === "anytime-ghn"
    ? "This run trains a GHN and does not have a cell. Export from a search or a training."
    : "The run does not have a cell yet.";
}
