import { Command, Option } from "commander";
import { bytes, configValue, count, percent, whole } from "../../../src-shared/analysis/format.ts";
import { flattenConfig } from "../../../src-shared/domain/config/config-diff.ts";
import { explicit } from "../../../src-shared/domain/config/migrate-config.ts";
import { RESUMABLE_STATUSES, type RunSummary } from "../../../src-shared/domain/records/run.ts";
import { operationCounts } from "../../../src-shared/drawing/words.ts";
import type { ProjectView } from "../../store/project/project.ts";
import { anytimeSections } from "../output/anytime-tables.ts";
import type { Io } from "../output/io.ts";
import { outcomeOf, outcomeTable } from "../output/outcome.ts";
import { facts, table } from "../output/tables.ts";
import { headline, kindWord, localTime, metricText, metricTitle, statusWord, timeText } from "../output/words.ts";
import { type JsonFlag, jsonOption, type ProjectFlag, projectOption, RUN_REFERENCE, wholeNumber } from "../project/options.ts";
import { findRun, seenFromOutside, withView } from "../project/project.ts";

interface ShowOptions extends JsonFlag, ProjectFlag {
  readonly config?: true;
  readonly cells: number;
  readonly log: number;
}

/** `ghn-studio show`: shows one run in detail. */
export function showCommand(io: Io): Command {
  return new Command("show")
    .description("show one run: status, result, best cells, trainings, files, log")
    .argument("<run>", RUN_REFERENCE)
    .addOption(projectOption())
    .option("--config", "also show every setting")
    .addOption(new Option("--cells <count>", "number of best cells to show").argParser(wholeNumber(0, 100_000)).default(10))
    .addOption(new Option("--log <lines>", "number of log lines to show").argParser(wholeNumber(0, 10_000)).default(5))
    .addOption(jsonOption())
    .action((reference: string, options: ShowOptions) =>
      withView(io, options.project, (view) => {
        const run = seenFromOutside(view.folder)(findRun(view.store, reference));
        if (options.json === true) io.json(document(view, run, options));
        else present(io, view, run, options);
      }),
    );
}

function document(view: ProjectView, run: RunSummary, options: ShowOptions): unknown {
  const { store } = view;
  const children = store.runs.children(run.id).map(seenFromOutside(view.folder));
  const details = store.runs.record(run.id);
  return {
    ...run,
    config: details === null ? null : explicit(details.config),
    codeVersion: details?.codeVersion ?? null,
    datasetFingerprint: details?.datasetFingerprint ?? null,
    resumedFrom: details?.resumedFrom ?? [],
    summary: details?.summary ?? {},
    outcome: outcomeOf(view, run),
    children,
    candidates: [run, ...children].flatMap((member) => store.candidates.list(member.id, { limit: Math.max(1, options.cells) }).rows.slice(0, options.cells)),
    trainings: store.trainings.listAll(run.id),
    ...(run.kind.startsWith("anytime")
      ? {
          anytime: {
            candidates: store.candidates.in("anytime").list(run.id, { limit: Math.max(1, options.cells), stages: true }).rows,
            trainings: store.trainings.in("anytime").listAll(run.id),
          },
        }
      : {}),
    artifacts: [run, ...children].flatMap((member) => store.artifacts.list(member.id)),
    log: [run, ...children].flatMap((member) => store.logs.tail(member.id, options.log)),
  };
}

