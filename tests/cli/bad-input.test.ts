import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createProject, openProject, viewProject } from "../../src-main/store/project/project.ts";
import { runConfigSchema } from "../../src-shared/domain/config/run-config.ts";
import { writePhotos } from "../engine/datasets/support/images.ts";
import { cli } from "./support/cli.ts";
import { sets, TINY } from "./support/tiny.ts";

let root = "";
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "ghn-bad-"));
});
afterAll(() => rm(root, { recursive: true, force: true }));

let count = 0;
/** A separate folder for each case, to see what was left in it. */
function newFolder(): string {
  const folder = join(root, `case-${count++}`);
  mkdirSync(folder);
  return folder;
}

/** A new project in a folder. */
function projectIn(folder: string): string {
  const path = join(folder, "p");
  createProject(path, "P").close();
  return path;
}

/** The command fails with status 1 and this message, prints nothing to stdout and leaves nothing behind. */
async function refused(args: readonly string[], folder: string, message: string | RegExp, before: readonly string[] = readdirSync(folder)): Promise<string> {
  const { code, stdout, stderr } = await cli(args, { cwd: folder, env: { GHN_STUDIO_DATA: join(root, "no-data") } });
  expect({ code, stdout }, stderr).toEqual({ code: 1, stdout: "" });
  expect(stderr).toMatch(message);
  expect(stderr).toMatch(/What to do: \S/);
  expect(stderr).not.toMatch(/at .*\.ts:\d+/);
  expect(readdirSync(folder).sort()).toEqual([...before].sort());
  return stderr;
}

describe("configs", () => {
  it("an unknown field is reported with a suggestion", async () => {
    const stderr = await refused(
      ["run", "demo", "--set", "training.epoch=3"],
      newFolder(),
      /Unknown field "training\.epoch" in a pipeline config\. Did you mean "training\.epochs"\?/,
    );
    expect(stderr.trimEnd().split("\n")).toHaveLength(2);
  });

  it("all conflicting settings are reported at once", async () => {
    await refused(
      ["run", "demo", "--set", "search.samples=2", "--set", "network.blocks=1"],
      newFolder(),
      /2 settings are invalid:\n {2}- network\.reductions .*\n {2}- search\.shortlist/,
    );
  });

  it("an invalid cell is reported with its node", async () => {
    const folder = newFolder();
    const cells = [{ name: "odd", architecture: { normal: { nodes: [{ operation: "conv1x1", inputs: [4] }] } } }];
    writeFileSync(
      join(folder, "cells.json"),
      JSON.stringify({ kind: "cell-training", dataset: { validationImages: 100 }, network: { blocks: 1, reductions: [] }, source: { from: "cells", cells } }),
    );
    await refused(
      ["run", "cells.json"],
      folder,
      /source\.cells\.0\.architecture\.normal\.nodes\.0\.inputs\.0: Node 2 reads node 4, which does not come before it/,
    );
  });

  it("files that are not configs are reported", async () => {
    const folder = newFolder();
    writeFileSync(join(folder, "torn.json"), '{"kind": "pipeline",');
    writeFileSync(join(folder, "list.json"), "[1, 2]");
    writeFileSync(join(folder, "binary.json"), Buffer.from([0, 255, 1, 254]));
    await refused(["run", "torn.json"], folder, /torn\.json is not valid JSON/);
    await refused(["run", "list.json"], folder, /A run config must be a JSON object \(got \[1,2\]\)/);
    await refused(["run", "binary.json"], folder, /binary\.json is not valid JSON/);
    await refused(["run", "missing.json"], folder, /Config file not found/);
  });

  it("--print shows the whole config and runs nothing", async () => {
    const folder = newFolder();
    const { code, stdout } = await cli(["run", "paper-cifar10", "--set", "final.repetitions=2", "--print"], { cwd: folder });
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ kind: "pipeline", final: { repetitions: 2 }, space: { nodes: 17 } });
    expect(readdirSync(folder)).toEqual([]);
  });
});

