/** Disks that become full at a random moment of a run: a tmpfs of a few MB. The program says so, and the run continues when there is space again. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { Rng } from "../../../src-main/engine/random.ts";
import type { PartInput } from "../part-input.ts";
import { faultOfCommand, start } from "../product/cli.ts";
import { firstDifference, newestRun, numbersOf, SMALL_RUN_NAMES, SMALL_RUNS } from "../product/runs.ts";
import { Tally } from "../tally.ts";

/** Runs whose disk becomes full in the whole campaign. */
const RUNS = 30;

export async function diskCampaign({ folder, scale, seed, say }: PartInput): Promise<Tally[]> {
  const tally = new Tally("disks: runs that met a full disk and continued");
  const probe = join(folder, "probe");
  mkdirSync(probe);
  if (process.getuid?.() !== 0 || !mount(probe)) {
    tally.skipped = "mounting a tmpfs needs root.";
    say(`SKIPPED: ${tally.skipped}`);
    return [tally];
  }
  unmount(probe);
  const rng = Rng.fromSeed(seed, "disks");
  const wanted = Math.max(2, Math.round(RUNS * scale));
  const references = new Map<string, { readonly numbers: string; readonly ms: number }>();
  for (let i = 0; i < wanted; i++) {
    const name = SMALL_RUN_NAMES[i % SMALL_RUN_NAMES.length] ?? "pipeline";
    const config = join(folder, `${name}.json`);
    writeFileSync(config, JSON.stringify(SMALL_RUNS[name]));
    let reference = references.get(name);
    if (reference === undefined) {
      const project = join(folder, `untouched-${name}`);
      const began = performance.now();
      const ended = await start(["run", config, "--project", project], folder).ended;
      if (ended.code !== 0) throw new Error(`An untouched run failed: ${ended.output}`);
      reference = { numbers: numbersOf(project), ms: performance.now() - began };
      references.set(name, reference);
    }
    say(`${name}, ${i + 1} of ${wanted}`);
    tally.count(await oneDisk(join(folder, `disk-${i}`), folder, config, reference, rng));
  }
  return [tally];
}

async function oneDisk(
  disk: string,
  folder: string,
  config: string,
  reference: { readonly numbers: string; readonly ms: number },
  rng: Rng,
): Promise<string | null> {
  mkdirSync(disk);
  if (!mount(disk)) return "the tmpfs could not be mounted";
  const project = join(disk, "project");
  try {
    const command = start(["run", config, "--project", project], folder);
    await Promise.race([wait(rng.uniform() * reference.ms), command.ended]);
    const early = command.hasEnded();
    fill(disk);
    const ended = await command.ended;
    const fault = faultOfCommand(ended);
    if (fault !== null) return fault;
    if (!early && ended.code !== 0 && !/disk|space/i.test(ended.output)) return `the disk was not named: ${ended.output.slice(-500)}`;
    free(disk);
    for (let attempts = 0; attempts < 3; attempts++) {
      const begun = existsSync(join(project, "project.json")) && newestRun(project) !== null;
      if (begun && newestRun(project)?.status === "completed") break;
      const again = await start(begun ? ["resume", "last", "--project", project] : ["run", config, "--project", project], folder).ended;
      const fault = faultOfCommand(again);
      if (fault !== null) return `after there was space again: ${fault}`;
      if (again.code !== 0) return `it did not continue when there was space again: ${again.output.slice(-500)}`;
    }
    const found = numbersOf(project);
    return found === reference.numbers ? null : firstDifference(reference.numbers, found);
  } finally {
    unmount(disk);
  }
}

function mount(folder: string): boolean {
  return spawnSync("mount", ["-t", "tmpfs", "-o", "size=48m", "tmpfs", folder]).status === 0;
}

function unmount(folder: string): void {
  spawnSync("umount", ["-l", folder]);
}

function fill(disk: string): void {
  for (let i = 0; i < 50; i++) {
    const { bavail, bsize } = statfsSync(disk);
    if (bavail === 0) return;
    try {
      writeFileSync(join(disk, `filler-${i}`), Buffer.alloc(bavail * bsize));
    } catch {
      // The run took the rest.
    }
  }
}

function free(disk: string): void {
  for (const name of readdirSync(disk)) if (name.startsWith("filler-")) rmSync(join(disk, name));
}
