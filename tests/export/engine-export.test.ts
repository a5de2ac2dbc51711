import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ANYTIME_WEIGHTS_FORMAT } from "../../src-main/engine/formats/anytime-weights.ts";
import { writeSafetensors } from "../../src-main/engine/formats/safetensors.ts";
import { cellFileText, parseCellFile } from "../../src-main/engine/spaces/cell/file.ts";
import { anytimeExport } from "../../src-main/export/anytime-export.ts";
import { CANDIDATE_CSV_COLUMNS, candidatesCsv, csvField } from "../../src-main/export/candidates-csv.ts";
import { architectureSvg, canDrawText, svgToPng } from "../../src-main/export/cell-picture.ts";
import { fileChecksum, manifestText, readWeightsInfo } from "../../src-main/export/weights-package.ts";
import type { Architecture } from "../../src-shared/domain/architecture/network.ts";
import { ALL_OPERATIONS } from "../../src-shared/domain/architecture/operations.ts";
import type { Candidate } from "../../src-shared/domain/records/run.ts";
import { DARK_DRAWING, type DrawingColors, LIGHT_DRAWING } from "../../src-shared/drawing/svg.ts";
import { newProject, newRun } from "../store/support/store-support.ts";
import { EXAMPLE_ARCHITECTURE, exampleManifest, exitsManifest, safetensorsBytes } from "./support/weights.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ghn-export-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe("cell files", () => {
  it("round-trip to the same architecture", () => {
    const text = cellFileText(
      { ...EXAMPLE_ARCHITECTURE, reduction: EXAMPLE_ARCHITECTURE.normal },
      { name: "winner", source: "a search", meta: { parameters: 5, score: null } },
    );
    const file = parseCellFile(text, "winner.json");
    expect(file.normal).toEqual(EXAMPLE_ARCHITECTURE.normal);
    expect(file.reduction).toEqual(EXAMPLE_ARCHITECTURE.normal);
    expect(file).toMatchObject({ format: "ghn-studio-cell", version: 1, name: "winner", source: "a search", meta: { parameters: 5, score: null } });
  });

  it.each([
    ["no JSON", "{", "is not valid JSON"],
    ["another kind of file", '{"kind":"pipeline"}', "is not a cell of GHN Studio"],
    ["a list", "[]", "is not a cell of GHN Studio"],
    ["a newer format", '{"format":"ghn-studio-cell","version":9}', "was written by a newer GHN Studio (cell format 9; this one reads 1)"],
    [
      "an unknown operation",
      '{"format":"ghn-studio-cell","version":1,"name":"x","normal":{"nodes":[{"operation":"conv9x9","inputs":[0]}]}}',
      "normal.nodes.0.operation",
    ],
    [
      "a node before its input",
      '{"format":"ghn-studio-cell","version":1,"name":"x","normal":{"nodes":[{"operation":"identity","inputs":[5]}]}}',
      "List nodes in topological order",
    ],
    ["an endless file", " ".repeat(1_000_001), "too large for a cell file"],
  ])("refuse %s in one sentence", (_, text, expected) => {
    expect(() => parseCellFile(text, "odd.json")).toThrow(expected);
  });
});

