import { existsSync, readdirSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { Command } from "commander";
import { loadConfig } from "../../config/load-config.ts";
import { exportChoices, writeExport } from "../../export/index.ts";
import { Exit } from "../output/errors.ts";
import { EXIT } from "../output/exit-codes.ts";
import type { Io } from "../output/io.ts";
import { quotePath } from "../output/quote-path.ts";
import { facts } from "../output/tables.ts";
import { noteVerifications } from "../output/verifications.ts";
import { checkData } from "../project/check-data.ts";
import { type JsonFlag, jsonOption, setOption } from "../project/options.ts";
import { inProject } from "../project/project-location.ts";
import { supervise } from "../supervise/supervise.ts";

interface DemoOptions extends JsonFlag {
  readonly set: readonly string[];
}

const FORMATS = ["cell-json", "cell-svg", "cell-png", "weights-safetensors", "onnx"] as const;

/** `ghn-studio demo`: the full pipeline on the bundled digits. */
export function demoCommand(io: Io): Command {
  return new Command("demo")
    .description("run the full pipeline on bundled images: train a GHN, rank cells, train the best, export the winner")
    .argument("[folder]", "project folder to create; a number is appended if it exists", "ghn-demo")
    .addOption(setOption())
    .addOption(jsonOption())
    .action(async (folder: string, options: DemoOptions) => {
      const { config } = await loadConfig("demo", options.set);
      const json = options.json === true;
      const path = freeFolder(resolve(folder));
      await checkData(path, config, io.note);
      let verified = true;
      io.note(`GHN Studio demo: trains a Graph HyperNetwork, ranks cells with its weights, and trains the best cells. Project: ${quotePath(path)}`);
      const { code, run } = await inProject(
        io,
        { folder: path, isNew: true },
        () =>
          supervise(
            io,
            path,
            json,
            (project) => project.commands.create("demo", config, []).id,
            async (project, finished) => {
              const source = { folder: project.folder, ...project.store };
              const subject = { type: "run", runId: finished.id } as const;
              const choices = await exportChoices(source, subject);
              const formats = FORMATS.filter((format) => choices.find((choice) => choice.format === format)?.available === true);
              const files = await writeExport(source, subject, formats, join(path, "export"), "winner");
              for (const choice of choices)
                if (!choice.available && FORMATS.some((format) => format === choice.format)) io.note(`Skipped ${choice.format}: ${choice.reason ?? ""}`);
              if (json) {
                io.json({ event: "exported", project: path, files });
                verified = noteVerifications(io, files);
                return;
              }
              const file = (suffix: string): string => files.find((exported) => exported.path.endsWith(suffix))?.path ?? "not written";
              io.out("");
              io.out(
                facts(io, [
                  ["Cell", file(".cell.json")],
                  ["Picture", file(".svg")],
                  ["Weights", file(".safetensors")],
                  ["Manifest", file(".manifest.json")],
                  ["ONNX", file(".onnx")],
                  ["Project", path],
                ]),
              );
              verified = noteVerifications(io, files);
            },
          ),
        "Demo",
      );
      if (run.status === "completed" && !json)
        io.note(`\nView the results: ghn-studio show last --project ${quotePath(path)}, or in a browser: ghn-studio serve --project ${quotePath(path)}`);
      throw new Exit(code === EXIT.ok && !verified ? EXIT.unverified : code);
    });
}

/** The folder itself if it is free, otherwise with the first free number appended. Existing files are never touched. */
export function freeFolder(folder: string): string {
  const free = (path: string): boolean => !existsSync(path) || (isEmptyFolder(path) && existsSync(dirname(path)));
  for (let number = 1; ; number++) {
    const path = number === 1 ? folder : `${folder}-${number}`;
    if (free(path)) return path;
  }
}

function isEmptyFolder(path: string): boolean {
  try {
    return readdirSync(path).length === 0;
  } catch {
    return false;
  }
}
