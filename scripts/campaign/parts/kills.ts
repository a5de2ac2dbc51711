/** SIGKILL at random moments, to the program or to a worker; after resuming, all numbers must equal those of runs that nobody touched. */
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { Rng } from "../../../src-main/engine/random.ts";
import { runConfigSchema } from "../../../src-shared/domain/config/run-config.ts";
import type { PartInput } from "../part-input.ts";
import { faultOfCommand, start } from "../product/cli.ts";
import { kill, workersOf } from "../product/processes.ts";
import { firstDifference, newestRun, numbersOf, SMALL_RUN_NAMES, SMALL_RUNS, type SmallRun } from "../product/runs.ts";
import { type Served, serve } from "../product/served.ts";
import { Tally } from "../tally.ts";

/** Kills of the whole campaign. */
const KILLS = 100;
/** Kills of one run; then it may complete. */
const KILLS_PER_RUN = 5;
/** Longest time until a killed process is gone. */
const DEATH_MS = 10_000;

interface Reference {
  readonly numbers: string;
  readonly ms: number;
}

export async function killCampaign({ folder, scale, seed, say }: PartInput): Promise<Tally[]> {
  const kills = new Tally("kills: SIGKILL to the program or a worker");
  const runs = new Tally("kills: runs whose numbers equal untouched ones");
  const rng = Rng.fromSeed(seed, "kills");
  const references = new Map<SmallRun, Reference>();
  const wanted = Math.max(3, Math.round(KILLS * scale));
  for (let i = 0; kills.tried < wanted; i++) {
    const name = SMALL_RUN_NAMES[i % SMALL_RUN_NAMES.length] ?? "pipeline";
    const home = join(folder, `kills-${i}`);
    mkdirSync(home);
    const config = join(folder, `${name}.json`);
    writeFileSync(config, JSON.stringify(SMALL_RUNS[name]));
    const reference = references.get(name) ?? (await untouched(config, join(folder, `untouched-${name}`)));
    references.set(name, reference);
    const through = Math.floor(i / SMALL_RUN_NAMES.length) % 2 === 0 ? "command line" : "serve";
    say(`${name} through ${through}: ${kills.tried} of ${wanted} kills`);
    const most = Math.min(KILLS_PER_RUN, wanted - kills.tried);
    const trial = { home, project: join(home, "project"), name, config, reference, rng, kills, most };
    try {
      await (through === "serve" ? killServed(trial) : killCommands(trial));
      const found = numbersOf(trial.project);
      runs.count(found === reference.numbers ? null : `${name} through ${through}: ${firstDifference(reference.numbers, found)}`);
    } catch (error) {
      runs.count(`${name} through ${through}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return [kills, runs];
}

async function untouched(config: string, home: string): Promise<Reference> {
  mkdirSync(home);
  const project = join(home, "project");
  const began = performance.now();
  const ended = await start(["run", config, "--project", project], home).ended;
  if (ended.code !== 0) throw new Error(`An untouched run failed: ${ended.output}`);
  return { numbers: numbersOf(project), ms: performance.now() - began };
}

interface Trial {
  readonly home: string;
  readonly project: string;
  readonly name: SmallRun;
  readonly config: string;
  readonly reference: Reference;
  readonly rng: Rng;
  readonly kills: Tally;
  readonly most: number;
}

/** Half of the kills hit the program, the others a worker, if there is one. @returns the id of the killed process */
function killOne(pid: number, rng: Rng): number {
  const workers = workersOf(pid);
  const worker = workers[Math.floor(rng.uniform() * workers.length)];
  const killed = worker === undefined || rng.uniform() < 0.5 ? pid : worker;
  kill(killed);
  return killed;
}

async function killCommands({ home, project, config, reference, rng, kills, most }: Trial): Promise<void> {
  for (let killed = 0; ; ) {
    const begun = existsSync(join(project, "project.json")) && newestRun(project) !== null;
    if (begun && newestRun(project)?.status === "completed") return;
    const command = start(begun ? ["resume", "last", "--project", project] : ["run", config, "--project", project], home);
    if (killed < most) {
      await Promise.race([wait(rng.uniform() * reference.ms * 0.6), command.ended]);
      if (!command.hasEnded()) {
        killOne(command.pid, rng);
        killed++;
        const ended = await command.ended;
        // The program reports a killed worker with status 3; a killed program says nothing.
        kills.count(ended.signal === "SIGKILL" ? null : faultOfCommand(ended));
        continue;
      }
    }
    const ended = await command.ended;
    if (ended.code !== 0) throw new Error(`resuming ended with status ${String(ended.code)}: ${ended.output.slice(-600)}`);
  }
}

async function killServed({ home, project, name, reference, rng, kills, most }: Trial): Promise<void> {
  let host: Served | null = null;
  try {
    for (let killed = 0; ; ) {
      host ??= await serve(home);
      const runId = await underWay(host, project, name);
      let workerKilled = false;
      if (killed < most) {
        await wait(rng.uniform() * reference.ms * 0.6);
        if ((await statusOf(host, runId)) !== "completed") {
          const ofHost = killOne(host.pid, rng) === host.pid;
          killed++;
          if (ofHost) {
            kills.count((await hasDied(host)) ? null : `the host did not end within ${DEATH_MS} ms of SIGKILL`);
            host = null;
            continue;
          }
          workerKilled = true;
        }
      }
      const status = await ended(host, runId, reference.ms * 10 + 60_000);
      // The run may have completed before its worker was killed.
      const fault = status === "completed" || status === "interrupted" ? null : `a run whose worker was killed is ${status}`;
      if (workerKilled) kills.count(fault);
      if (fault !== null) throw new Error(fault);
      if (status === "completed") return;
    }
  } finally {
    await host?.stop();
  }
}

/** Opens or creates the project, and starts or resumes its run. @returns its id */
async function underWay(host: Served, project: string, name: SmallRun): Promise<string> {
  if ((await host.call("project.current", {})) === null) {
    if (existsSync(join(project, "project.json"))) await host.call("project.open", { folder: project });
    else await host.call("project.create", { folder: project, name: "Kills" });
  }
  const [run] = (await host.call("runs.query", { topLevelOnly: true })).rows;
  if (run === undefined) return (await host.call("runs.create", { name, config: runConfigSchema.parse(SMALL_RUNS[name]) })).id;
  if (run.status === "interrupted" || run.status === "stopped") await host.call("runs.resume", { runId: run.id });
  return run.id;
}

async function statusOf(host: Served, runId: string): Promise<string> {
  return (await host.call("runs.get", { runId })).status;
}

/** Waits until a killed host has ended; false if it does not. */
async function hasDied(host: Served): Promise<boolean> {
  for (let waited = 0; !host.hasEnded(); waited += 50) {
    if (waited >= DEATH_MS) return false;
    await wait(50);
  }
  return true;
}

/** Waits until the run has ended. */
async function ended(host: Served, runId: string, limitMs: number): Promise<string> {
  for (let waited = 0; waited < limitMs; waited += 200) {
    const status = await statusOf(host, runId);
    if (status !== "running" && status !== "queued") return status;
    await wait(200);
  }
  throw new Error(`the run did not end in ${limitMs} ms`);
}
