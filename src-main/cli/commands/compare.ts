import { Command } from "commander";
import { FIGURE_IDS, FIGURES, figureText } from "../../../src-shared/analysis/figures/figure-list.ts";
import { configValue, whole } from "../../../src-shared/analysis/format.ts";
import { compareConfigs } from "../../../src-shared/domain/config/config-diff.ts";
import { explicit } from "../../../src-shared/domain/config/migrate-config.ts";
import type { RunSummary } from "../../../src-shared/domain/records/run.ts";
import { UserError } from "../../lib/errors.ts";
import type { ProjectView } from "../../store/project/project.ts";
import type { Io } from "../output/io.ts";
import { outcomeOf, type RunResult } from "../output/outcome.ts";
import { table } from "../output/tables.ts";
import { kindWord, metricText, metricTitle, statusWord, timeText } from "../output/words.ts";
import { type JsonFlag, jsonOption, type ProjectFlag, projectOption, RUN_REFERENCE } from "../project/options.ts";
import { findRun, seenFromOutside, withView } from "../project/project.ts";

/** `ghn-studio compare`: compares runs side by side. */
export function compareCommand(io: Io): Command {
  return new Command("compare")
    .description("compare runs side by side: results, metrics and the settings that differ")
    .argument("<runs...>", `two or more runs, each given by ${RUN_REFERENCE}`)
    .addOption(projectOption())
    .option("--all", "also show settings that are the same")
    .addOption(jsonOption())
    .action((references: string[], options: JsonFlag & ProjectFlag & { all?: true }) => {
      if (references.length < 2) throw new UserError("compare needs at least two runs.", { code: "usage", remedy: "Usage: ghn-studio compare <run> <run>" });
      return withView(io, options.project, (view) => compare(io, view, references, options.all === true, options.json === true));
    });
}

function compare(io: Io, view: ProjectView, references: readonly string[], all: boolean, json: boolean): void {
  const runs = references.map((reference) => seenFromOutside(view.folder)(findRun(view.store, reference)));
  const outcomes = runs.map((run) => outcomeOf(view, run));
  const configs = runs.map((run) => explicit(view.store.runs.record(run.id)?.config ?? {}));
  const settings = compareConfigs(configs).filter((difference) => all || difference.differs);
  const metrics = [...new Set(runs.flatMap((run) => Object.keys(run.metrics)))].filter((name) => !name.startsWith("system/"));
  if (json) {
    io.json({
      runs: runs.map((run, i) => ({ ...run, outcome: outcomes[i] })),
      settings: settings.map(({ path, values, differs }) => ({ path, values: values.map((value) => value ?? null), differs })),
    });
    return;
  }
  const columns = [{ title: "" }, ...runs.map((run) => ({ title: `${run.name} (${run.id})` }))];
  const rows: string[][] = [
    ["Kind", ...runs.map((run) => kindWord(run.kind))],
    ["Status", ...runs.map((run) => statusWord(io, run.status))],
    ...figureRows(view, runs, outcomes),
    ...metrics.map((name) => [
      `${metricTitle(name)}, best`,
      ...runs.map((run) => (run.metrics[name] === undefined ? "" : metricText(name, run.metrics[name].best))),
    ]),
  ];
  io.out(table(io, columns, rows));
  io.out(`\n${io.style("bold", all ? "Settings" : "Settings that differ")}`);
  if (settings.length === 0) io.out("none");
  else
    io.out(
      table(
        io,
        columns,
        settings.map(({ path, values, differs }) => [all && differs ? `${path} *` : path, ...values.map(configValue)]),
      ),
    );
}

function figureRows(view: ProjectView, runs: readonly RunSummary[], outcomes: readonly RunResult[]): string[][] {
  const rows = [
    ...FIGURE_IDS.map((id) => [FIGURES[id].title, ...runs.map(({ figures }) => figureText(figures, id, true) ?? "")]),
    ["Diverged trainings", ...outcomes.map(({ divergedTrainings }) => (divergedTrainings === 0 ? "" : whole(divergedTrainings)))],
    ["Time", ...runs.map(timeText)],
    ["Backend", ...runs.map((run) => [run, ...view.store.runs.children(run.id)].find((member) => member.backend !== null)?.backend ?? "")],
  ];
  return rows.filter(([, ...values]) => values.some((value) => value !== ""));
}
