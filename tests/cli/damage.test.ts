/** The command line on projects whose database is damaged: bad rows, bad pages, and their repair, with the process killed in the middle. */
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openProject, viewProject } from "../../src-main/store/project/project.ts";
import { type Filled, filledProject, leafPages, overwritePages, tamper } from "../store/support/damage.ts";
import { cli, startCli } from "./support/cli.ts";

let folder: string;
let project: Filled;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "ghn-damage-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const fill = (candidates?: number): void => {
  project = filledProject(join(folder, "project"), candidates);
};
const command = (...args: readonly string[]): ReturnType<typeof cli> => cli([...args, "--project", project.folder], { cwd: folder });
const candidateIds = (): number[] => {
  const view = viewProject(project.folder);
  try {
    return view.store.candidates.list(project.search, { limit: 1_000_000 }).rows.map(({ id }) => id);
  } finally {
    view.close();
  }
};

/** One damaged value per checked column. */
const DAMAGE: readonly (readonly [table: string, column: string, value: string, where: string])[] = [
  ["runs", "status", "'banana'", "name = 'The search'"],
  ["runs", "kind", "'banana'", "name = 'The training'"],
  ["runs", "progress", "'{'", "name = 'The search'"],
  ["runs", "failure", "'[1]'", "name = 'The anytime search'"],
  ["runs", "created_at", "'yesterday'", "name = 'The search'"],
  ["run_details", "config", "'{\"kind\":'", "run_id = (SELECT id FROM runs WHERE name = 'The anytime search')"],
  ["run_details", "summary", "'[]'", "run_id = (SELECT id FROM runs WHERE name = 'The training')"],
  ["run_details", "resumed_from", "'x'", "run_id = (SELECT id FROM runs WHERE name = 'The training')"],
  ["candidates", "architecture", "'{}'", "id = 3"],
  ["candidates", "role", "'king'", "id = 4"],
  ["candidates", "predictions", "'{'", "id = 5"],
  ["trainings", "architecture", "'null'", "id = 1"],
  ["anytime_candidates", "exits", "'{}'", "id = 1"],
  ["anytime_trainings", "model", '\'{"kind":"alexnet"}\'', "id = 1"],
  ["artifacts", "kind", "'virus'", "id = 1"],
  ["logs", "level", "'loud'", "id = 2"],
  ["metric_pieces", "data", "x'00'", "id = 1"],
];

describe("rows that cannot be read", () => {
  test("are named with table and row, and everything else is listed, shown and compared", async () => {
    fill();
    tamper(project.folder, ...DAMAGE.map(([table, column, value, where]) => `UPDATE ${table} SET ${column} = ${value} WHERE ${where}`));
    const runs = await command("runs");
    expect(runs.code).toBe(0);
    for (const name of ["The search", "The training", "The anytime search"]) expect(runs.stdout).toContain(name);
    expect(runs.stderr).toMatch(/Row \w+ of the table runs is damaged: the column status has the unknown value "banana"/);
    const shown = await Promise.all([project.search, project.training, project.anytime].map((id) => command("show", id)));
    expect(shown.map(({ code }) => code)).toEqual([0, 0, 0]);
    const compared = await command("compare", project.search, project.training, project.anytime);
    expect(compared.code).toBe(0);
    const said = [runs, ...shown, compared].map(({ stderr }) => stderr).join("\n");
    for (const [table, column] of DAMAGE.filter(([table]) => table !== "metric_pieces"))
      expect(said, `${table}.${column}`).toMatch(new RegExp(`Row \\S+ of the table ${table} is damaged: the column ${column} `));
    expect(said).toContain("ghn-studio repair");
    // Twelve candidates, three of them damaged.
    expect(candidateIds()).toEqual([12, 11, 10, 9, 8, 7, 6, 2, 1]);
    expect(shown[1]?.stdout).toContain("Cell B");
    expect(shown[2]?.stdout).toContain("Network 1");
    // Nothing is started on a guess: a run with an unknown state may be complete.
    const resumed = await command("resume", project.search);
    expect(resumed.code).toBe(1);
    expect(resumed.stderr).toContain("of the table runs is damaged");
  });

  test("are repaired: what can be read is kept, what is lost is said, and the damaged database is kept too", async () => {
    fill();
    tamper(project.folder, ...DAMAGE.map(([table, column, value, where]) => `UPDATE ${table} SET ${column} = ${value} WHERE ${where}`));
    const check = await command("repair", "--check");
    expect(check).toMatchObject({ code: 0 });
    expect(check.stdout).toContain("Nothing was changed");
    const before = statSync(join(project.folder, "runs.sqlite")).size;
    const repair = await command("repair");
    expect(repair).toMatchObject({ code: 0 });
    expect(repair.stdout).toMatch(/Row 3 of candidates is lost \(architecture\)/);
    expect(repair.stdout).toMatch(/Row 4 of candidates: role could not be read and was replaced/);
    expect(statSync(join(project.folder, "runs.sqlite.damaged")).size).toBe(before);
    expect(readdirSync(project.folder).filter((name) => name.startsWith(".repair") || name.endsWith(".repaired"))).toEqual([]);
    const runs = await command("runs", "--json");
    expect(runs.stderr).toBe("");
    expect(JSON.parse(runs.stdout)).toMatchObject({
      runs: expect.arrayContaining([
        // Its results say that it was completed.
        expect.objectContaining({ name: "The search", status: "completed", kind: "search" }),
        expect.objectContaining({ name: "The training", status: "completed", kind: "cell-training" }),
        expect.objectContaining({ name: "The anytime search", kind: "anytime-search", tags: ["kept"] }),
      ]),
    });
    const again = await command("repair");
    expect(again).toMatchObject({ code: 0 });
    expect(again.stdout).toContain("is intact");
  });
});

