import { existsSync, readFileSync, statSync } from "node:fs";
import { basename, resolve } from "node:path";
import { Command, Option } from "commander";
import type { CellFile } from "../../../src-shared/domain/architecture/cell.ts";
import { withValueAt } from "../../../src-shared/domain/config/config-diff.ts";
import { nearestWord } from "../../../src-shared/domain/config/config-fields.ts";
import type { CellSource } from "../../../src-shared/domain/config/run-config.ts";
import { completeConfig } from "../../config/load-config.ts";
import { readPreset } from "../../config/presets.ts";
import { MAX_ARCHITECTURE_FILE } from "../../engine/formats/architecture-file.ts";
import { parseCellText } from "../../engine/spaces/cell/file.ts";
import { publishedCells } from "../../engine/spaces/cell/published.ts";
import { UserError } from "../../lib/errors.ts";
import { userPath } from "../../lib/user-path.ts";
import { viewProject } from "../../store/project/project.ts";
import { Exit } from "../output/errors.ts";
import type { Io } from "../output/io.ts";
import { checkData } from "../project/check-data.ts";
import { collect, type JsonFlag, jsonOption, type ProjectFlag, projectOption, setOption, wholeNumber } from "../project/options.ts";
import { findRun } from "../project/project.ts";
import { inProject, type Place, placeFor } from "../project/project-location.ts";
import { checkLabels, fitToBudget, startOrResume } from "../supervise/execute-config.ts";
import { supervise } from "../supervise/supervise.ts";

interface TransferOptions extends JsonFlag, ProjectFlag {
  readonly cell: string;
  readonly data: string;
  readonly preset: string;
  readonly budget?: number;
  readonly set: readonly string[];
  readonly name?: string;
  readonly tag: readonly string[];
  readonly resume?: true;
  readonly print?: true;
}

/** `ghn-studio transfer`: trains a cell on a streamed image folder, stacked under a multiply-add budget. */
export function transferCommand(io: Io): Command {
  return new Command("transfer")
    .description("train a cell as an ImageNet-mobile network: F is as large as the multiply-add budget allows, images are streamed from a folder")
    .requiredOption("--cell <cell>", "cell file, genotype file, published cell (darts-v2, nasnet-a …), or a run of the project (its best cell)")
    .requiredOption("--data <folder>", "folder with train/ and val/ as in ImageNet, or with one subfolder per class")
    .option("--preset <preset>", "protocol: imagenet-mobile (the paper's), transfer-small, or another preset that trains a cell", "imagenet-mobile")
    .addOption(
      new Option("--budget <multiply-adds>", "maximum multiply-adds per image, overriding the preset").argParser(wholeNumber(1000, Number.MAX_SAFE_INTEGER)),
    )
    .addOption(projectOption())
    .addOption(setOption())
    .option("--name <name>", "run name")
    .option("--tag <tag>", "tag for the run; may be repeated", collect, [])
    .option("--resume", "resume the newest unfinished run with the same config, if there is one")
    .option("--print", "print the full config, including F, as JSON and exit")
    .addOption(jsonOption())
    .action(async (options: TransferOptions) => {
      const place = placeFor(options.project);
      const { source, name } = sourceOf(options.cell, place);
      const preset = await readPresetFor(options.preset);
      const withSource = withValueAt(withValueAt(preset, "source", source), "dataset.path", userPath(options.data));
      const raw = options.budget === undefined ? withSource : withValueAt(withSource, "network.multiplyAddBudget", options.budget);
      const config = completeConfig(raw, options.set, `the preset ${options.preset}`);
      const runName = options.name ?? `${name.slice(0, 180)}, transferred`;
      checkLabels(runName, options.tag);
      const input = await checkData(place.folder, config, io.note);
      const frozen = fitToBudget(io, config, input, place);
      if (options.print === true) {
        io.json(frozen);
        return;
      }
      const { code } = await inProject(io, place, () =>
        supervise(io, place.folder, options.json === true, (project) => startOrResume(io, project, frozen, runName, options)),
      );
      throw new Exit(code);
    });
}

async function readPresetFor(id: string): Promise<unknown> {
  const { config } = await readPreset(id);
  if (config["kind"] === "cell-training") return config;
  throw new UserError(`The preset ${id} does not train a cell from scratch.`, {
    code: "preset-kind",
    field: "preset",
    remedy: "Choose imagenet-mobile or transfer-small.",
  });
}

/** Resolves a cell: a cell file or genotype, the id or name of a published cell, or a run (its best cell). */
function sourceOf(cell: string, place: Place): { readonly source: CellSource; readonly name: string } {
  const file = resolve(cell);
  if (existsSync(file) && statSync(file).isFile()) {
    if (statSync(file).size > 4 * MAX_ARCHITECTURE_FILE)
      throw new UserError(`${file} is too large for a cell file.`, { code: "cell-too-large", file, remedy: "Check that this is the right file." });
    const { name, ...architecture } = parseCellText(readFileSync(file, "utf8"), file);
    return fromFile({ ...architecture, name: name ?? (basename(file).replace(/\..*$/, "").slice(0, 200) || "genotype") });
  }
  const published = publishedCells();
  const known = published.find(({ id, name }) => id === cell || name === cell);
  if (known !== undefined) return fromFile(known);
  if (/[\\/]|\.json$/i.test(cell) || place.isNew) {
    const near = nearestWord(
      basename(cell),
      published.map(({ id }) => id),
    );
    throw new UserError(`There is no cell "${cell}".${near === undefined ? "" : ` Did you mean "${near}"?`}`, {
      code: "cell-missing",
      remedy: `Use a cell file, one of ${published.map(({ id }) => id).join(", ")}, or a run of the project (--project).`,
    });
  }
  const view = viewProject(place.folder);
  try {
    const run = findRun(view.store, cell);
    const source: CellSource = run.kind === "search" ? { from: "search", runId: run.id, top: 1, random: 0 } : { from: "training", runId: run.id, best: 1 };
    return { source, name: run.name };
  } finally {
    view.close();
  }
}

function fromFile({ name, normal, reduction }: Pick<CellFile, "name" | "normal" | "reduction">): { readonly source: CellSource; readonly name: string } {
  return { source: { from: "cells", cells: [{ name, architecture: { normal, ...(reduction === undefined ? {} : { reduction }) } }] }, name };
}
