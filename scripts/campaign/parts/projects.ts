/** Projects that somebody prepared: links, special files, damaged databases, foreign rows. Every command ends in words, and nothing outside is touched. */
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { Rng } from "../../../src-main/engine/random.ts";
import { installation } from "../../../src-main/lib/places.ts";
import { faultOfAnswer } from "../fuzz/calls.ts";
import { faultOfRefusal } from "../fuzz/refusal.ts";
import type { PartInput } from "../part-input.ts";
import { faultOfCommand, start } from "../product/cli.ts";
import { fingerprintOf } from "../product/folders.ts";
import { type Served, serve } from "../product/served.ts";
import { Tally } from "../tally.ts";

/** Damaged copies of each kind in the whole campaign. */
const COPIES = 40;
const DATABASE = "runs.sqlite";

interface Kind {
  readonly name: string;
  damage(project: string, home: string, rng: Rng): void;
}

/** Replaces a file of the project by something else. */
function replaced(name: string, make: (path: string) => void): (project: string) => void {
  return (project) => {
    rmSync(join(project, name), { recursive: true, force: true });
    make(join(project, name));
  };
}

const fifo = (path: string): void => void execFileSync("mkfifo", [path]);

function sql(text: string): (project: string) => void {
  return (project) => {
    const db = new Database(join(project, DATABASE));
    db.pragma("foreign_keys = OFF");
    db.exec(text);
    db.close();
  };
}

/** Tables without STRICT, which takes values of any type. */
function loosened(project: string): void {
  const db = new Database(join(project, DATABASE));
  db.unsafeMode();
  db.pragma("writable_schema = ON");
  db.exec("UPDATE sqlite_schema SET sql = replace(sql, 'STRICT', '') WHERE type = 'table'");
  db.close();
}

const KINDS: readonly Kind[] = [
  {
    name: "artifacts is a link to a home folder, run ids are its folders",
    damage(project, home) {
      sql("UPDATE runs SET id = 'Documents' WHERE id = (SELECT id FROM runs ORDER BY id LIMIT 1)")(project);
      rmSync(join(project, "artifacts"), { recursive: true, force: true });
      symlinkSync(home, join(project, "artifacts"));
    },
  },
  { name: "run ids with paths", damage: sql("UPDATE runs SET id = '../../home/Documents' WHERE id = (SELECT id FROM runs ORDER BY id LIMIT 1)") },
  { name: "artifacts with paths outside", damage: sql("UPDATE artifacts SET path = '../../home/Documents/thesis.txt'") },
  {
    name: "the database is a link",
    damage(project, home) {
      renameSync(join(project, DATABASE), join(home, "..", `${Date.now()}.sqlite`));
      symlinkSync(join(home, "Documents", "thesis.txt"), join(project, DATABASE));
    },
  },
  { name: "the database is a FIFO", damage: replaced(DATABASE, fifo) },
  { name: "the database is /dev/zero", damage: replaced(DATABASE, (path) => symlinkSync("/dev/zero", path)) },
  { name: "the project file is a FIFO", damage: replaced("project.json", fifo) },
  { name: "the project file is /dev/zero", damage: replaced("project.json", (path) => symlinkSync("/dev/zero", path)) },
  { name: "the lock is a FIFO", damage: replaced("project.lock", fifo) },
  { name: "the log of the database is a FIFO", damage: replaced(`${DATABASE}-wal`, fifo) },
  {
    name: "nested project file",
    damage: replaced("project.json", (path) => writeFileSync(path, `{"format":"ghn-studio-project","version":${"[".repeat(400_000)}`)),
  },
  { name: "rows that are not JSON", damage: sql("UPDATE run_details SET config = '{' || config, summary = 'nonsense'") },
  { name: "unknown status and kind", damage: sql("UPDATE runs SET status = 'dreaming', kind = '__proto__' WHERE rowid % 2 = 0") },
  {
    name: "texts in place of numbers",
    damage(project) {
      loosened(project);
      sql("UPDATE candidates SET score = 'abc', parameters = x'00ff'; UPDATE metric_pieces SET count = 1e9")(project);
    },
  },
  { name: "metrics that are cut", damage: sql("UPDATE metric_pieces SET data = substr(data, 1, 7)") },
  {
    name: "a database with random bytes changed",
    damage(project, _, rng) {
      const file = join(project, DATABASE);
      const bytes = readFileSync(file);
      for (let i = 0; i < 50; i++) bytes[Math.floor(rng.uniform() * bytes.length)] = Math.floor(rng.uniform() * 256);
      writeFileSync(file, bytes);
    },
  },
  {
    name: "a database that is cut",
    damage: (project, _, rng) => truncateSync(join(project, DATABASE), Math.floor(rng.uniform() * readFileSync(join(project, DATABASE)).length)),
  },
  { name: "an empty database", damage: replaced(DATABASE, (path) => writeFileSync(path, "")) },
];