describe("datasets", () => {
  it("a missing dataset: says how to get it, and creates no project", async () => {
    const stderr = await refused(["run", "quick"], newFolder(), /CIFAR-10/);
    expect(stderr).toContain("ghn-studio data download cifar10");
    expect(stderr).toContain("--data <path>");
  });

  it("truncated, mislabelled and foreign files are reported by name", async () => {
    const folder = newFolder();
    const data = join(folder, "cifar");
    mkdirSync(data);
    writeFileSync(join(data, "data_batch_1.bin"), Buffer.alloc(3073 * 2 + 100));
    writeFileSync(join(data, "test_batch.bin"), Buffer.alloc(3073));
    await refused(["run", "quick", "--data", data], folder, /data_batch_1\.bin/);
    writeFileSync(join(data, "data_batch_1.bin"), Buffer.alloc(3073 * 2, 77));
    await refused(["run", "quick", "--data", data], folder, /data_batch_1\.bin/);
    await refused(["run", "quick", "--data", join(folder, "nowhere")], folder, /nowhere/);
  });

  it("fewer images than the config holds out", async () => {
    const folder = newFolder();
    const data = join(folder, "cifar");
    mkdirSync(data);
    writeFileSync(join(data, "data_batch_1.bin"), Buffer.alloc(3073 * 20));
    writeFileSync(join(data, "test_batch.bin"), Buffer.alloc(3073 * 10));
    await refused(["run", "quick", "--data", data], folder, /dataset\.validationImages holds out 1,000 images, but this dataset has only 20/);
  });
});

describe("projects", () => {
  const project = (): string => {
    const folder = newFolder();
    createProject(join(folder, "p"), "P").close();
    return folder;
  };

  it("a folder that is not a project", async () => {
    const folder = newFolder();
    mkdirSync(join(folder, "p"));
    writeFileSync(join(folder, "p", "notes.txt"), "mine");
    for (const args of [["runs"], ["run", "demo"], ["show", "last"]]) await refused([...args, "--project", "p"], folder, /project/);
    expect(readdirSync(join(folder, "p"))).toEqual(["notes.txt"]);
  });

  it("a project.json of another program, of a newer version, or truncated", async () => {
    for (const [text, message] of [
      ['{"name":"my-app","scripts":{}}', /project\.json/],
      ['{"format":', /project\.json/],
    ] as const) {
      const folder = project();
      writeFileSync(join(folder, "p", "project.json"), text);
      await refused(["runs", "--project", "p"], folder, message);
      expect(readFileSync(join(folder, "p", "project.json"), "utf8")).toBe(text);
    }
    const folder = project();
    const file = join(folder, "p", "project.json");
    const newer = JSON.stringify({ ...JSON.parse(readFileSync(file, "utf8")), version: 99 });
    writeFileSync(file, newer);
    await refused(["runs", "--project", "p"], folder, /newer/);
    expect(readFileSync(file, "utf8")).toBe(newer);
  });

  it("a database of a newer version, of another program, or damaged is not changed", async () => {
    const folder = project();
    const path = join(folder, "p", "runs.sqlite");
    const db = new Database(path);
    db.pragma("user_version = 99");
    db.close();
    await refused(["runs", "--project", "p"], folder, /written by a newer version of GHN Studio/);
    await refused(["run", "demo", "--project", "p"], folder, /written by a newer version of GHN Studio/);

    const foreign = project();
    const other = join(foreign, "p", "runs.sqlite");
    await rm(other);
    const shop = new Database(other);
    shop.exec("CREATE TABLE orders (id INTEGER)");
    shop.close();
    await refused(["runs", "--project", "p"], foreign, /belongs to another program/);

    const damaged = project();
    writeFileSync(join(damaged, "p", "runs.sqlite"), "this is no database, whatever its name says ".repeat(100));
    await refused(["runs", "--project", "p"], damaged, /is damaged|cannot be read/);
  });

  it("an export to an impossible location", async () => {
    const folder = project();
    writeFileSync(join(folder, "file"), "");
    await refused(["export", "last", "--project", "p"], folder, /This project has no runs yet/);
  });

  it.skipIf(process.getuid?.() === 0)("one without permission to write", async () => {
    const folder = project();
    const { chmodSync } = await import("node:fs");
    chmodSync(join(folder, "p"), 0o500);
    await refused(["run", "demo", "--project", "p"], folder, /cannot be written/);
    chmodSync(join(folder, "p"), 0o700);
  });

  it("demo never touches an existing folder", async () => {
    const folder = newFolder();
    writeFileSync(join(folder, "ghn-demo"), "mine");
    const { freeFolder } = await import("../../src-main/cli/commands/demo.ts");
    expect(freeFolder(join(folder, "ghn-demo"))).toBe(join(folder, "ghn-demo-2"));
    mkdirSync(join(folder, "ghn-demo-2"));
    expect(freeFolder(join(folder, "ghn-demo"))).toBe(join(folder, "ghn-demo-2"));
    copyFileSync(join(folder, "ghn-demo"), join(folder, "ghn-demo-2", "kept"));
    expect(freeFolder(join(folder, "ghn-demo"))).toBe(join(folder, "ghn-demo-3"));
    expect(existsSync(join(folder, "ghn-demo-3"))).toBe(false);
  });
});

