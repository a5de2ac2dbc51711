import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { nameFrom } from "../../src-main/cli/commands/data.ts";
import { writePhotos } from "../engine/datasets/support/images.ts";
import { type MadeProject, makeProject } from "../export/support/project.ts";
import { cli } from "./support/cli.ts";

let root = "";
let folder = "";
let made: MadeProject;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "ghn-cli-"));
  folder = join(root, "project");
  made = await makeProject(folder);
  made.project.close();
});
afterAll(() => rm(root, { recursive: true, force: true }));

const inProject = (...args: string[]): ReturnType<typeof cli> => cli(args, { cwd: folder, env: { GHN_STUDIO_DATA: join(root, "user") } });

describe("looking at a project", () => {
  it("runs lists the runs, newest first, with stages on request", async () => {
    const { code, stdout, stderr } = await inProject("runs");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const lines = stdout.trimEnd().split("\n");
    expect(lines[0]).toMatch(/^Id\s+Name\s+Kind\s+Status/);
    expect(lines).toHaveLength(2);
    expect(lines[1]).toContain(made.pipeline);
    const all = await inProject("runs", "--stages", "--json");
    const document = JSON.parse(all.stdout);
    expect(document.runs).toHaveLength(5);
    expect(document.runs.map((run: { kind: string }) => run.kind).sort()).toEqual(["cell-training", "cell-training", "ghn-training", "pipeline", "search"]);
  });

  it("runs filters, and reports an invalid expression", async () => {
    expect(JSON.parse((await inProject("runs", "--status", "failed", "--json")).stdout).runs).toEqual([]);
    expect(JSON.parse((await inProject("runs", "--stages", "--search", "compare", "--json")).stdout).runs).toHaveLength(1);
    const wrong = await inProject("runs", "--where", "best( > 3");
    expect(wrong.code).toBe(2);
    expect(wrong.stderr).toMatch(/Invalid expression at character \d+/);
  });

  it("show reports everything about a run, given by id, start of the id, name or last", async () => {
    for (const reference of [made.pipeline, made.pipeline.slice(0, 6), "demo", "last"]) {
      const { code, stdout } = await inProject("show", reference);
      expect(code, reference).toBe(0);
      expect(stdout).toContain(made.pipeline);
    }
    const { stdout, stderr } = await inProject("show", "last", "--config");
    for (const part of [
      "completed",
      "Cells ranked",
      "Winner",
      "Test accuracy",
      "97.30 ± 0.28 % (mean ± standard deviation of 2 trainings)",
      "GHN shortlist",
      "Random cells",
      "Stages",
      "compare",
      "Best 10 of 12 cells",
      "Trainings",
      "training.epochs",
      "Training finished.",
    ])
      expect(stdout, part).toContain(part);
    expect(stderr).toContain(`ghn-studio export ${made.pipeline}`);
    const document = JSON.parse((await inProject("show", "last", "--json")).stdout);
    expect(document.outcome).toMatchObject({
      cellsRanked: 10,
      winner: { repetitions: 2, testAccuracy: { n: 2, mean: 0.973 } },
      ghn: { cells: 3 },
      random: { cells: 2 },
    });
    expect(document.children).toHaveLength(4);
    expect(document.trainings).toHaveLength(7);
  });

  it("compare shows results and only the settings that differ", async () => {
    const { code, stdout } = await inProject("compare", made.compare, made.final);
    expect(code).toBe(0);
    expect(stdout).toContain("Settings that differ");
    expect(stdout).toContain("training.epochs");
    expect(stdout).not.toContain("network.blocks");
    expect((await inProject("compare", made.compare, made.final, "--all")).stdout).toContain("network.blocks");
    const document = JSON.parse((await inProject("compare", made.compare, made.final, "--json")).stdout);
    expect(document.runs).toHaveLength(2);
    expect(document.settings.every((setting: { differs: boolean }) => setting.differs)).toBe(true);
    const one = await inProject("compare", made.compare);
    expect(one.code).toBe(2);
    expect(one.stderr).toContain("at least two runs");
  });

  it("export writes cell, picture and weights, numbers a second set, and lists the available formats", async () => {
    const out = join(root, "out");
    const first = await inProject("export", "last", "--out", out);
    expect(first.code, first.stderr).toBe(0);
    expect(first.stderr).toMatch(/demo-winner\.onnx: onnxruntime agrees on 360 of 360 images; largest difference \S+, accuracy [\d.]+ %\./);
    expect(readdirSync(out).sort()).toEqual(
      ["candidates.csv", "cell.json", "config.json", "dot", "manifest.json", "onnx", "png", "py", "pytorch.safetensors", "safetensors", "svg"].map(
        (end) => `demo-winner.${end}`,
      ),
    );
    const second = await inProject("export", "last", "--out", out, "--format", "cell-json", "--json");
    expect(JSON.parse(second.stdout).files[0].path).toBe(join(out, "demo-winner-2.cell.json"));
    const list = await inProject("export", made.search, "--list");
    expect(list.stdout).toContain("never trained from scratch");
    const cell = JSON.parse((await inProject("show", "last", "--json")).stdout).candidates[0].id as number;
    await inProject("export", "last", "--out", out, "--cell", String(cell), "--format", "cell-svg", "--theme", "dark", "--name", "dark");
    expect(readFileSync(join(out, "dark.svg"), "utf8")).toContain("#131518");
  });

  it("export counts the bytes of names, and can write CSV for Excel", async () => {
    const out = join(root, "names");
    for (const name of ["神".repeat(80), "nul", "a.", "a\tb"]) {
      const refused = await inProject("export", "last", "--out", out, "--format", "cell-json", "--name", name);
      expect(refused.code).toBe(1);
      expect(refused.stderr).toMatch(/".*" cannot be used as a file name: it (is too long \(240 bytes|is reserved|ends with a dot|contains a control)/);
      expect(existsSync(out)).toBe(false);
    }
    const long = await inProject("export", "last", "--out", out, "--format", "candidates-csv", "--name", "神".repeat(73), "--bom");
    expect(long.code, long.stderr).toBe(0);
    const [file] = readdirSync(out);
    expect(file).toBe(`${"神".repeat(73)}.candidates.csv`);
    const bytes = readFileSync(join(out, file ?? ""));
    expect([...bytes.subarray(0, 3)]).toEqual([0xef, 0xbb, 0xbf]);
    await inProject("export", "last", "--out", out, "--format", "candidates-csv", "--name", "plain");
    expect(readFileSync(join(out, "plain.candidates.csv"), "utf8")).toBe(bytes.toString("utf8").slice(1));
  });

  it("works from a folder below the project, by --project and by the environment", async () => {
    const elsewhere = await cli(["runs", "--json", "--project", folder], { cwd: root });
    expect(JSON.parse(elsewhere.stdout).runs).toHaveLength(1);
    const below = await cli(["runs", "--json"], { cwd: join(folder, "artifacts") });
    expect(JSON.parse(below.stdout).runs).toHaveLength(1);
    const environment = await cli(["runs", "--json"], { cwd: root, env: { GHN_STUDIO_PROJECT: folder } });
    expect(JSON.parse(environment.stdout).runs).toHaveLength(1);
  });

  it("stop and resume say that there is nothing to do", async () => {
    const stop = await inProject("stop", "last");
    expect(stop.code).toBe(1);
    expect(stop.stderr).toContain("is completed, not running");
    const resume = await inProject("resume", "last");
    expect(resume.code).toBe(1);
    expect(resume.stderr).toContain("cannot be resumed");
  });

  it("leaves nothing open", () => {
    expect(existsSync(join(folder, "project.lock"))).toBe(false);
  });
});

describe("usage", () => {
  it.each<[string, string[], RegExp]>([
    ["no command", [], /Usage: ghn-studio/],
    ["an unknown command", ["rnu"], /unknown command 'rnu'\n\(Did you mean run\?\)/],
    ["an unknown option", ["runs", "--jsn"], /unknown option '--jsn'\n\(Did you mean --json\?\)/],
    ["a missing argument", ["show"], /missing required argument 'run'/],
    ["too many arguments", ["show", "a", "b"], /too many arguments/],
    ["a number that is none", ["runs", "--limit", "many"], /Expected a whole number from 1 to 10000/],
    ["an unknown status", ["runs", "--status", "done"], /Unknown status: done/],
    ["an unknown dataset", ["data", "download", "cifar"], /Allowed choices are digits, cifar10/],
    ["two subjects at once", ["export", "last", "--cell", "1", "--training", "1"], /cannot be used with/],
  ])("%s ends with status 2 and a hint", async (_, args, message) => {
    const { code, stdout, stderr } = await cli(args, { cwd: root });
    expect(code).toBe(2);
    expect(stdout).toBe("");
    expect(stderr).toMatch(message);
  });

  it("help and version are not errors", async () => {
    for (const args of [["--help"], ["help", "run"], ["run", "--help"], ["--version"]]) expect((await cli(args, { cwd: root })).code).toBe(0);
    expect((await cli(["--version"], { cwd: root })).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  it("reports a missing project, as text and as JSON", async () => {
    const words = await cli(["runs"], { cwd: root });
    expect(words).toMatchObject({ code: 1, stdout: "" });
    expect(words.stderr).toMatch(/Error: No project found here\.\nWhat to do: .*ghn-studio init/);
    const json = await cli(["runs", "--json"], { cwd: root });
    expect(json).toMatchObject({ code: 1, stdout: "" });
    expect(JSON.parse(json.stderr).error).toMatchObject({ code: "project-missing", remedy: expect.stringContaining("init") });
    expect((await cli(["runs", "--project", "nowhere"], { cwd: root })).stderr).toContain("There is no folder");
  });

  it("suggests the run that was meant", async () => {
    const { code, stderr } = await inProject("show", "dem");
    expect(code).toBe(1);
    expect(stderr).toContain('Did you mean "demo"?');
  });
});

describe("init", () => {
  it("creates a project, once", async () => {
    const first = await cli(["init", "fresh", "--name", "Mine", "--json"], { cwd: root });
    expect(JSON.parse(first.stdout)).toMatchObject({ name: "Mine", folder: join(root, "fresh"), runs: 0 });
    const runs = await cli(["runs", "--project", "fresh"], { cwd: root });
    expect(runs).toMatchObject({ code: 0, stdout: "" });
    expect(runs.stderr).toContain("This project has no runs yet");
    const again = await cli(["init", "fresh"], { cwd: root });
    expect(again.code).toBe(1);
    expect(again.stderr).toContain("Open the project that is in it");
    writeFileSync(join(root, "plain-file"), "");
    expect((await cli(["init", "plain-file"], { cwd: root })).stderr).toContain("is a file, not a folder");
  });
});

describe("data", () => {
  it("lists, summarises and imports", async () => {
    const list = JSON.parse((await cli(["data", "list", "--json"], { cwd: root })).stdout);
    expect(list.folder).toBe(join(root, "user-data", "datasets"));
    expect(list.datasets.find((entry: { id: string }) => entry.id === "digits").foundAt).toContain("digits");
    const digits = JSON.parse((await cli(["data", "show", "digits", "--json"], { cwd: root })).stdout);
    expect(digits).toMatchObject({ trainCount: 1437, testCount: 360 });
    expect((await cli(["data", "show", "digits"], { cwd: root })).stdout).toContain("CC BY 4.0");
    const missing = await cli(["data", "show", "mnist"], { cwd: root });
    expect(missing.code).toBe(1);
    const wrong = await cli(["data", "import", "mnist", folder], { cwd: root });
    expect(wrong.code).toBe(1);
    expect(wrong.stdout).toBe("");
    expect(existsSync(join(root, "user-data", "datasets", "mnist"))).toBe(false);
  });

  it("names an imported image folder after its folder or archive", async () => {
    await writePhotos(join(root, "My photos (2024)"), { train: 10 }, 2, { width: 16, height: 16 });
    const data = join(root, "named");
    const imported = await cli(["data", "import", "folder", "My photos (2024)"], { cwd: root, env: { GHN_STUDIO_DATA: data } });
    expect(imported.code, imported.stderr).toBe(0);
    expect(readdirSync(join(data, "datasets", "folder"))).toEqual(["My-photos-2024"]);
    expect([nameFrom("/x/pets.zip"), nameFrom("pets.tar.gz"), nameFrom("Ünï.tgz")]).toEqual(["pets", "pets", "Uni"]);
  });

  it("imports a dataset that every run can then use", async () => {
    const source = join(root, "my-cifar");
    mkdirSync(source);
    const images = (count: number): Buffer => Buffer.concat(Array.from({ length: count }, (_, i) => Buffer.alloc(3073, 20 + i).fill(i % 10, 0, 1)));
    writeFileSync(join(source, "data_batch_1.bin"), images(30));
    writeFileSync(join(source, "test_batch.bin"), images(10));
    const env = { GHN_STUDIO_DATA: join(root, "imported") };
    const first = await cli(["data", "import", "cifar10", "my-cifar"], { cwd: root, env });
    expect(first.code, first.stderr).toBe(0);
    expect(first.stdout).toMatch(/Incomplete +30 of 50,000 training and 10 of 10,000 test images/);
    const listed = JSON.parse((await cli(["data", "--json"], { cwd: root, env })).stdout);
    expect(listed.datasets.find((entry: { id: string }) => entry.id === "cifar10").foundAt).toBe(join(root, "imported", "datasets", "cifar10"));
    const again = await cli(["data", "import", "cifar10", "my-cifar"], { cwd: root, env });
    expect(again.code).toBe(1);
    expect(again.stderr).toContain("What to do:");
    expect((await cli(["data", "import", "cifar10", "my-cifar", "--replace", "--json"], { cwd: root, env })).code).toBe(0);
  });
});
