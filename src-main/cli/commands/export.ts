import { Command, Option } from "commander";
import { bytes } from "../../../src-shared/analysis/format.ts";
import type { ExportedFile, ExportSubject } from "../../../src-shared/domain/records/exports.ts";
import type { RunSummary } from "../../../src-shared/domain/records/run.ts";
import { EXPORT_FORMATS, exportChoices, writeExport } from "../../export/index.ts";
import { UserError } from "../../lib/errors.ts";
import type { Io } from "../output/io.ts";
import { table } from "../output/tables.ts";
import { collect, type JsonFlag, jsonOption, type ProjectFlag, projectOption, wholeNumber } from "../project/options.ts";
import { findRun, withView } from "../project/project.ts";

interface ExportOptions extends JsonFlag, ProjectFlag {
  readonly cell?: number;
  readonly training?: number;
  readonly format: readonly string[];
  readonly out: string;
  readonly name?: string;
  readonly theme: "light" | "dark";
  readonly list?: true;
}

/** `ghn-studio export`: results as files. */
export function exportCommand(io: Io): Command {
  return new Command("export")
    .description("write the winner of a run as files: cell, picture, weights")
    .argument("<run>", "its id, the beginning of it, its name, or last")
    .addOption(projectOption())
    .addOption(
      new Option("--cell <number>", "this cell instead of the winner (show lists the numbers)")
        .argParser(wholeNumber(0, Number.MAX_SAFE_INTEGER))
        .conflicts("training"),
    )
    .addOption(
      new Option("--training <number>", "this training instead of the winner's (show lists the numbers)").argParser(wholeNumber(0, Number.MAX_SAFE_INTEGER)),
    )
    .addOption(new Option("-f, --format <format>", `${EXPORT_FORMATS.join(", ")}; may be repeated`).argParser(collect).default([], "all that there are"))
    .option("-o, --out <folder>", "where to; it is made when it is not there", ".")
    .option("--name <name>", "name of the files, without ending; taken from run and cell unless given")
    .addOption(new Option("--theme <theme>", "colours of the picture").choices(["light", "dark"]).default("light"))
    .option("--list", "only say what can be exported")
    .addOption(jsonOption())
    .action((reference: string, options: ExportOptions) =>
      withView(options.project, async (view) => {
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
        const formats = options.format.length > 0 ? options.format : choices.filter((choice) => choice.available).map((choice) => choice.format);
        const files = await writeExport(source, subject, formats, options.out, options.name ?? baseNameFor(run.name, subject), { theme: options.theme });
        if (options.format.length === 0)
          for (const choice of choices) if (!choice.available && choice.reason !== null) io.note(`Left out ${choice.format}: ${choice.reason}`);
        if (options.json === true) io.json({ files });
        else presentFiles(io, files);
      }),
    );
}

/** Networks with several exits are numbered apart from cells. */
function subjectOf(run: RunSummary, { cell, training }: ExportOptions): ExportSubject {
  const anytime = run.kind.startsWith("anytime");
  if (cell !== undefined) return { type: anytime ? "anytime-candidate" : "candidate", candidateId: cell };
  if (training !== undefined) return { type: anytime ? "anytime-training" : "training", trainingId: training };
  return { type: "run", runId: run.id };
}

export function presentFiles(io: Io, files: readonly ExportedFile[]): void {
  io.out(
    table(
      io,
      [{ title: "File" }, { title: "Size", align: "right" }, { title: "SHA-256" }],
      files.map((file) => [file.path, bytes(file.bytes), file.sha256.slice(0, 16)]),
    ),
  );
}

/** A file name from the name of a run: what file systems do not take becomes a dash. */
export function baseNameFor(runName: string, subject: ExportSubject): string {
  const base = runName
    .normalize("NFKC")
    .replace(/[^\p{L}\p{N}._-]+/gu, "-")
    .replace(/^[.-]+|[.-]+$/g, "")
    .slice(0, 80);
  if (base === "" && subject.type === "run")
    throw new UserError("The name of the run makes no file name.", { code: "export-name", remedy: "Give one with --name." });
  switch (subject.type) {
    case "run":
      return `${base}-winner`;
    case "candidate":
      return `${base === "" ? "" : `${base}-`}cell-${subject.candidateId}`;
    case "anytime-candidate":
      return `${base === "" ? "" : `${base}-`}network-${subject.candidateId}`;
    case "anytime-training":
    case "training":
      return `${base === "" ? "" : `${base}-`}training-${subject.trainingId}`;
  }
}