describe("names", () => {
  it("longer than the window allows are refused before anything is written", async () => {
    for (const [args, message] of [
      [["run", "demo", "--name", "x".repeat(201)], /A run name has 1 to 200 characters; this one has 201/],
      [["run", "demo", "--tag", "y".repeat(101)], /up to 50 tags of 1 to 100 characters/],
    ] as const) {
      const folder = newFolder();
      const { code, stdout, stderr } = await cli(args, { cwd: folder });
      expect({ code, stdout }, stderr).toEqual({ code: 2, stdout: "" });
      expect(stderr).toMatch(message);
      expect(readdirSync(folder)).toEqual([]);
    }
  });

  it("that are invalid on some platform are refused", async () => {
    for (const name of ["nul", "con.txt", "trailing."]) {
      await refused(["init", name], newFolder(), new RegExp(`The folder name ${name.replace(".", "\\.")} (is reserved on Windows|ends with a dot)`));
      await refused(["run", "demo", "--project", name], newFolder(), /The folder name/);
    }
    const folder = newFolder();
    await writePhotos(join(folder, "photos"), { train: 10 }, 2, { width: 16, height: 16 });
    await refused(["data", "import", "folder", "photos", "--name", "aux"], folder, /"aux" is not a valid name/);
  });

  it("with control characters never reach the terminal raw", async () => {
    const control = String.fromCharCode(27);
    const { stderr } = await cli(["show", `${control}]0;title`, "--project", projectIn(newFolder())], { cwd: root });
    expect(stderr).toContain('There is no run "\\x1b]0;title"');
    expect(stderr).not.toContain(control);
  });
});

describe("image folders", () => {
  it("in an empty folder: the example of the guide works, and a refused run leaves nothing behind", { timeout: 240_000 }, async () => {
    const folder = newFolder();
    const photos = join(root, "some-photos");
    await writePhotos(photos, { train: 40 }, 2, { width: 16, height: 16 });
    const run = (data: string, ...more: readonly string[]): readonly string[] => [
      "run",
      "demo",
      "--data",
      data,
      ...sets([
        ...TINY,
        "dataset.id=folder",
        "dataset.imageSize=8",
        "dataset.validationImages=20",
        "training.validationImages=10",
        "search.validationImages=20",
      ]),
      ...sets(["search.batchSize=10", "training.batchSize=8", "compare.batchSize=8", "final.batchSize=8", ...more]),
    ];
    // The images are read before the batch is found to be too large.
    await refused(run("../some-photos", "training.batchSize=500"), folder, /training\.batchSize is 500/);
    await refused(run("../nowhere"), folder, /nowhere/);
    const { code, stderr } = await cli(run("../some-photos"), { cwd: folder, env: { GHN_STUDIO_DATA: join(root, "no-data") } });
    expect(code, stderr).toBe(0);
    const view = viewProject(join(folder, "ghn-project"));
    const newest = view.store.runs.newest();
    expect(view.store.runs.record(newest?.id ?? "")?.config.dataset.path).toBe(photos);
    view.close();
  });
});

it("last is the run that was created last, whatever the clock said", async () => {
  const folder = projectIn(newFolder());
  const project = openProject(folder);
  const config = runConfigSchema.parse({ kind: "ghn-training" });
  const create = (name: string): string => project.store.runs.create({ name, config, codeVersion: "test", tags: [] });
  create("first");
  const last = create("second");
  project.close();
  const db = new Database(join(folder, "runs.sqlite"));
  db.prepare("UPDATE runs SET created_at = '2001-01-01T00:00:00.000Z' WHERE id = ?").run(last);
  db.close();
  expect(JSON.parse((await cli(["show", "last", "--project", folder, "--json"], { cwd: root })).stdout).name).toBe("second");
});
