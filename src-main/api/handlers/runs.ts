/** Runs of the open project: querying, creating, controlling and archiving them; their metrics and logs. */

import { contradictions } from "../../../src-shared/domain/config/check-config.ts";
import { flattenConfig } from "../../../src-shared/domain/config/config-diff.ts";
import { explicit } from "../../../src-shared/domain/config/migrate-config.ts";
import type { RunConfig } from "../../../src-shared/domain/config/run-config.ts";
import type { RunPage, RunQuery } from "../../../src-shared/domain/records/run-history.ts";
import { configError } from "../../config/load-config.ts";
import { UserError } from "../../lib/errors.ts";
import { fitBudget, hasBudget } from "../../runs/sources/fit-budget.ts";
import { authoriseConfig } from "../access/authorise-path.ts";
import type { HandlersOf } from "../gate/dispatch.ts";
import { type CallContext, projectOf } from "../services/call-context.ts";
import { runsCsv } from "./runs-csv.ts";

type Names =
  | "runs.query"
  | "runs.settings"
  | "runs.get"
  | "runs.create"
  | "runs.stop"
  | "runs.kill"
  | "runs.resume"
  | "runs.retry"
  | "runs.update"
  | "runs.archive"
  | "runs.trash"
  | "runs.restore"
  | "runs.purge"
  | "runs.reorderQueue"
  | "runs.csv"
  | "metrics.series"
  | "metrics.since"
  | "logs.list"
  | "candidates.list"
  | "candidates.get"
  | "trainings.list";

/** Maximum number of rows in an exported CSV. */
const CSV_ROWS = 100_000;

export const runHandlers: HandlersOf<CallContext, Names> = {
  "runs.query": (query, context): RunPage => {
    const { runs } = projectOf(context).store;
    return { ...runs.query(query), ...runs.overview(query.view) };
  },
  "runs.settings": ({ runIds }, context) => {
    const { runs } = projectOf(context).store;
    return Object.fromEntries(runIds.map((id) => [id, Object.fromEntries(flattenConfig(explicit(runs.record(id)?.config ?? {})))]));
  },
  "runs.get": ({ runId }, context) => projectOf(context).commands.detail(runId),
  "runs.create": async ({ name, config, tags }, context) => {
    const project = projectOf(context);
    const trainImages = await context.studio.datasets.knownTrainImages(config.dataset, project.folder);
    const problems = contradictions(config, trainImages === undefined ? {} : { trainImages });
    if (problems.length > 0) throw configError(problems, "the form");
    const frozen = hasBudget(config) ? fitBudget(config, await context.studio.datasets.inputOf(config.dataset, project.folder), project.store) : config;
    const created = project.commands.create(name.trim() === "" ? defaultName(config) : name.trim(), frozen, cleanTags(tags));
    project.store.settings.clearDraft();
    return created;
  },
  "runs.stop": ({ runId }, context) => done(() => projectOf(context).commands.stop(runId)),
  "runs.kill": ({ runId }, context) => done(() => projectOf(context).commands.kill(runId)),
  "runs.resume": async ({ runId }, context) => {
    const { commands } = projectOf(context);
    await authoriseConfig(commands.detail(runId).config, context);
    return done(() => commands.resume(runId));
  },
  "runs.retry": async ({ runId }, context) => {
    const { commands } = projectOf(context);
    await authoriseConfig(commands.detail(runId).config, context);
    return commands.retry(runId);
  },
  "runs.update": ({ runId, name, notes, starred, tags }, context) =>
    projectOf(context).commands.update(runId, {
      ...(name === undefined ? {} : { name: name.trim() }),
      ...(notes === undefined ? {} : { notes }),
      ...(starred === undefined ? {} : { starred }),
      ...(tags === undefined ? {} : { tags: cleanTags(tags) }),
    }),
  "runs.archive": ({ runIds, archived }, context) => done(() => projectOf(context).commands.archive(runIds, archived)),
  "runs.trash": ({ runIds }, context) => done(() => projectOf(context).commands.trash(runIds)),
  "runs.restore": ({ runIds }, context) => done(() => projectOf(context).commands.restore(runIds)),
  "runs.purge": async ({ runIds }, context) => ({ bytes: await projectOf(context).commands.purge(runIds) }),
  "runs.reorderQueue": ({ runIds }, context) => done(() => projectOf(context).commands.reorderQueue(runIds)),
  "runs.csv": (query, context) => ({ csv: runsCsv(allRows(query, context)) }),

  "metrics.series": ({ runIds, names, fromStep, toStep, buckets }, context) => {
    const { metrics } = projectOf(context).store;
    const range = { buckets, ...(fromStep === undefined ? {} : { fromStep }), ...(toStep === undefined ? {} : { toStep }) };
    return runIds.flatMap((runId) => metrics.series(runId, names, range));
  },
  "metrics.since": ({ runId, cursor }, context) => projectOf(context).store.metrics.since(runId, cursor),
  "logs.list": ({ runId, afterId, limit }, context) => projectOf(context).store.logs.list(runId, afterId, limit),
  "candidates.list": ({ runId, sort, descending, offset, limit }, context) =>
    projectOf(context).store.candidates.list(runId, { sort, descending, offset, limit }),
  "candidates.get": ({ candidateId }, context) => {
    const candidate = projectOf(context).store.candidates.get(candidateId);
    if (candidate === null)
      throw new UserError(`There is no candidate ${candidateId} in this project.`, {
        code: "candidate-missing",
        remedy: "Its run may have been deleted. Return to the list of candidates.",
      });
    return candidate;
  },
  // For a pipeline, the store returns the trainings of all stages, diverged ones included.
  "trainings.list": ({ runId }, context) => projectOf(context).store.trainings.listAll(runId),
};

function done(work: () => void): null {
  work();
  return null;
}

function allRows(query: RunQuery, context: CallContext): RunPage["rows"] {
  return projectOf(context).store.runs.query({ ...query, offset: 0, limit: CSV_ROWS }).rows;
}

function cleanTags(tags: readonly string[]): string[] {
  return [...new Set(tags.map((tag) => tag.trim()).filter((tag) => tag !== ""))];
}

const KIND_NAMES: Readonly<Record<RunConfig["kind"], string>> = {
  "ghn-training": "GHN",
  search: "Search",
  "cell-training": "Training",
  pipeline: "Pipeline",
  prediction: "Predictors",
  study: "Study",
  anytime: "Anytime",
  "anytime-ghn": "GHN (anytime)",
  "anytime-search": "Search (anytime)",
  "anytime-training": "Training (anytime)",
};

/** Default name of a run. */
function defaultName({ kind, dataset, seed }: RunConfig): string {
  return `${KIND_NAMES[kind]} on ${dataset.id}, seed ${seed}`;
}