describe("pages that cannot be read", () => {
  test("of one table leave the others readable, and repair recovers the rows around them", async () => {
    fill(2000);
    const pages = leafPages(project.folder, "candidates");
    expect(pages.length).toBeGreaterThan(10);
    overwritePages(
      project.folder,
      [3, 4, Math.floor(pages.length / 2)].map((i) => pages[i] ?? 0),
    );
    const shown = await command("show", project.search);
    expect(shown).toMatchObject({ code: 0 });
    expect(shown.stdout).toContain("Log of The search");
    expect(shown.stderr).toContain("The table candidates cannot be read completely: the database file is damaged.");
    const repair = await command("repair");
    expect(repair).toMatchObject({ code: 0 });
    expect(repair.stdout).toMatch(/Rows of candidates from number \d+ to \d+ cannot be read/);
    const ids = candidateIds();
    // Three of the pages are lost, the last rows are there.
    expect(ids.length).toBeGreaterThan(2000 - (4 * 2000) / pages.length);
    expect(ids).toContain(2000);
    expect(ids).toContain(1);
    const exported = await command("show", project.search, "--json");
    expect(exported.stderr).toBe("");
  });

  test("of the runs themselves: repair restores them from their other records", async () => {
    fill();
    overwritePages(project.folder, leafPages(project.folder, "runs"));
    const runs = await command("runs");
    expect(runs.code).toBe(1);
    expect(runs.stderr).toContain("The project database is damaged");
    expect(runs.stderr).toContain("ghn-studio repair");
    expect((await command("repair")).code).toBe(0);
    const listed = JSON.parse((await command("runs", "--json")).stdout) as { runs: { id: string; kind: string; status: string }[] };
    expect(Object.fromEntries(listed.runs.map(({ id, kind, status }) => [id, `${kind} ${status}`]))).toEqual({
      [project.search]: "search completed",
      [project.training]: "cell-training completed",
      [project.anytime]: "anytime-search completed",
    });
  });

  test("a destroyed header, and a file that was cut off", async () => {
    fill(2000);
    const file = join(project.folder, "runs.sqlite");
    writeFileSync(file, "not a database, sixteen and more bytes".padEnd(100), { flag: "r+" });
    expect((await command("runs")).stderr).toContain("is damaged and cannot be read");
    expect((await command("repair")).code).toBe(0);
    expect(candidateIds()).toHaveLength(2000);
    truncateSync(file, Math.floor(statSync(file).size / 2 / 4096) * 4096);
    const repair = await command("repair");
    expect(repair.code).toBe(0);
    expect(existsSync(`${file}.damaged-2`)).toBe(true);
    expect(openedRuns()).toBe(3);
  });

  test("an emptied database does not become that of an empty project", async () => {
    fill();
    truncateSync(join(project.folder, "runs.sqlite"), 0);
    expect(() => openProject(project.folder)).toThrow("is empty, but the project has files of runs");
    const repair = await command("repair");
    expect(repair.code).toBe(1);
    expect(repair.stderr).toContain("Nothing can be read from the project database");
    // A log alone does not make a database; SQLite would delete it.
    const log = join(project.folder, "runs.sqlite-wal");
    writeFileSync(log, "the newest changes");
    expect(() => openProject(project.folder)).toThrow("is empty, but the project has files of runs");
    expect(readFileSync(log, "utf8")).toBe("the newest changes");
  });

  test("more rows than are shown are counted once, however often they are read", () => {
    fill(80);
    tamper(project.folder, "UPDATE candidates SET architecture = '{' WHERE id <= 70");
    for (let time = 0; time < 3; time++) candidateIds();
    const view = viewProject(project.folder);
    try {
      for (let time = 0; time < 3; time++) view.store.candidates.list(project.search, { limit: 1000 });
      expect(view.store.damage.count).toBe(70);
      expect(view.store.damage.sentences.at(-1)).toBe("20 more rows or tables cannot be read.");
    } finally {
      view.close();
    }
  });
});