export async function projectCampaign({ folder, scale, seed, say }: PartInput): Promise<Tally[]> {
  const tallies = KINDS.map(({ name }) => new Tally(`projects: ${name}`));
  const rng = Rng.fromSeed(seed, "projects");
  const copies = Math.max(1, Math.round(COPIES * scale));
  const root = join(folder, "root");
  const home = join(folder, "home");
  mkdirSync(root);
  mkdirSync(join(home, "Documents"), { recursive: true });
  writeFileSync(join(home, "Documents", "thesis.txt"), "years of work");
  const before = fingerprintOf(home);
  let host: Served | null = null;
  try {
    for (const [i, kind] of KINDS.entries()) {
      const tally = tallies[i];
      if (tally === undefined) break;
      say(kind.name);
      for (let copy = 0; copy < copies; copy++) {
        const project = join(root, `project-${i}-${copy}`);
        cpSync(join(installation, "resources", "sample"), project, { recursive: true });
        kind.damage(project, home, rng);
        if (host === null || host.hasEnded()) host = await serve(root);
        tally.count(await throughWindow(host, project));
        // The command line is slower to start: the first copies only.
        if (copy < 3)
          tally.count(
            faultOfCommand(
              await start([copy === 0 ? "runs" : copy === 1 ? "show" : "export", ...(copy === 0 ? [] : ["last"]), "--project", project], root, 60_000).ended,
            ),
          );
        if (fingerprintOf(home) !== before) tally.count("files outside the project were changed");
        rmSync(project, { recursive: true, force: true });
      }
    }
  } finally {
    await host?.stop();
  }
  return tallies;
}

/** Opens the project and does with it what the window does, up to purging. */
async function throughWindow(host: Served, project: string): Promise<string | null> {
  const faults: string[] = [];
  const ask = async (name: string, input: unknown): Promise<unknown> => {
    try {
      const answer = await host.answer(name, input);
      const error = typeof answer === "object" && answer !== null && "error" in answer ? (answer.error as { message: string; remedy?: string }) : null;
      const fault = faultOfAnswer(answer) ?? (error === null ? null : faultOfRefusal(error));
      if (fault !== null) faults.push(`${name}: ${fault}`);
      return error === null && typeof answer === "object" && answer !== null && "value" in answer ? answer.value : null;
    } catch (error) {
      faults.push(`${name}: no answer: ${error instanceof Error ? error.message : String(error)}; ${host.hasEnded() ? host.output().slice(-500) : ""}`);
      return null;
    }
  };
  if ((await ask("project.open", { folder: project })) !== null) {
    const page = await ask("runs.query", {});
    const ids = typeof page === "object" && page !== null && "rows" in page && Array.isArray(page.rows) ? page.rows.map((run: { id: string }) => run.id) : [];
    for (const runId of ids.slice(0, 4)) {
      for (const name of ["runs.get", "candidates.list", "trainings.list", "logs.list", "studies.data", "anytime.candidates"]) await ask(name, { runId });
      await ask("metrics.since", { runId, cursor: 0 });
      await ask("export.choices", { subject: { type: "run", runId } });
      await ask("runs.trash", { runIds: [runId] });
      await ask("runs.purge", { runIds: [runId] });
    }
    await ask("runs.csv", {});
    await ask("project.close", {});
  }
  return faults.length === 0 ? null : faults.slice(0, 3).join(" | ");
}
