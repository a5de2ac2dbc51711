import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { mkdtemp, rm, truncate } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseCellFile } from "../../src-main/engine/spaces/cell/file.ts";
import { publishedCells } from "../../src-main/engine/spaces/cell/published.ts";
import { readWeightsInfo } from "../../src-main/export/weights-package.ts";
import { writePhotos } from "../engine/datasets/support/images.ts";
import { type CliOptions, cli, startCli } from "./support/cli.ts";
import { sets } from "./support/tiny.ts";

const CLASSES = 6;
let root = "";
let options: CliOptions;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "ghn-transfer-"));
  options = { cwd: root };
  await writePhotos(join(root, "photos"), { train: 20, val: 4 }, CLASSES, { width: 100, height: 80 });
});
afterAll(() => rm(root, { recursive: true, force: true }));

const SMALL = ["transfer", "--data", "photos", "--preset", "transfer-small", "--budget", "2000000"];
const QUICK = [
  "dataset.imageSize=32",
  "dataset.validationImages=24",
  "network.blocks=5",
  "network.reductions=[1,2,3]",
  "training.batchSize=16",
  "checkpointEvery=1",
];

describe("transferring a cell", { timeout: 300_000 }, () => {
  it("finds F, trains from the folder, and can be exported; the run's own cell can be transferred again", async () => {
    const run = await cli([...SMALL, "--cell", "enas", ...sets([...QUICK, "training.epochs=1"]), "--json"], options);
    expect(run.code, run.stderr).toBe(0);
    const events = run.stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    const { outcome } = events.find((event) => event.event === "finished");
    expect(outcome.winner.multiplyAdds).toBeLessThanOrEqual(2_000_000);
    expect(outcome.winner.multiplyAdds).toBeGreaterThan(1_000_000);
    expect(outcome.testTop5Accuracy).toBeGreaterThanOrEqual(outcome.winner.testAccuracy.mean);
    const show = JSON.parse((await cli(["show", "last", "--json"], options)).stdout);
    expect(show.config.network.multiplyAddBudget).toBe(2_000_000);
    const channels: number = show.config.network.initialChannels;
    expect(run.stderr).toContain(`F = ${channels} is the largest number of channels within 2,000,000 multiply-adds.`);

    expect((await cli(["export", "last", "--out", "out"], options)).code).toBe(0);
    const files = readdirSync(join(root, "out"));
    const weights = files.find((name) => name.endsWith(".safetensors") && !name.endsWith(".pytorch.safetensors")) ?? "";
    const { manifest } = await readWeightsInfo(join(root, "out", weights));
    expect(manifest.network.initialChannels).toBe(channels);
    expect(manifest.input).toEqual({ height: 32, width: 32, channels: 3, classes: CLASSES });
    expect(manifest.normalisation.mean).toEqual([0.485, 0.456, 0.406]);
    expect(manifest.multiplyAdds).toBe(outcome.winner.multiplyAdds);
    const cellFile = files.find((name) => name.endsWith(".cell.json")) ?? "";
    const cell = parseCellFile(readFileSync(join(root, "out", cellFile), "utf8"), cellFile);
    expect(cell.normal).toEqual(publishedCells().find(({ id }) => id === "enas")?.normal);

    // The cell file and the run refer to the same cell, so F is the same.
    for (const source of ["last", join("out", cellFile)]) {
      const printed = await cli([...SMALL, "--cell", source, ...sets(QUICK), "--print"], options);
      expect(printed.code, printed.stderr).toBe(0);
      const config = JSON.parse(printed.stdout);
      expect(config.network.initialChannels).toBe(channels);
      expect(config.source.from).toBe(source === "last" ? "training" : "cells");
    }
  });

  it("reads a genotype", async () => {
    const steps = "[('sep_conv_3x3', 0), ('max_pool_3x3', 1)]";
    writeFileSync(join(root, "mine.txt"), `MINE = Genotype(normal=${steps}, normal_concat=range(2, 3), reduce=${steps}, reduce_concat=[2])\n`);
    const printed = await cli([...SMALL, "--cell", "mine.txt", ...sets(QUICK), "--print"], options);
    expect(printed.code, printed.stderr).toBe(0);
    const nodes = [
      { operation: "sepConv3x3", inputs: [1] },
      { operation: "maxPool3x3", inputs: [0] },
      { operation: "identity", inputs: [2, 3] },
    ];
    expect(JSON.parse(printed.stdout).source).toEqual({ from: "cells", cells: [{ name: "MINE", architecture: { normal: { nodes } } }] });
    writeFileSync(join(root, "cut.txt"), "MINE = Genotype(normal=[");
    const refused = await cli([...SMALL, "--cell", "cut.txt", ...sets(QUICK), "--print"], options);
    expect(refused.code).not.toBe(0);
    expect(refused.stderr).toContain("is not a genotype that can be read");
  });

  it("stops with a checkpoint at Ctrl-C and continues from it; no thread keeps the process alive", async () => {
    const long = startCli([...SMALL, "--cell", "darts-v2", "--project", "long", ...sets([...QUICK, "training.epochs=500"])], { ...options, ownGroup: true });
    await long.printed(/step [1-9]\d* of/);
    long.interrupt();
    const stopped = await long.result;
    expect(stopped.code, stopped.stderr).toBe(130);
    expect(stopped.stderr).toContain("Stopped; the checkpoint is kept.");
    const resumed = startCli(["resume", "last", "--project", "long"], { ...options, ownGroup: true });
    await resumed.printed("Resumed from the checkpoint of step");
    resumed.interrupt();
    expect((await resumed.result).code).toBe(130);
    const log = JSON.parse((await cli(["show", "last", "--project", "long", "--json"], options)).stdout);
    expect(log.resumedFrom).toHaveLength(1);
  });

  it("reports a damaged file, a missing cell, a preset that trains no cell, and a budget that is too small", async () => {
    await writePhotos(join(root, "damaged"), { train: 10, val: 2 }, 2, { width: 100, height: 80 });
    await truncate(join(root, "damaged/train/n01440764/n01440764_3.JPEG"), 600);
    const quick = sets([...QUICK, "dataset.validationImages=10", "training.batchSize=5", "training.epochs=2"]);
    const damaged = await cli(
      ["transfer", "--data", "damaged", "--preset", "transfer-small", "--budget", "2000000", "--cell", "enas", "--project", "d", ...quick],
      options,
    );
    expect(damaged.code).toBe(3);
    expect(damaged.stderr).toMatch(/The image \S+n01440764_3\.JPEG cannot be decoded \(.+\)\./);
    const again = await cli(
      [
        "transfer",
        "--data",
        "damaged",
        "--preset",
        "transfer-small",
        "--budget",
        "2000000",
        "--cell",
        "enas",
        "--project",
        "d2",
        ...quick,
        ...sets(["dataset.damaged=substitute"]),
      ],
      options,
    );
    expect(again.code, again.stderr).toBe(0);
    const unknown = await cli([...SMALL, "--cell", "dart-v2"], { ...options, cwd: await mkdtemp(join(root, "empty-")) });
    expect(unknown.stderr).toContain('There is no cell "dart-v2". Did you mean "darts-v2"?');
    expect((await cli([...SMALL.slice(0, 3), "--preset", "demo", "--cell", "enas"], options)).stderr).toContain("The preset demo does not train a cell");
    expect((await cli([...SMALL.slice(0, 5), "--budget", "2000", "--cell", "enas", ...sets(QUICK)], options)).stderr).toContain(
      "more than the budget of 2,000",
    );
  });
});
