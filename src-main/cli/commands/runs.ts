import { Command, Option } from "commander";
import { whole } from "../../../src-shared/analysis/format.ts";
import { DATASET_IDS } from "../../../src-shared/domain/dataset-facts.ts";
import { RUN_STATUSES, type RunStatus, type RunSummary } from "../../../src-shared/domain/records/run.ts";
import { runQuerySchema } from "../../../src-shared/domain/records/run-history.ts";
import { UserError } from "../../lib/errors.ts";
import type { Io } from "../output/io.ts";
import { table } from "../output/tables.ts";
import { headline, kindWord, localTime, statusWord, timeText } from "../output/words.ts";
import { collect, type JsonFlag, jsonOption, type ProjectFlag, projectOption, wholeNumber } from "../project/options.ts";
import { seenFromOutside, withView } from "../project/project.ts";

interface RunsOptions extends JsonFlag, ProjectFlag {
  readonly stages?: true;
  readonly status: readonly string[];
  readonly dataset?: string;
  readonly tag: readonly string[];
  readonly search?: string;
  readonly where?: string;
  readonly limit: number;
  readonly archived?: true;
  readonly trash?: true;
}

/** `ghn-studio runs`: lists the runs of a project. */
export function runsCommand(io: Io): Command {
  return new Command("runs")
    .description("list the runs of the project, newest first")
    .addOption(projectOption())
    .option("--stages", "include the stages of pipelines")
    .addOption(
      new Option("--status <status>", `only runs with this status: ${RUN_STATUSES.join(", ")}; may be repeated`)
        .choices([...RUN_STATUSES])
        .argParser(collect)
        .default([], "all"),
    )
    .addOption(new Option("--dataset <dataset>", "only runs on this dataset").choices([...DATASET_IDS]))
    .option("--tag <tag>", "only runs with this tag; may be repeated", collect, [])
    .option("--search <words>", "only runs whose name, notes or tags contain these words")
    .option("--where <expression>", 'only runs that match this expression, for example: best("search/best") > 0.5')
    .addOption(new Option("-n, --limit <count>", "maximum number of runs").argParser(wholeNumber(1, 10_000)).default(50))
    .option("--archived", "list archived runs")
    .option("--trash", "list runs in the trash")
    .addOption(jsonOption())
    .action((options: RunsOptions) => list(io, options));
}

async function list(io: Io, options: RunsOptions): Promise<void> {
  const unknown = options.status.filter((status) => !RUN_STATUSES.some((known) => known === status));
  if (unknown.length > 0) throw new UserError(`Unknown status: ${unknown.join(", ")}.`, { code: "usage", remedy: `Use one of ${RUN_STATUSES.join(", ")}.` });
  await withView(io, options.project, (view) => {
    const now = seenFromOutside(view.folder);
    const answer = view.store.runs.query(
      runQuerySchema.parse({
        dataset: options.dataset === undefined ? [] : [options.dataset],
        tags: options.tag,
        search: options.search ?? "",
        expression: options.where ?? "",
        view: options.trash === true ? "trash" : options.archived === true ? "archived" : "active",
        topLevelOnly: options.stages !== true,
        limit: 10_000,
      }),
    );
    if (answer.expressionError !== null)
      throw new UserError(`Invalid expression at character ${answer.expressionError.position + 1}: ${answer.expressionError.message}`, {
        code: "usage",
        remedy: 'Example: --where \'best("train/validation-accuracy") > 0.9 and dataset == "cifar10"\'.',
      });
    // Statuses are filtered here because runs left running by a dead process count as interrupted.
    const wanted = answer.rows.map(now).filter((run) => options.status.length === 0 || options.status.includes(run.status satisfies RunStatus));
    const rows = (options.stages === true ? stagesBelow(wanted) : wanted).slice(0, options.limit);
    if (options.json === true) {
      io.json({ project: view.info(), total: wanted.length, runs: rows });
      return;
    }
    if (rows.length === 0) {
      io.note(answer.total === 0 && view.info().runs === 0 ? "This project has no runs yet. Start one: ghn-studio run demo" : "No matching runs.");
      return;
    }
    io.out(runTable(io, rows, options.stages === true));
    if (wanted.length > rows.length) io.note(`${whole(wanted.length - rows.length)} more; raise --limit to show them.`);
  });
}

/** Stages listed below their pipeline, in the order they ran. */
function stagesBelow(runs: readonly RunSummary[]): RunSummary[] {
  const ids = new Set(runs.map((run) => run.id));
  const stages = Map.groupBy(
    runs.filter((run) => run.parentId !== null && ids.has(run.parentId)),
    (run) => run.parentId,
  );
  return runs.flatMap((run) => (run.parentId !== null && ids.has(run.parentId) ? [] : [run, ...(stages.get(run.id) ?? []).toReversed()]));
}

function runTable(io: Io, rows: readonly RunSummary[], stages: boolean): string {
  return table(
    io,
    [
      { title: "Id" },
      { title: "Name" },
      { title: "Kind" },
      { title: "Status" },
      { title: "Dataset" },
      { title: "Seed", align: "right" },
      { title: "Created" },
      { title: "Time", align: "right" },
      { title: "Result" },
    ],
    rows.map((run) => [
      run.id,
      `${stages && run.parentId !== null ? "  " : ""}${run.starred ? "* " : ""}${shorten(run.name, 40)}`,
      kindWord(run.kind),
      statusWord(io, run.status),
      run.datasetId,
      String(run.seed),
      localTime(run.createdAt),
      timeText(run),
      headline(run),
    ]),
  );
}

function shorten(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`;
}
