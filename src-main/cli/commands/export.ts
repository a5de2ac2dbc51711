import { Command, Option } from "commander";
import { bytes } from "../../../src-shared/analysis/format.ts";
import { spaceIdOf } from "../../../src-shared/domain/config/run-config.ts";
import {
  EXPORT_DEFAULTS,
  type ExportedFile,
  type ExportSubject,
  MAX_VERIFY_IMAGES,
  type ExportOptions as NetworkExportOptions,
  OPSETS,
  PREPROCESSING,
} from "../../../src-shared/domain/records/exports.ts";
import type { RunSummary } from "../../../src-shared/domain/records/run.ts";
import { divergenceOf, EXPORT_FORMATS, exportChoices, writeExport } from "../../export/index.ts";
import { UserError } from "../../lib/errors.ts";
import { toFileName } from "../../lib/file-names.ts";
import { Exit } from "../output/errors.ts";
import { EXIT } from "../output/exit-codes.ts";
import type { Io } from "../output/io.ts";
import { table } from "../output/tables.ts";
import { noteVerifications } from "../output/verifications.ts";
import { collect, type JsonFlag, jsonOption, type ProjectFlag, projectOption, RUN_REFERENCE, wholeNumber } from "../project/options.ts";
import { findRun, withView } from "../project/project.ts";

interface ExportOptions extends JsonFlag, ProjectFlag {
  readonly cell?: number;
  readonly training?: number;
  readonly format: readonly string[];
  readonly out: string;
  readonly name?: string;
  readonly theme: "light" | "dark";
  readonly bom?: true;
  readonly list?: true;
  readonly opset: number;
  readonly foldBatchNorm?: true;
  readonly keepBatchNorm?: true;
  readonly preprocessing: NetworkExportOptions["preprocessing"];
  readonly generatedWeights?: true;
  readonly verify: boolean;
  readonly verifyImages: number;
}

/** `ghn-studio export`: writes results to files. */
export function exportCommand(io: Io): Command {
  return new Command("export")
    .description("export the winner of a run: cell, picture, weights and network")
    .argument("<run>", RUN_REFERENCE)
    .addOption(projectOption())
    .addOption(
      new Option("--cell <number>", "export this cell instead of the winner (ghn-studio show lists the numbers)")
        .argParser(wholeNumber(0, Number.MAX_SAFE_INTEGER))
        .conflicts("training"),
    )
    .addOption(
      new Option("--training <number>", "export this training instead of the winner's (ghn-studio show lists the numbers)").argParser(
        wholeNumber(0, Number.MAX_SAFE_INTEGER),
      ),
    )
    .addOption(new Option("-f, --format <format>", `${EXPORT_FORMATS.join(", ")}; may be repeated`).argParser(collect).default([], "all available"))
    .option("-o, --out <folder>", "output folder; created if missing", ".")
    .option("--name <name>", "file name without extension (default: from run and cell)")
    .addOption(new Option("--theme <theme>", "colour theme of the picture").choices(["light", "dark"]).default("light"))
    .option("--bom", "start CSV files with a byte order mark, so that Excel reads them as UTF-8")
    .addOption(
      new Option("--opset <number>", `ONNX operator set, ${OPSETS.first} to ${OPSETS.last}`)
        .argParser(wholeNumber(OPSETS.first, OPSETS.last))
        .default(EXPORT_DEFAULTS.opset),
    )
    .addOption(new Option("--fold-batch-norm", "ONNX: make batch norm part of the convolutions (default)").conflicts("keepBatchNorm"))
    .option("--keep-batch-norm", "ONNX: keep batch norm as operations")
    .addOption(
      new Option("--preprocessing <kind>", "ONNX: normalised images in and logits out, or raw pixels (0-255) in and probabilities out")
        .choices(PREPROCESSING)
        .default(EXPORT_DEFAULTS.preprocessing),
    )
    .option("--generated-weights", "networks: use the weights that the GHN generates, even if the cell was trained")
    .addOption(
      new Option("--verify-images <number>", "test images on which an exported network is checked, at most")
        .argParser(wholeNumber(1, MAX_VERIFY_IMAGES))
        .default(EXPORT_DEFAULTS.verifyImages),
    )
    .option("--no-verify", "do not run exported networks to check them")
    .option("--list", "only list what can be exported")
    .addOption(jsonOption())
    .action((reference: string, options: ExportOptions) =>
      withView(io, options.project, async (view) => {
        const run = findRun(view.store, reference);
        const subject = subjectOf(run, options);
        const source = { folder: view.folder, ...view.store };
        const choices = await exportChoices(source, subject);
        if (options.list === true) {
          if (options.json === true) io.json({ choices });
          else
            io.out(
              table(
                io,
                [{ title: "Format" }, { title: "What" }, { title: "Available" }],
                choices.map((choice) => [choice.format, choice.description, choice.available ? "yes" : (choice.reason ?? "no")]),
              ),
            );
          return;
        }
        const diverged = options.format.length === 0 ? divergenceOf(source, subject) : null;
        if (diverged !== null)
          throw new UserError(diverged, {
            code: "training-diverged",
            remedy:
              "Start a new run with a lower learning rate or a smaller gradient clip; ghn-studio export --format config-json writes the settings of this one.",
          });
        const formats = options.format.length > 0 ? options.format : choices.filter((choice) => choice.available).map((choice) => choice.format);
        const files = await writeExport(source, subject, formats, options.out, options.name ?? baseNameFor(run.name, subject), {
          theme: options.theme,
          byteOrderMark: options.bom === true,
          network: {
            opset: options.opset,
            foldBatchNorm: options.keepBatchNorm !== true,
            preprocessing: options.preprocessing,
            generatedWeights: options.generatedWeights === true,
            verifyImages: options.verify ? options.verifyImages : 0,
          },
        });
        if (options.format.length === 0)
          for (const choice of choices) if (!choice.available && choice.reason !== null) io.note(`Skipped ${choice.format}: ${choice.reason}`);
        if (options.json === true) io.json({ files });
        else presentFiles(io, files);
        if (!noteVerifications(io, files)) throw new Exit(EXIT.unverified);
      }),
    );
}

/** Anytime networks and cells have separate numbers. */
function subjectOf(run: RunSummary, { cell, training }: ExportOptions): ExportSubject {
  const space = spaceIdOf(run.kind);
  if (cell !== undefined) return { type: "candidate", space, candidateId: cell };
  if (training !== undefined) return { type: "training", space, trainingId: training };
  return { type: "run", runId: run.id };
}

function presentFiles(io: Io, files: readonly ExportedFile[]): void {
  io.out(
    table(
      io,
      [{ title: "File" }, { title: "Size", align: "right" }, { title: "SHA-256" }],
      files.map((file) => [file.path, bytes(file.bytes), file.sha256.slice(0, 16)]),
    ),
  );
}

/** A file name from the name of a run; characters that file systems reject become dashes. */
function baseNameFor(runName: string, subject: ExportSubject): string {
  const base = toFileName(runName, 120);
  if (base === "" && subject.type === "run")
    throw new UserError("The run name cannot be used as a file name.", { code: "export-name", remedy: "Set a file name with --name." });
  switch (subject.type) {
    case "run":
      return `${base}-winner`;
    case "candidate":
      return `${base === "" ? "" : `${base}-`}${subject.space === "cell" ? "cell" : "network"}-${subject.candidateId}`;
    case "training":
      return `${base === "" ? "" : `${base}-`}training-${subject.trainingId}`;
  }
}