describe("pictures", () => {
  const every: Architecture = { normal: { nodes: ALL_OPERATIONS.map((operation, i) => ({ operation, inputs: i === 0 ? [0, 1] : [i, i + 1] })) } };

  it("show every node with its operation, title and description", async () => {
    const svg = await architectureSvg(every, { title: 'Cell <3> & "more"', caption: "12 parameters" });
    for (const label of ["1×1 conv", "3×3 sep", "5×5 dil", "1×7–7×1", "3×3 max", "block i − 1", "concat"]) expect(svg).toContain(`>${label}</text>`);
    expect(svg).toContain('<title id="t">Cell &lt;3&gt; &amp; &quot;more&quot;</title>');
    expect(svg).toMatch(/<desc id="d">Cell of 14 operation nodes\. node 2: sum of block i − 1 plus block i − 2/);
    expect(svg.match(/marker-end/g)).toHaveLength(2 * ALL_OPERATIONS.length + 1);
    // sharp parses it as real XML; the image has the declared size.
    const { width = 0, height = 0 } = await sharp(Buffer.from(svg)).metadata();
    expect(svg).toContain(`viewBox="0 0 ${width} ${height}"`);
  });

  it("have no overlapping boxes, even in a cell of 17 nodes", async () => {
    const nodes = Array.from({ length: 17 }, (_, i) => ({
      operation: ALL_OPERATIONS[i % 9] ?? "identity",
      inputs: i === 0 ? [0] : [(i * 7) % (i + 2), (i * 5 + 1) % (i + 2)].filter((input, j, all) => all.indexOf(input) === j),
    }));
    const svg = await architectureSvg({ normal: { nodes } }, { title: "Seventeen" });
    const boxes = [...svg.matchAll(/<g><rect x="([\d.]+)" y="([\d.]+)" width="([\d.]+)" height="([\d.]+)"/g)].map((match) => match.slice(1, 5).map(Number));
    expect(boxes.length).toBeGreaterThanOrEqual(19);
    boxes.forEach(([x = 0, y = 0, w = 0, h = 0], i) => {
      for (const [x2 = 0, y2 = 0, w2 = 0, h2 = 0] of boxes.slice(i + 1)) expect(x + w <= x2 || x2 + w2 <= x || y + h <= y2 || y2 + h2 <= y).toBe(true);
    });
  });

  it("put normal and reduction cell side by side, and are the same every time", async () => {
    const both = { ...EXAMPLE_ARCHITECTURE, reduction: every.normal };
    const svg = await architectureSvg(both, { title: "Pair", theme: "dark" });
    expect(svg).toContain(">Pair: normal cell</text>");
    expect(svg).toContain(">Reduction cell</text>");
    expect(svg).toContain(DARK_DRAWING.surface);
    expect(await architectureSvg(both, { title: "Pair", theme: "dark" })).toBe(svg);
  });

  it("become PNG files with visible text at twice the size", async () => {
    const svg = await architectureSvg(EXAMPLE_ARCHITECTURE, { title: "Small" });
    const { width = 0 } = await sharp(Buffer.from(svg)).metadata();
    const png = await sharp(await svgToPng(svg, 2)).metadata();
    expect(png.format).toBe("png");
    expect(Math.abs((png.width ?? 0) - 2 * width)).toBeLessThanOrEqual(2);
    expect(typeof (await canDrawText())).toBe("boolean");
  });

  it.each<[string, DrawingColors]>([
    ["light", LIGHT_DRAWING],
    ["dark", DARK_DRAWING],
  ])("keep WCAG AA contrast: %s", (_, colors) => {
    for (const family of ["identity", "conv", "sep", "dil", "pool", "port"] as const) {
      expect(contrast(colors.text, colors.fill[family])).toBeGreaterThanOrEqual(4.5);
      expect(contrast(colors.line[family], colors.surface)).toBeGreaterThanOrEqual(3);
    }
    expect(contrast(colors.edge, colors.surface)).toBeGreaterThanOrEqual(3);
    expect(contrast(colors.secondary, colors.surface)).toBeGreaterThanOrEqual(4.5);
  });
});

describe("weights", () => {
  it("are described by a manifest that matches the file", async () => {
    const path = join(folder, "weights.safetensors");
    await writeFile(path, safetensorsBytes());
    const info = await readWeightsInfo(path);
    const sum = await fileChecksum(path);
    const manifest = JSON.parse(
      manifestText(info, "winner.safetensors", sum, { run: "r1" }, { validationImages: 10, trainImages: null, splitSeed: 3, test: "all" }),
    );
    expect(manifest).toMatchObject({
      name: exampleManifest.name,
      weights: { file: "winner.safetensors", sha256: sum.sha256, bytes: sum.bytes },
      network: exampleManifest.network,
      normalisation: exampleManifest.normalisation,
      classNames: exampleManifest.classNames,
    });
    expect(manifest.tensors.map((tensor: { name: string }) => tensor.name)).toEqual(["stem", "classifier"]);
    expect(manifest.tensors[1].shape).toEqual([3, 2]);
  });

  it.each<[string, (bytes: Buffer) => Buffer, string]>([
    ["empty", () => Buffer.alloc(0), "it is too short"],
    ["cut off in its header", (bytes) => bytes.subarray(0, 40), "impossible length"],
    ["with an endless header", (bytes) => Buffer.concat([Buffer.from([255, 255, 255, 255, 255, 255, 255, 127]), bytes.subarray(8)]), "impossible length"],
    [
      "with a broken header",
      (bytes) => {
        const copy = Buffer.from(bytes);
        copy.write("x", 8);
        return copy;
      },
      "its header is not valid",
    ],
    ["of another program", () => safetensorsBytes({ format: "pt" }), "does not contain the weights of a network trained by GHN Studio"],
    ["with a broken manifest", () => safetensorsBytes({ format: "ghn-studio-weights", manifest: "{}" }), "its manifest cannot be read"],
  ])("%s are refused", async (_, change, expected) => {
    const path = join(folder, "bad.safetensors");
    await writeFile(path, change(safetensorsBytes()));
    await expect(readWeightsInfo(path)).rejects.toThrow(expected);
  });

  it("that are missing are reported by name", async () => {
    await expect(readWeightsInfo(join(folder, "nowhere"))).rejects.toThrow(/nowhere cannot be opened/);
  });
});

