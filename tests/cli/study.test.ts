import { readFileSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type CliOptions, cli } from "./support/cli.ts";
import { sets, TINY } from "./support/tiny.ts";

let root = "";
let options: CliOptions;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "ghn-study-"));
  options = { cwd: root };
  const short = { epochs: 0.2, batchSize: 32, dropPath: 0, auxiliaryWeight: 0, augmentation: { cropPadding: 1, horizontalFlip: false } };
  const training = { nodes: 2, epochs: 0.2, batchSize: 32, validationCells: 0, augmentation: { cropPadding: 1, horizontalFlip: false } };
  writeFileSync(
    join(root, "tiny.json"),
    JSON.stringify({
      kind: "study",
      title: "Propagation, tiny",
      dataset: { id: "digits", validationImages: 60, trainImages: 300 },
      network: { blocks: 2, initialChannels: 4, reductions: [1] },
      space: { nodes: 2 },
      cells: { count: 6, seed: 3 },
      variants: [1, 2].map((steps) => ({
        name: `T = ${steps}`,
        ghn: { hiddenSize: 8, messageHiddenSize: 8, decoderHiddenSize: 8, propagationSteps: steps },
        training,
      })),
      seeds: [1, 2],
      validationImages: 60,
      predictors: { proxyImages: 8, sgdSteps: [1], sgd: short },
      truth: short,
      noiseCells: 4,
      truthRuns: 2,
    }),
  );
});
afterAll(() => rm(root, { recursive: true, force: true }));

describe("studies", { timeout: 600_000 }, () => {
  it("compare variants over seeds, and their report can be rebuilt from the store, as text, JSON and files", async () => {
    const run = await cli(["study", "ablation", "--preset", "tiny.json", "--children", "2"], options);
    expect(run.code, run.stderr).toBe(0);
    expect(run.stdout).toMatch(/\| T = 2 \| 2 \|/);
    expect(run.stdout).toContain("## Paired tests");
    const again = await cli(["study", "report", "last"], options);
    expect(run.stdout).toContain(again.stdout.trimEnd());

    const result = JSON.parse((await cli(["study", "report", "last", "--json"], options)).stdout);
    expect(result.data.variants).toEqual([
      { name: "T = 1", settings: { "Propagation steps T": 1 } },
      { name: "T = 2", settings: { "Propagation steps T": 2 } },
    ]);
    const cost = new Map<string, Record<string, number>>(result.data.predictors.map((one: { name: string }) => [one.name, one]));
    for (const field of ["trainingSeconds", "generatorParameters", "generationMs", "evaluationMs"])
      expect(cost.get("T = 1")?.[field], field).toBeGreaterThan(0);
    for (const name of ["gradient norm", "synflow", "jacobian covariance", "NWOT", "SWAP", "SGD 1"])
      expect(cost.get(name)?.evaluationMs, name).toBeGreaterThan(0);

    expect((await cli(["study", "report", "last", "--write", "out"], options)).code).toBe(0);
    expect(readFileSync(join(root, "out", "report.md"), "utf8").trimEnd()).toBe(again.stdout.trimEnd());
    expect(readFileSync(join(root, "out", "report.html"), "utf8")).toContain('aria-label="Rank correlation over Propagation steps T"');
  });

  it("compare the cells chosen by the GHN with random ones", async () => {
    const run = await cli(["study", "top", "--preset", "demo", "--project", "top", ...sets(TINY)], options);
    expect(run.code, run.stderr).toBe(0);
    for (const part of [/\| GHN Top \| 2 \|/, /\| Random \| 2 \|/, /\| GHN Top-Best \| 2 \|/, /percentage points/]) expect(run.stdout).toMatch(part);
    const again = await cli(["study", "report", "last", "--project", "top"], options);
    expect(run.stdout).toContain(again.stdout.trimEnd());
  });

  it("refuse configs of another kind", async () => {
    const wrong = await cli(["study", "correlation", "--preset", "demo"], options);
    expect(wrong.code).not.toBe(0);
    expect(wrong.stderr).toContain("is a pipeline run, not a study run");
  });
});