function openedRuns(): number {
  const opened = openProject(project.folder);
  try {
    return opened.info().runs;
  } finally {
    opened.close();
  }
}

test("a repair killed at any moment leaves the damaged or the repaired database", async () => {
  fill(4000);
  tamper(project.folder, "UPDATE candidates SET architecture = '{' WHERE id = 7");
  const pristine = join(folder, "pristine");
  cpSync(project.folder, pristine, { recursive: true });
  for (let round = 0; round < 8; round++) {
    rmSync(project.folder, { recursive: true });
    cpSync(pristine, project.folder, { recursive: true });
    const run = startCli(["repair", "--project", project.folder], { cwd: folder });
    await Promise.race([run.printed(round < 4 ? "Recovering" : round < 6 ? "Keeping" : "Putting"), run.result]);
    await wait(round % 4 === 0 ? 0 : round * 7);
    run.child.kill("SIGKILL");
    await run.result;
    expect(openedRuns()).toBe(3);
    const ids = candidateIds();
    expect(ids).toHaveLength(3999);
    expect((await command("repair")).code).toBe(0);
    expect(candidateIds()).toHaveLength(3999);
  }
}, 240_000);

test("a repair killed between the commit and the swap is completed at the next start", async () => {
  fill();
  const database = join(project.folder, "runs.sqlite");
  const repaired = join(folder, "repaired.sqlite");
  cpSync(database, repaired);
  tamper(project.folder, "UPDATE runs SET name = 'Damaged'");
  cpSync(repaired, `${database}.repaired`);
  writeFileSync(`${database}-wal`, "the log of the damaged database");
  expect(openedRuns()).toBe(3);
  expect(existsSync(`${database}.repaired`)).toBe(false);
  const view = viewProject(project.folder);
  expect(view.store.runs.get(project.search)?.name).toBe("The search");
  view.close();
});

test("a repair of a project from before diverged trainings were marked marks them", async () => {
  fill();
  tamper(
    project.folder,
    "UPDATE trainings SET train_loss = NULL WHERE id = 1",
    "UPDATE candidates SET architecture = '{' WHERE id = 3",
    "ALTER TABLE trainings DROP COLUMN divergence",
    "ALTER TABLE anytime_trainings DROP COLUMN divergence",
    "DROP INDEX runs_by_view",
    "PRAGMA user_version = 4",
  );
  expect((await command("repair")).code).toBe(0);
  const view = viewProject(project.folder);
  try {
    expect(view.store.trainings.list(project.training).map(({ id }) => id)).toEqual([2]);
    expect(view.store.trainings.listAll(project.training)[0]?.divergence).toContain("not finite");
  } finally {
    view.close();
  }
});

test("a repair waits for nobody: a project that is open is refused", async () => {
  fill();
  const opened = openProject(project.folder);
  try {
    const repair = await command("repair");
    expect(repair.code).toBe(1);
    expect(repair.stderr).toContain("is already open in another window or terminal");
  } finally {
    opened.close();
  }
});

test("JSON that is nested too deeply is refused in a sentence, wherever it comes from", async () => {
  fill();
  const deep = `${"[".repeat(200_000)}${"]".repeat(200_000)}`;
  const file = join(folder, "deep.json");
  writeFileSync(file, deep);
  const object = join(folder, "object.json");
  writeFileSync(object, `${'{"a":'.repeat(100_000)}1${"}".repeat(100_000)}`);
  const answers = await Promise.all([
    command("run", file),
    command("run", object),
    command("run", "demo", "--set", `space.operations=${"[".repeat(50_000)}`),
    command("transfer", "--cell", file, "--data", folder),
    command("transfer", "--cell", object, "--data", folder),
  ]);
  for (const { code, stderr } of answers) {
    expect(code).toBe(1);
    expect(stderr).toContain("is nested more than 64 levels deep");
    expect(stderr).not.toContain("Internal error");
  }
  tamper(project.folder, `UPDATE run_details SET summary = '${deep}' WHERE run_id = '${project.search}'`);
  const shown = await command("show", project.search);
  expect(shown.code).toBe(0);
  expect(shown.stderr).toContain("the column summary is not valid JSON");
  writeFileSync(join(project.folder, "project.json"), deep);
  expect((await command("runs")).stderr).toContain("is damaged: it is not JSON");
});
