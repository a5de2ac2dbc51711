/** `ghn-studio cells`: the published cells that ship with GHN Studio. */
import { writeFile } from "node:fs/promises";
import { extname, resolve } from "node:path";
import { Argument, Command, Option } from "commander";
import { count } from "../../../src-shared/analysis/format.ts";
import type { GhnTrainingRun, PipelineRun } from "../../../src-shared/domain/config/run-config.ts";
import type { PublishedCellInfo } from "../../../src-shared/domain/records/architecture-facts.ts";
import { cellSentences } from "../../../src-shared/drawing/words.ts";
import { completeConfig } from "../../config/load-config.ts";
import { publishedCell, publishedCells, publishedInfo } from "../../engine/spaces/cell/published.ts";
import { architectureSvg, canDrawText, svgToPng } from "../../export/cell-picture.ts";
import { UserError } from "../../lib/errors.ts";
import type { Io } from "../output/io.ts";
import { facts, table } from "../output/tables.ts";
import { type JsonFlag, jsonOption, RUN_REFERENCE } from "../project/options.ts";
import { findRun, requireProject, withView } from "../project/project.ts";
import { type RunOptions, runConfig, setsOf, withRunOptions } from "../supervise/execute-config.ts";

const idsArgument = (): Argument => new Argument("<cell...>", "cell ids, see `cells list`; for example nasnet-a darts-v2");

export function cellsCommand(io: Io): Command {
  const command = new Command("cells").description("list, draw, train and score published cells");
  command
    .command("list", { isDefault: true })
    .description("list the cells with the parameter counts of their published networks")
    .addOption(jsonOption())
    .action((options: JsonFlag) => list(io, options.json === true));
  command
    .command("show")
    .description("show one cell: source, counts and nodes; --picture saves a drawing")
    .addArgument(new Argument("<cell>", "cell id"))
    .option("--picture <file>", "save a drawing to this .svg or .png file")
    .addOption(new Option("--theme <theme>", "colour theme of the picture").choices(["light", "dark"]).default("light"))
    .addOption(jsonOption())
    .action((id: string, options: JsonFlag & PictureFlags) => show(io, id, options));
  command.addCommand(
    withRunOptions(new Command("train"))
      .description(
        "train published cells from scratch, on CIFAR-10 unless --set dataset.id is given; a single cell uses its published network, several cells share the default network",
      )
      .addArgument(idsArgument())
      .action(async (ids: readonly string[], options: RunOptions) => {
        const cells = ids.map(publishedCell);
        const [only] = cells;
        const raw = {
          kind: "cell-training",
          // The dataset of the publications.
          dataset: { id: "cifar10" },
          source: { from: "cells", cells: cells.map(named) },
          ...(only !== undefined && cells.length === 1 ? { network: only.network } : {}),
        };
        await runConfig(io, completeConfig(raw, setsOf(options), "the command"), `Training of ${ids.join(", ")}`, options);
      }),
  );
  command.addCommand(
    withRunOptions(new Command("score"))
      .description("score published cells with the GHN of a run, on its images and in its network")
      .addArgument(idsArgument())
      .requiredOption("--ghn <run>", `run that trained the GHN: ${RUN_REFERENCE}`)
      .action(async (ids: readonly string[], options: RunOptions & { readonly ghn: string }) => {
        requireProject(options.project);
        const base = await withView(io, options.project, (view) => {
          const run = findRun(view.store, options.ghn);
          const config = view.store.runs.record(run.id)?.config;
          if (config?.kind === "ghn-training" || config?.kind === "pipeline") return { id: run.id, config };
          throw new UserError(`The run ${run.name} did not train a GHN.`, { code: "ghn-missing", remedy: "Use a run that trained a GHN.", field: "ghnRunId" });
        });
        const raw = searchOf(base.id, base.config, ids);
        await runConfig(io, completeConfig(raw, setsOf(options), "the command"), `Scores of ${ids.join(", ")}`, options);
      }),
  );
  return command;
}

interface PictureFlags {
  readonly picture?: string;
  readonly theme: "light" | "dark";
}

