/** Runs a config in a project to completion: shared by `run`, `cells` and `transfer`. */
import { type Command, Option } from "commander";
import { whole } from "../../../src-shared/analysis/format.ts";
import type { NetworkInput } from "../../../src-shared/domain/architecture/network.ts";
import { sameValue } from "../../../src-shared/domain/config/config-diff.ts";
import { explicit } from "../../../src-shared/domain/config/migrate-config.ts";
import { cellNetworkOf, type RunConfig } from "../../../src-shared/domain/config/run-config.ts";
import { RESUMABLE_STATUSES } from "../../../src-shared/domain/records/run.ts";
import { runEditSchema, runQuerySchema } from "../../../src-shared/domain/records/run-history.ts";
import { packageVersion } from "../../config/version.ts";
import { UserError } from "../../lib/errors.ts";
import { userPath } from "../../lib/user-path.ts";
import { fitBudget, hasBudget } from "../../runs/sources/fit-budget.ts";
import { postRun, viewProject } from "../../store/project/project.ts";
import { Exit } from "../output/errors.ts";
import type { Io } from "../output/io.ts";
import { quotePath } from "../output/quote-path.ts";
import { checkData } from "../project/check-data.ts";
import { collect, type JsonFlag, jsonOption, type ProjectFlag, projectOption, setOption } from "../project/options.ts";
import { withView } from "../project/project.ts";
import { inProject, type Place, placeFor } from "../project/project-location.ts";
import { followRun } from "./follow.ts";
import { supervise } from "./supervise.ts";
import type { SupervisedProject } from "./supervised.ts";

export interface RunOptions extends JsonFlag, ProjectFlag {
  readonly set: readonly string[];
  readonly data?: string;
  readonly name?: string;
  readonly tag: readonly string[];
  readonly resume?: true;
  readonly print?: true;
  readonly queue?: true;
}

/** Adds the options of commands that execute a run. */
export function withRunOptions(command: Command): Command {
  return command
    .addOption(projectOption())
    .addOption(setOption())
    .option("--data <folder>", "folder or archive with the images; short for --set dataset.path=<folder>")
    .option("--name <name>", "run name")
    .option("--tag <tag>", "tag for the run; may be repeated", collect, [])
    .option("--resume", "resume the newest unfinished run with the same config, if there is one")
    .addOption(new Option("--queue", "if a window or another terminal has the project open, let it execute the run, and follow it").conflicts("resume"))
    .option("--print", "print the full config with all defaults as JSON and exit")
    .addOption(jsonOption());
}

/** Executes a config in this process to completion, or prints it with --print. @throws Exit with the exit status of the command */
export async function runConfig(io: Io, config: RunConfig, name: string, options: RunOptions): Promise<void> {
  if (options.print === true) {
    io.json(config);
    return;
  }
  checkLabels(options.name ?? name, options.tag);
  const place = placeFor(options.project);
  // Create nothing before it is certain that the run can start.
  const input = await checkData(place.folder, config, io.note);
  const frozen = fitToBudget(io, config, input, place);
  if (options.queue === true && !place.isNew) {
    const runId = postRun(place.folder, { name: options.name ?? name, config: frozen, codeVersion: packageVersion(), tags: options.tag });
    if (runId !== null) {
      io.note(`Run ${runId} was queued in the process that has ${quotePath(place.folder)} open.`);
      await withView(io, place.folder, (view) => followRun(io, view, runId, options.json === true));
      return;
    }
  }
  const { code } = await inProject(io, place, () =>
    supervise(io, place.folder, options.json === true, (project) => startOrResume(io, project, frozen, options.name ?? name, options)),
  );
  throw new Exit(code);
}

/** The config to freeze: F is solved from the multiply-add budget, if there is one. */
export function fitToBudget(io: Io, config: RunConfig, input: NetworkInput, place: Place): RunConfig {
  if (!hasBudget(config)) return config;
  const view = place.isNew ? null : viewProject(place.folder);
  try {
    const fitted = view === null ? fitBudget(config, input, null) : view.store.damage.refusing(() => fitBudget(config, input, view.store));
    const network = cellNetworkOf(fitted);
    if (network !== null)
      io.note(`F = ${network.initialChannels} is the largest number of channels within ${whole(network.multiplyAddBudget ?? 0)} multiply-adds.`);
    return fitted;
  } finally {
    view?.close();
  }
}

/** The limits of the contract, which the window is held to as well. @throws UserError `usage` */
export function checkLabels(name: string, tags: readonly string[]): void {
  const parsed = runEditSchema.pick({ name: true, tags: true }).safeParse({ name, tags });
  if (parsed.success) return;
  const ofTags = parsed.error.issues[0]?.path[0] === "tags";
  throw new UserError(
    ofTags ? "A run can have up to 50 tags of 1 to 100 characters each." : `A run name has 1 to 200 characters; this one has ${name.length}.`,
    {
      code: "usage",
      remedy: ofTags ? "Shorten --tag, or use fewer tags." : "Choose another name with --name.",
    },
  );
}

export function setsOf({ set, data }: RunOptions): readonly string[] {
  return data === undefined ? set : [...set, `dataset.path=${userPath(data)}`];
}

export function startOrResume(io: Io, project: SupervisedProject, config: RunConfig, name: string, options: Pick<RunOptions, "resume" | "tag">): string {
  if (options.resume === true) {
    const unfinished = project.store.runs.query(runQuerySchema.parse({ topLevelOnly: true, status: [...RESUMABLE_STATUSES], limit: 10_000 })).rows;
    const same = unfinished.find((run) => sameValue(explicit(project.store.runs.record(run.id)?.config), config));
    if (same !== undefined) {
      io.note(`Resuming run ${same.id} (${same.name}).`);
      project.commands.resume(same.id);
      return same.id;
    }
  }
  const run = project.commands.create(name, config, options.tag);
  io.note(`Run ${run.id} (${run.name}) in project ${quotePath(project.folder)}.`);
  return run.id;
}