describe("weights of networks with several exits", () => {
  const split = { validationImages: 10, trainImages: null, splitSeed: 0, test: "all" };
  const describeWith = async (metadata: Record<string, string>): Promise<string> => {
    const path = join(folder, "exits.safetensors");
    await writeSafetensors(path, new Map(), metadata);
    return anytimeExport.manifest(path, "exits.safetensors", { sha256: "0", bytes: 1 }, {}, split);
  };
  const format = ANYTIME_WEIGHTS_FORMAT;

  it("are described with everything that the network computes", async () => {
    const manifest = JSON.parse(await describeWith({ format, manifest: JSON.stringify(exitsManifest) }));
    expect(manifest).toMatchObject({ model: exitsManifest.model, input: exitsManifest.input, split });
    expect(manifest.computation.outputs).toHaveLength(2);
  });

  it.each<[string, Record<string, string>]>([
    ["without a manifest", { format }],
    ["with a manifest that is not JSON", { format, manifest: "{" }],
    ["with a manifest that is not an object", { format, manifest: "[1]" }],
    ["with a manifest without a model", { format, manifest: JSON.stringify({ ...exitsManifest, model: undefined }) }],
  ])("%s are refused", async (_, metadata) => {
    await expect(describeWith(metadata)).rejects.toMatchObject({
      code: "weights-damaged",
      message: `${join(folder, "exits.safetensors")} is damaged: its manifest cannot be read.`,
    });
  });
});

describe("candidates as CSV", () => {
  const candidate = (index: number, rank: number | null, name: string): Candidate => ({
    id: index,
    runId: "r",
    index,
    name,
    canonical: `c${index}`,
    architecture: EXAMPLE_ARCHITECTURE,
    parameters: 1000,
    multiplyAdds: 2000,
    score: rank === null ? null : 1 / rank,
    scoreLoss: null,
    rank,
    role: "none",
    generationMs: 1.5,
    evaluationMs: Number.NaN,
  });

  it("lists them best first and quotes what needs it", () => {
    const lines = candidatesCsv([candidate(0, 2, 'a "b", c'), candidate(1, 1, "=1+1"), candidate(2, null, "plain")])
      .trimEnd()
      .split("\r\n");
    expect(lines[0]).toBe(CANDIDATE_CSV_COLUMNS.join(","));
    expect(lines.map((line) => line.split(",")[1])).toEqual(["index", "1", "0", "2"]);
    expect(lines[1]).toContain(",'=1+1,");
    expect(lines[2]).toContain('"a ""b"", c"');
    expect(lines[3]?.startsWith(",2,plain,none,,,1000,2000,")).toBe(true);
  });

  it("never writes a non-finite number", () => {
    expect(csvField(Number.NaN)).toBe("");
    expect(csvField(-1)).toBe("-1");
  });
});

/** Contrast of two colours (#rrggbb) as WCAG 2 defines it. */
function contrast(a: string, b: string): number {
  const luminance = (color: string): number => {
    const [r = 0, g = 0, blue = 0] = [1, 3, 5].map((at) => {
      const value = Number.parseInt(color.slice(at, at + 2), 16) / 255;
      return value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * blue;
  };
  const [low = 0, high = 0] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (high + 0.05) / (low + 0.05);
}

it("a run whose trainings of networks with several exits all diverged has a table of them", () => {
  const project = newProject();
  const run = newRun(project);
  const { model } = exitsManifest;
  project.store.trainings.append(run, [
    {
      ...{ space: "anytime", candidateId: null, name: "Network", canonical: "n", model, role: "none", repetition: 0, seed: 1, epochs: 1 },
      ...{ initialChannels: null, parameters: 1, multiplyAdds: 1, score: null, exits: [], maxBudget: 1, chance: 0.1, area: 0.1, testArea: null },
      ...{ trainLoss: 1, seconds: 1, divergence: "The loss at the end is not finite." },
    },
  ]);
  const source = { folder: project.folder, ...project.store };
  const summary = project.store.runs.get(run);
  const family = summary === null ? [] : [summary];
  expect(anytimeExport.hasTable(source, family)).toBe(true);
  expect(anytimeExport.table(source, family)).toContain("diverged,Network,");
});