function named(cell: ReturnType<typeof publishedCell>): { name: string; architecture: PublishedCellInfo["architecture"] } {
  return { name: cell.name, architecture: publishedInfo(cell).architecture };
}

/** A search that scores the cells and nothing else. */
function searchOf(ghnRunId: string, config: GhnTrainingRun | PipelineRun, ids: readonly string[]): unknown {
  const { dataset, network, compute, space, seed } = config;
  const search = { validationImages: dataset.validationImages, shortlist: ids.length, randomBaseline: 0 };
  return { kind: "search", ghnRunId, seed, dataset, network, compute, space, search, cells: ids.map(publishedCell).map(named) };
}

function list(io: Io, json: boolean): void {
  const cells = publishedCells().map(publishedInfo);
  if (json) {
    io.json({ cells });
    return;
  }
  io.out(
    table(
      io,
      [
        { title: "Id" },
        { title: "Name" },
        { title: "Parameters", align: "right" },
        { title: "Published", align: "right" },
        { title: "Difference", align: "right" },
        { title: "Setting" },
      ],
      cells.map((cell) => [cell.id, cell.name, count(cell.parameters), count(cell.publishedParameters), differenceText(cell), cell.publishedSetting]),
    ),
  );
  for (const { name, remark } of cells) if (remark !== null) io.out(`\n${name}: ${remark}`);
}

function differenceText({ parameters, publishedParameters }: PublishedCellInfo): string {
  const percent = (100 * (parameters - publishedParameters)) / publishedParameters;
  return `${percent < 0 ? "−" : "+"}${Math.abs(percent).toFixed(1)} %`;
}

async function show(io: Io, id: string, options: JsonFlag & PictureFlags): Promise<void> {
  const cell = publishedInfo(publishedCell(id));
  const picture = options.picture === undefined ? null : await draw(cell, resolve(options.picture), options.theme);
  if (options.json === true) {
    io.json({ ...cell, picture });
    return;
  }
  io.out(io.style("bold", cell.name));
  io.out(
    facts(io, [
      ["Source", cell.source],
      ["Setting", cell.publishedSetting],
      ["Parameters", `${count(cell.parameters)}; published ${count(cell.publishedParameters)} (${differenceText(cell)})`],
      ["Multiply-adds", count(cell.multiplyAdds)],
      ...(cell.remark === null ? [] : ([["Note", cell.remark]] as const)),
      ...(picture === null ? [] : ([["Picture", picture]] as const)),
    ]),
  );
  const { normal, reduction } = cell.architecture;
  io.out(`\n${reduction === undefined ? "Cell" : "Normal cell"}`);
  for (const sentence of cellSentences(normal)) io.out(`  ${sentence}`);
  if (reduction === undefined) return;
  io.out("\nReduction cell");
  for (const sentence of cellSentences(reduction)) io.out(`  ${sentence}`);
}

/** Writes the drawing and returns its path. Existing files are not replaced. */
async function draw(cell: PublishedCellInfo, file: string, theme: "light" | "dark"): Promise<string> {
  const ending = extname(file).toLowerCase();
  if (ending !== ".svg" && ending !== ".png")
    throw new UserError(`The picture file must end in .svg or .png: ${file}`, { code: "picture-format", remedy: "Change the file extension.", file });
  if (ending === ".png" && !(await canDrawText()))
    throw new UserError("PNG pictures need a font, and this machine has none.", { code: "picture-font", remedy: "Save an SVG instead, or install a font." });
  const svg = await architectureSvg(cell.architecture, { title: cell.name, theme });
  try {
    await writeFile(file, ending === ".svg" ? svg : await svgToPng(svg), { flag: "wx" });
  } catch (cause) {
    throw new UserError(`Cannot write the picture ${file}${isExisting(cause) ? ": the file already exists" : ""}.`, {
      code: "picture-unwritable",
      remedy: "Choose another name or folder.",
      file,
      cause,
    });
  }
  return file;
}

function isExisting(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "EEXIST";
}
