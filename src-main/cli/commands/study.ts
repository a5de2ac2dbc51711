import { writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join, resolve } from "node:path";
import { Command, Option } from "commander";
import { studyHtml, studyMarkdown } from "../../../src-shared/analysis/study/study-report.ts";
import { topHtml, topMarkdown } from "../../../src-shared/analysis/study/top-report.ts";
import type { PipelineRun, StudyRun } from "../../../src-shared/domain/config/run-config.ts";
import { loadConfig } from "../../config/load-config.ts";
import { UserError } from "../../lib/errors.ts";
import { makeFolder } from "../../lib/make-folder.ts";
import { processesThatFit } from "../../lib/memory.ts";
import { userPath } from "../../lib/user-path.ts";
import { analysedTop } from "../../runs/stages/pipeline/top-data.ts";
import type { RunReport } from "../../runs/stages/report-files.ts";
import { analysedStudy } from "../../runs/stages/study/study-data.ts";
import type { StoreReader } from "../../store/store.ts";
import { Exit } from "../output/errors.ts";
import type { Io } from "../output/io.ts";
import { quotePath } from "../output/quote-path.ts";
import { checkData } from "../project/check-data.ts";
import { type JsonFlag, jsonOption, type ProjectFlag, projectOption, RUN_REFERENCE, setOption, wholeNumber } from "../project/options.ts";
import { findRun, withView } from "../project/project.ts";
import { inProject, placeFor } from "../project/project-location.ts";
import { checkLabels } from "../supervise/execute-config.ts";
import { supervise } from "../supervise/supervise.ts";

interface StudyOptions extends JsonFlag, ProjectFlag {
  readonly preset?: string;
  readonly set: readonly string[];
  readonly data?: string;
  readonly name?: string;
  readonly children?: number;
  readonly print?: true;
}

interface ReportOptions extends JsonFlag, ProjectFlag {
  readonly write?: string;
}

/** The studies of the paper. */
const STUDIES = {
  correlation: { preset: "quick-study", kind: "study", text: "compare every predictor with trained accuracy on the same cells (Table 3, Figure 6)" },
  ablation: {
    preset: "ablation-propagation",
    kind: "study",
    text: "compare variants of the GHN over several seeds (Figure 5, Table 4)",
  },
  top: { preset: "quick", kind: "pipeline", text: "compare cells chosen by the GHN with random cells, then train the best one fully (Table 1, Figure 4)" },
} as const satisfies Record<string, StudyCommand>;

interface StudyCommand {
  /** Default preset, which takes minutes on two cores. */
  readonly preset: string;
  /** Kind of run that the study is. */
  readonly kind: "study" | "pipeline";
  readonly text: string;
}

/** `ghn-studio study`: one subcommand per study of the paper, and one for reports. */
export function studyCommand(io: Io): Command {
  const command = new Command("study").description("repeat a study of the paper (correlation, ablation, top), or print its report");
  for (const [name, what] of Object.entries(STUDIES))
    command.addCommand(
      new Command(name)
        .description(what.text)
        .addOption(new Option("--preset <preset|config.json>", "preset of this kind, or JSON config file").default(what.preset))
        .addOption(projectOption())
        .addOption(setOption())
        .option("--data <folder>", "folder or archive with the images; short for --set dataset.path=<folder>")
        .option("--name <name>", "run name")
        .addOption(
          new Option(
            "--children <count>",
            "number of runs executed in parallel, by default as many as processors and memory allow, at most 4; with more than one, each uses one thread",
          ).argParser(wholeNumber(1, 64)),
        )
        .option("--print", "print the full config with all defaults as JSON and exit")
        .addOption(jsonOption())
        .action((options: StudyOptions) => study(io, options, what)),
    );
  command.addCommand(
    new Command("report")
      .description("print the report of a study, rebuilt from the project")
      .argument("<run>", `study or pipeline: ${RUN_REFERENCE}`)
      .option("--write <folder>", "write report.md and report.html to this folder instead of printing")
      .addOption(projectOption())
      .addOption(jsonOption())
      .action((reference: string, options: ReportOptions) => report(io, reference, options)),
  );
  return command;
}

async function study(io: Io, options: StudyOptions, what: StudyCommand): Promise<never> {
  const sets = options.data === undefined ? options.set : [...options.set, `dataset.path=${userPath(options.data)}`];
  const { config, name } = await loadConfig(options.preset ?? what.preset, sets);
  if ((config.kind !== "study" && config.kind !== "pipeline") || config.kind !== what.kind)
    throw new UserError(`The config ${name} is a ${config.kind} run, not a ${what.kind} run.`, {
      code: "config-kind",
      field: "kind",
      remedy: `Use a preset of this study, for example ${what.preset}, or run it with ghn-studio run.`,
    });
  const children = options.children ?? processesThatFit(Math.min(availableParallelism(), 4));
  const frozen = onThreads(config, children);
  if (options.print === true) {
    io.json(frozen);
    throw new Exit(0);
  }
  checkLabels(options.name ?? name, []);
  const place = placeFor(options.project);
  await checkData(place.folder, frozen, io.note);
  const { code } = await inProject(io, place, () =>
    supervise(
      io,
      place.folder,
      options.json === true,
      (project) => {
        project.setConcurrency(children);
        const run = project.commands.create(options.name ?? name, frozen, []);
        io.note(`Study ${run.id} (${run.name}) in project ${quotePath(place.folder)}, up to ${children} runs in parallel.`);
        return run.id;
      },
      async (project, run) => {
        const folder = join(project.folder, "artifacts", run.id);
        if (options.json === true) {
          io.json({ event: "report", markdown: join(folder, "report.md"), html: join(folder, "report.html") });
          return;
        }
        io.out(reportOf(project.store, run.id).markdown);
        io.note(`\nReport: ${quotePath(join(folder, "report.html"))}`);
      },
    ),
  );
  throw new Exit(code);
}

/** On a CPU, several processes with one thread each are faster than one with several threads. An explicit thread count is kept. */
function onThreads<Config extends StudyRun | PipelineRun>(config: Config, children: number): Config {
  return children > 1 && config.compute.threads === 0 ? { ...config, compute: { ...config.compute, threads: 1 } } : config;
}

async function report(io: Io, reference: string, options: ReportOptions): Promise<void> {
  await withView(io, options.project, (view) => {
    const made = reportOf(view.store, findRun(view.store, reference).id);
    if (options.write !== undefined) {
      const folder = resolve(options.write);
      makeFolder(folder);
      writeFileSync(join(folder, "report.md"), made.markdown);
      writeFileSync(join(folder, "report.html"), made.html);
      io.note(`Report: ${quotePath(join(folder, "report.html"))}`);
    } else if (options.json === true) io.json(made.result);
    else io.out(made.markdown);
  });
}

/** The report of a study or a pipeline, built from the store. */
function reportOf(store: StoreReader, runId: string): RunReport & { readonly result: unknown } {
  if (store.runs.get(runId)?.kind === "pipeline") {
    const result = analysedTop(store, runId);
    return { result, markdown: topMarkdown(result), html: topHtml(result) };
  }
  const result = analysedStudy(store, runId);
  return { result, markdown: studyMarkdown(result), html: studyHtml(result) };
}
