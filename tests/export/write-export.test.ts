import { createHash } from "node:crypto";
import { chmodSync, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadConfig } from "../../src-main/config/load-config.ts";
import { parseCellFile, parseCellText } from "../../src-main/engine/spaces/cell/file.ts";
import type { ExportProject } from "../../src-main/export/index.ts";
import { EXPORT_FORMATS, exportChoices, writeExport } from "../../src-main/export/index.ts";
import { sumsOf } from "../engine/spaces/cell/support/sums.ts";
import { FINAL_VALIDATION_IMAGES, type MadeProject, makeProject } from "./support/project.ts";

let root = "";
let made: MadeProject;
let source: ExportProject;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "ghn-write-export-"));
  made = await makeProject(join(root, "project"));
  source = { folder: made.project.folder, ...made.project.store };
});
afterAll(async () => {
  made.project.close();
  await rm(root, { recursive: true, force: true });
});

/** The readers of runs as plain functions. */
function readers(runs: ExportProject["runs"]): ExportProject["runs"] {
  return { get: (id) => runs.get(id), record: (id) => runs.record(id), children: (id) => runs.children(id) };
}

/** The winner has a convolution of two inputs, so it is not a genotype. */
const WINNER_FORMATS = EXPORT_FORMATS.filter((format) => format !== "cell-genotype");

let folders = 0;
const newFolder = (): string => join(root, `out-${folders++}`, "deep");

