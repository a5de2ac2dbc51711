import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type CliOptions, cli } from "./support/cli.ts";

let root = "";
let options: CliOptions;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "ghn-cells-"));
  options = { cwd: root };
});
afterAll(() => rm(root, { recursive: true, force: true }));

const NETWORK = { blocks: 2, initialChannels: 4, reductions: [1] };

describe("published cells on the command line", () => {
  it("are listed with counts, sources and remarks, without any project", async () => {
    const { code, stdout } = await cli(["cells"], options);
    expect(code).toBe(0);
    expect(stdout).toMatch(/nasnet-a +NASNet-A +3\.33 M +3\.30 M +\+0\.9 %/);
    const { cells } = JSON.parse((await cli(["cells", "list", "--json"], options)).stdout);
    expect(cells).toHaveLength(7);
    expect(cells.every(({ source }: { source: string }) => /\d{4}/.test(source))).toBe(true);
  });

  it("are shown as text and as a picture, which never replaces a file", async () => {
    const { code, stdout } = await cli(["cells", "show", "darts-v1", "--picture", "darts.svg"], options);
    expect(code).toBe(0);
    expect(stdout).toContain("node 4: sum of node 2 plus node 3");
    expect(readFileSync(join(root, "darts.svg"), "utf8")).toContain("Reduction cell");
    const again = await cli(["cells", "show", "darts-v1", "--picture", "darts.svg"], options);
    expect(again.code).toBe(1);
    expect(again.stderr).toContain("the file already exists");
    expect((await cli(["cells", "show", "darts-v1", "--picture", "darts.gif"], options)).stderr).toContain(".svg or .png");
    const unknown = await cli(["cells", "show", "darts"], options);
    expect(unknown.code).not.toBe(0);
    expect(unknown.stderr).toContain("Choose one of amoebanet-a");
  });

  it("are trained in the network of their publication, unless that is changed", async () => {
    const config = JSON.parse((await cli(["cells", "train", "nasnet-a", "--print"], options)).stdout);
    expect(config).toMatchObject({ kind: "cell-training", network: { blocks: 20, initialChannels: 32, reductions: [6, 13], stemMultiplier: 3 } });
    expect(config.source.cells[0].architecture.reduction.nodes).toHaveLength(14);
    const changed = JSON.parse((await cli(["cells", "train", "nasnet-a", "enas", "--print", "--set", "training.epochs=3"], options)).stdout);
    expect(changed).toMatchObject({ network: { blocks: 18 }, training: { epochs: 3 } });
    expect(changed.source.cells.map(({ name }: { name: string }) => name)).toEqual(["NASNet-A", "ENAS (micro)"]);
  });

  it("are scored by the GHN of a run and trained, as runs of the project", { timeout: 240_000 }, async () => {
    const dataset = { id: "digits", validationImages: 40, trainImages: 64 };
    const ghn = { hiddenSize: 6, messageHiddenSize: 6, decoderHiddenSize: 8, propagationSteps: 1 };
    const training = {
      nodes: 3,
      epochs: 0.2,
      batchSize: 32,
      validationCells: 0,
      validationImages: 20,
      augmentation: { cropPadding: 0, horizontalFlip: false },
    };
    writeFileSync(join(root, "ghn.json"), JSON.stringify({ kind: "ghn-training", dataset, network: NETWORK, space: { nodes: 3 }, ghn, training }));
    const trained = await cli(["run", "ghn.json", "--project", "project"], options);
    expect(trained.code, trained.stderr).toBe(0);
    const scored = await cli(["cells", "score", "nasnet-a", "amoebanet-c", "--ghn", "last", "--project", "project"], options);
    expect(scored.code, scored.stderr).toBe(0);
    const show = JSON.parse((await cli(["show", "last", "--project", "project", "--json"], options)).stdout);
    expect(show).toMatchObject({ kind: "search", status: "completed", name: "Scores of nasnet-a, amoebanet-c" });
    expect(show.candidates.map(({ name }: { name: string }) => name).sort()).toEqual(["AmoebaNet-C", "NASNet-A"]);
    expect(show.candidates.every(({ score }: { score: number }) => score >= 0 && score <= 1)).toBe(true);

    const small = [
      "dataset.id=digits",
      "dataset.validationImages=40",
      "dataset.trainImages=64",
      ...Object.entries(NETWORK).map(([key, value]) => `network.${key}=${JSON.stringify(value)}`),
    ];
    const sets = [...small, "training.epochs=0.5", "training.batchSize=32", "training.augmentation.cropPadding=0"].flatMap((set) => ["--set", set]);
    const run = await cli(["cells", "train", "pnasnet-5", "--project", "project", ...sets], options);
    expect(run.code, run.stderr).toBe(0);
    const document = JSON.parse((await cli(["show", "last", "--project", "project", "--json"], options)).stdout);
    expect(document.trainings).toHaveLength(1);
    expect(document.trainings[0]).toMatchObject({ name: "PNASNet-5" });

    const wrong = await cli(["cells", "score", "enas", "--ghn", "last", "--project", "project"], options);
    expect(wrong.stderr).toContain("did not train a GHN");
    expect(existsSync(join(root, "project"))).toBe(true);
  });
});