function present(io: Io, view: ProjectView, run: RunSummary, options: ShowOptions): void {
  const { store } = view;
  const details = store.runs.record(run.id);
  const children = store.runs.children(run.id).map(seenFromOutside(view.folder));
  io.out(`${io.style("bold", run.name)}  ${statusWord(io, run.status)}`);
  io.out(
    facts(io, [
      ["Id", run.id],
      ["Kind", run.stage === null ? kindWord(run.kind) : `${kindWord(run.kind)}, stage ${run.stage} of ${run.parentId ?? ""}`],
      ["Dataset", run.datasetId],
      ["Seed", String(run.seed)],
      ["Created", localTime(run.createdAt)],
      ["Backend", computedOn([run, ...children])],
      ["Version", details?.codeVersion ?? ""],
      ...(run.tags.length > 0 ? ([["Tags", run.tags.join(", ")]] as const) : []),
      ...(run.notes !== "" ? ([["Notes", run.notes]] as const) : []),
    ]),
  );
  if (run.failure !== null) {
    io.out(`\n${io.style("red", run.failure.message)}`);
    if (run.failure.remedy !== undefined) io.out(run.failure.remedy);
  }
  section(io, "Result", outcomeTable(io, outcomeOf(view, run)));
  const metrics = Object.entries(run.metrics).filter(([name]) => !name.startsWith("system/"));
  if (metrics.length > 0)
    section(
      io,
      "Metrics",
      table(
        io,
        [{ title: "Metric" }, { title: "Last", align: "right" }, { title: "Best", align: "right" }, { title: "Points", align: "right" }],
        metrics.map(([name, value]) => [metricTitle(name), metricText(name, value.last), metricText(name, value.best), whole(value.count)]),
      ),
    );
  if (children.length > 0)
    section(
      io,
      "Stages",
      table(
        io,
        [{ title: "Id" }, { title: "Stage" }, { title: "Kind" }, { title: "Status" }, { title: "Time", align: "right" }, { title: "Result" }],
        children.map((child) => [child.id, child.stage ?? "", kindWord(child.kind), statusWord(io, child.status), timeText(child), headline(child)]),
      ),
    );
  presentCells(io, view, [run, ...children], options.cells);
  for (const { title, text } of anytimeSections(io, store, run.id, options.cells)) section(io, title, text);
  const trainings = store.trainings.listAll(run.id);
  if (trainings.length > 0)
    section(
      io,
      "Trainings",
      table(
        io,
        [
          { title: "Training", align: "right" },
          { title: "Cell" },
          { title: "Role" },
          { title: "Epochs", align: "right" },
          { title: "Score", align: "right" },
          { title: "Validation", align: "right" },
          { title: "Test", align: "right" },
        ],
        trainings.map((t) => [
          String(t.id),
          t.name,
          t.role === "none" ? "" : t.role,
          String(t.epochs),
          percent(t.score),
          t.divergence === undefined ? percent(t.validationAccuracy) : io.style("red", "diverged"),
          t.divergence === undefined ? percent(t.testAccuracy) : "",
        ]),
      ),
    );
  const artifacts = [run, ...children].flatMap((member) => store.artifacts.list(member.id)).filter((artifact) => artifact.kind !== "checkpoint");
  if (artifacts.length > 0)
    section(
      io,
      "Files",
      table(
        io,
        [{ title: "File" }, { title: "Kind" }, { title: "Size", align: "right" }],
        artifacts.map((artifact) => [artifact.path, artifact.kind, bytes(artifact.bytes)]),
      ),
    );
  if (options.config === true && details !== null)
    section(
      io,
      "Config",
      facts(
        io,
        [...flattenConfig(explicit(details.config))].map(([path, value]) => [path, configValue(value)]),
      ),
    );
  const log = [run, ...children]
    .flatMap((member) => store.logs.tail(member.id, options.log))
    .sort((a, b) => a.time.localeCompare(b.time) || a.id - b.id)
    .slice(-Math.max(1, options.log));
  if (options.log > 0 && log.length > 0)
    section(io, "Log", log.map((line) => `${localTime(line.time)}  ${line.level === "info" ? "" : `${line.level}: `}${line.text}`).join("\n"));
  if (RESUMABLE_STATUSES.includes(run.status)) io.note(`\nResume it: ghn-studio resume ${run.id}`);
  else if (run.status === "completed" && run.kind !== "ghn-training" && run.kind !== "anytime-ghn") io.note(`\nExport it: ghn-studio export ${run.id}`);
}

function presentCells(io: Io, view: ProjectView, family: readonly RunSummary[], limit: number): void {
  if (limit === 0) return;
  for (const member of family) {
    const { rows, total } = view.store.candidates.list(member.id, { limit });
    if (rows.length === 0) continue;
    section(
      io,
      total > rows.length ? `Best ${rows.length} of ${whole(total)} cells` : "Cells",
      table(
        io,
        [
          { title: "Rank", align: "right" },
          { title: "Cell", align: "right" },
          { title: "Name" },
          { title: "Score", align: "right" },
          { title: "Parameters", align: "right" },
          { title: "Multiply-adds", align: "right" },
          { title: "Role" },
          { title: "Operations" },
        ],
        rows.map((c) => [
          c.rank === null ? "" : String(c.rank),
          String(c.id),
          c.name,
          percent(c.score),
          count(c.parameters),
          count(c.multiplyAdds),
          c.role === "none" ? "" : c.role,
          operationCounts(c.architecture.normal),
        ]),
      ),
    );
  }
}

/** Backends and devices of a run and its stages; a pipeline itself computes nothing. */
function computedOn(family: readonly RunSummary[]): string {
  const places = family.flatMap(({ backend, device }) => (backend === null ? [] : [device === null ? backend : `${backend}, ${device}`]));
  return places.length === 0 ? "not known yet" : [...new Set(places)].join("; ");
}

function section(io: Io, title: string, text: string): void {
  io.out(`\n${io.style("bold", title)}\n${text}`);
}