describe("writeExport", () => {
  it("exports the winner of a pipeline in every format, with checksums that fit", async () => {
    const folder = newFolder();
    const files = await writeExport(source, { type: "run", runId: made.pipeline }, WINNER_FORMATS, folder, "winner");
    expect(readdirSync(folder).sort()).toEqual([
      "winner.candidates.csv",
      "winner.cell.json",
      "winner.config.json",
      "winner.dot",
      "winner.manifest.json",
      "winner.onnx",
      "winner.png",
      "winner.py",
      "winner.pytorch.safetensors",
      "winner.safetensors",
      "winner.svg",
    ]);
    for (const file of files) {
      const bytes = readFileSync(file.path);
      expect(file.bytes).toBe(bytes.length);
      expect(file.sha256).toBe(createHash("sha256").update(bytes).digest("hex"));
    }
    const text = (name: string): string => readFileSync(join(folder, name), "utf8");
    const [first, second] = made.project.store.trainings.list(made.final);
    // The repetition with the better validation accuracy, though the other did better on the test images.
    expect(second?.validationAccuracy).toBeGreaterThan(first?.validationAccuracy ?? 1);
    const manifest = JSON.parse(text("winner.manifest.json"));
    expect(manifest.name).toBe(`${made.final} 1`);
    expect(manifest.weights).toMatchObject({ file: "winner.safetensors", sha256: files.find((file) => file.path.endsWith(".safetensors"))?.sha256 });
    const cell = parseCellFile(text("winner.cell.json"), "winner.cell.json");
    expect(cell.normal).toEqual(second?.architecture.normal);
    expect(cell.meta).toMatchObject({ validationAccuracy: 0.98, testAccuracy: 0.971, epochs: 25 });
    expect((await sharp(join(folder, "winner.png")).metadata()).format).toBe("png");
    expect(text("winner.svg")).toContain("97.10 % on test images");
    // One line per node with its operation, one per edge.
    const dot = text("winner.dot");
    const { nodes } = second?.architecture.normal ?? { nodes: [] };
    nodes.forEach(({ inputs }, i) => {
      expect(dot).toContain(`"c0_n${i + 2}" [label=`);
      for (const input of inputs) expect(dot).toContain(`"c0_n${input}" -> "c0_n${i + 2}";`);
    });
    expect(text("winner.candidates.csv").trimEnd().split("\r\n")).toHaveLength(13);
    // The exported config can be run again.
    expect((await loadConfig(join(folder, "winner.config.json"))).config.kind).toBe("pipeline");
  });

  it("describes the split of the final training, not the one of the pipeline", async () => {
    const folder = newFolder();
    await writeExport(source, { type: "run", runId: made.pipeline }, ["weights-safetensors", "config-json"], folder, "split");
    const json = (name: string) => JSON.parse(readFileSync(join(folder, name), "utf8"));
    const { validationImages } = json("split.config.json").dataset;
    expect(validationImages).not.toBe(FINAL_VALIDATION_IMAGES);
    expect(json("split.manifest.json").split.validationImages).toBe(FINAL_VALIDATION_IMAGES);
  });

  it("exports the settings that a run from before shortBatch existed was executed with", async () => {
    const record = (id: string) => {
      const settings = source.runs.record(id);
      if (settings?.config.kind !== "pipeline") return settings;
      const { shortBatch: _shortBatch, ...final } = settings.config.final;
      return { ...settings, config: { ...settings.config, final: final as typeof settings.config.final } };
    };
    const folder = newFolder();
    await writeExport({ ...source, runs: { ...readers(source.runs), record } }, { type: "run", runId: made.pipeline }, ["config-json"], folder, "older");
    const { config } = await loadConfig(join(folder, "older.config.json"));
    expect(config).toMatchObject({ final: { shortBatch: "keep" }, compare: { shortBatch: "drop" } });
  });

  it("refuses a training whose run has lost its settings", async () => {
    const damaged: ExportProject = { ...source, runs: { ...readers(source.runs), record: (id) => (id === made.final ? null : source.runs.record(id)) } };
    await expect(writeExport(damaged, { type: "run", runId: made.pipeline }, ["weights-safetensors"], newFolder(), "x")).rejects.toMatchObject({
      code: "row-damaged",
      message: expect.stringContaining(made.final),
    });
  });

  it("exports the first of the ranking from a search, and says why there are no weights", async () => {
    const top = made.project.store.candidates.list(made.search).rows[0];
    const [file] = await writeExport(source, { type: "run", runId: made.search }, ["cell-json"], newFolder(), "top");
    expect(parseCellFile(readFileSync(file?.path ?? "", "utf8"), "top").name).toBe(top?.name);
    const untrained = made.project.store.candidates.list(made.search).rows.find((candidate) => candidate.role === "none");
    const choices = await exportChoices(source, { type: "candidate", space: "cell", candidateId: untrained?.id ?? -1 });
    expect(choices.find(({ format }) => format === "weights-safetensors")).toMatchObject({
      available: false,
      reason: expect.stringContaining("never trained from scratch"),
    });
    expect(choices.find(({ format }) => format === "cell-svg")).toMatchObject({ available: true, reason: null });
  });

  it("exports a cell as a genotype, or says why it cannot", async () => {
    const of = (name: string) => {
      const candidate = made.project.store.candidates.list(made.search).rows.find((row) => row.name === name);
      return { subject: { type: "candidate", space: "cell", candidateId: candidate?.id ?? -1 } as const, candidate };
    };
    const { subject, candidate } = of("Cell 8");
    const [file] = await writeExport(source, subject, ["cell-genotype"], newFolder(), "cell");
    expect(file?.path).toMatch(/cell\.genotype\.txt$/);
    const { normal, reduction } = parseCellText(readFileSync(file?.path ?? "", "utf8"), "cell");
    expect(reduction).toBeUndefined();
    expect(sumsOf(normal)).toEqual(sumsOf(candidate?.architecture.normal ?? { nodes: [] }));
    const refused = (await exportChoices(source, of("Cell 2").subject)).find(({ format }) => format === "cell-genotype");
    expect(refused).toMatchObject({ available: false, reason: "Node 2 is a 1×1 conv, which genotypes of DARTS do not have." });
    await expect(writeExport(source, of("Cell 2").subject, ["cell-genotype"], newFolder(), "cell")).rejects.toMatchObject({ code: "export-unavailable" });
  });

  it("exports the weights of the longest training of a cell", async () => {
    const winner = made.project.store.trainings.list(made.final)[0];
    const folder = newFolder();
    await writeExport(source, { type: "candidate", space: "cell", candidateId: winner?.candidateId ?? -1 }, ["weights-safetensors"], folder, "cell");
    expect(JSON.parse(readFileSync(join(folder, "cell.manifest.json"), "utf8")).name).toBe(`${made.final} 1`);
  });

  it("never replaces a file: the next set gets a number", async () => {
    const folder = newFolder();
    const subject = { type: "run", runId: made.pipeline } as const;
    await writeExport(source, subject, ["cell-json"], folder, "cell");
    writeFileSync(join(folder, "cell-2.manifest.json"), "mine");
    const files = await writeExport(source, subject, ["cell-json", "weights-safetensors"], folder, "cell");
    expect(files.map(({ path }) => path.slice(folder.length + 1)).sort()).toEqual(["cell-3.cell.json", "cell-3.manifest.json", "cell-3.safetensors"]);
    expect(JSON.parse(readFileSync(join(folder, "cell-3.manifest.json"), "utf8")).weights.file).toBe("cell-3.safetensors");
    expect(readFileSync(join(folder, "cell-2.manifest.json"), "utf8")).toBe("mine");
  });

  it("gives concurrent exports different names", async () => {
    const folder = newFolder();
    const all = await Promise.all(
      Array.from({ length: 5 }, () => writeExport(source, { type: "run", runId: made.pipeline }, ["cell-json", "config-json"], folder, "same")),
    );
    expect(new Set(all.flat().map(({ path }) => path)).size).toBe(10);
    expect(readdirSync(folder)).toHaveLength(10);
  });

  it("has no cell to export from GHN training", async () => {
    await expect(writeExport(source, { type: "run", runId: made.ghn }, ["cell-json"], newFolder(), "x")).rejects.toThrow(
      /trains a GHN and does not have a cell/,
    );
  });

  it.each<[string, readonly string[], string, RegExp]>([
    ["an unknown format", ["onnxx"], "x", /There is no export format "onnxx"/],
    ["no format", [], "x", /No export format is given/],
    ["a name with a path", ["cell-json"], "../x", /^"\.\.\/x" cannot be used as a file name/],
    ["a name that is a dot", ["cell-json"], "..", /^"\.\." cannot be used as a file name/],
    ["an empty name", ["cell-json"], "", /^"" cannot be used as a file name/],
  ])("refuses %s", async (_, formats, name, message) => {
    await expect(writeExport(source, { type: "run", runId: made.pipeline }, formats, newFolder(), name)).rejects.toThrow(message);
  });

  it("refuses missing subjects", async () => {
    for (const subject of [
      { type: "run", runId: "nope" },
      { type: "candidate", space: "cell", candidateId: 9999 },
      { type: "training", space: "cell", trainingId: 9999 },
    ] as const)
      await expect(writeExport(source, subject, ["cell-json"], newFolder(), "x")).rejects.toThrow(/There is no .* in this project/);
  });

  it("refuses a folder that cannot be created, and leaves nothing behind", async () => {
    const blocked = join(root, "a-file");
    writeFileSync(blocked, "");
    await expect(writeExport(source, { type: "run", runId: made.pipeline }, ["cell-json"], join(blocked, "below"), "x")).rejects.toThrow(/Cannot write to/);
  });

  it("refuses weights that have changed since the run wrote them, and leaves nothing behind", async () => {
    const path = join(made.project.artifactFolder(made.final), "weights-1.safetensors");
    const good = readFileSync(path);
    const bad = Buffer.from(good);
    bad[bad.length - 1] = (bad[bad.length - 1] ?? 0) ^ 1;
    writeFileSync(path, bad);
    const folder = newFolder();
    await expect(writeExport(source, { type: "run", runId: made.pipeline }, ["cell-json", "weights-safetensors"], folder, "x")).rejects.toThrow(
      /have changed since the run wrote them/,
    );
    expect(readdirSync(folder)).toEqual([]);
    writeFileSync(path, good);
  });

  it("refuses a project whose paths lead outside", async () => {
    const evil: ExportProject = {
      ...source,
      artifacts: { ...source.artifacts, list: (id) => source.artifacts.list(id).map((artifact) => ({ ...artifact, path: "../../etc/passwd" })) },
    };
    await expect(writeExport(evil, { type: "run", runId: made.pipeline }, ["weights-safetensors"], newFolder(), "x")).rejects.toThrow(
      /is outside of the project/,
    );
  });

  it.skipIf(process.getuid?.() === 0)("refuses a folder without permission", async () => {
    const folder = join(root, "locked");
    await import("node:fs/promises").then(({ mkdir }) => mkdir(folder));
    chmodSync(folder, 0o500);
    await expect(writeExport(source, { type: "run", runId: made.pipeline }, ["cell-json"], folder, "x")).rejects.toThrow(/Cannot write/);
    expect(existsSync(join(folder, "x.cell.json"))).toBe(false);
  });
});
