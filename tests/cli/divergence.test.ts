import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type CliOptions, cli } from "./support/cli.ts";
import { sets, TINY } from "./support/tiny.ts";

let root = "";
let options: CliOptions;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "ghn-divergence-"));
  options = { cwd: root };
});
afterAll(() => rm(root, { recursive: true, force: true }));

/** Without clipping, the weights grow by orders of magnitude at every step. */
const WILD = { learningRate: 10, gradientClip: 0, warmupEpochs: 0 };

it("a search whose trainings diverge fails with the reason, and nothing of it is a result", { timeout: 300_000 }, async () => {
  const wild = Object.entries(WILD).map(([name, value]) => `compare.${name}=${value}`);
  const run = await cli(["demo", "wild", ...sets([...TINY, "compare.epochs=1", "compare.dropPath=0", ...wild])], options);
  expect(run.code).toBe(3);
  expect(run.stdout + run.stderr).toMatch(/All trainings of the run .*diverged\./s);
  const show = await cli(["show", "last", "--project", "wild"], options);
  expect(show.stdout).toMatch(/4 of 4 trainings diverged and are left out of all figures/);
  // Four trainings, and the result of their stage.
  expect(show.stdout.match(/ diverged *$/gm)).toHaveLength(5);
  expect(show.stdout).not.toMatch(/Winner|Score vs accuracy|GHN shortlist/);
  const json = JSON.parse((await cli(["show", "last", "--project", "wild", "--json"], options)).stdout);
  expect(json).toMatchObject({ status: "failed", outcome: { winner: null, agreement: null, ghn: null, divergedTrainings: 4 } });
  expect(json.artifacts.filter(({ kind }: { kind: string }) => kind === "weights")).toEqual([]);
  const exported = await cli(["export", "last", "--project", "wild", "--out", "out"], options);
  expect(exported.code).toBe(1);
  expect(exported.stderr).toMatch(/All trainings of the run diverged and cannot be exported as a result\./);
  expect(existsSync(join(root, "out"))).toBe(false);
  const one = await cli(["export", "last", "--project", "wild", "--training", String(json.trainings[0].id), "--out", "out"], options);
  expect(one.code).toBe(1);
  expect(one.stderr).toMatch(/This training diverged and cannot be exported as a result\./);
  const csv = await cli(["export", "last", "--project", "wild", "--format", "candidates-csv", "--out", "csv"], options);
  expect(csv.code, csv.stderr).toBe(0);
  expect(readdirSync(join(root, "csv"))).toHaveLength(1);
});

it("so does a training of networks with several exits", { timeout: 300_000 }, async () => {
  writeFileSync(
    join(root, "anytime.json"),
    JSON.stringify({
      kind: "anytime-training",
      dataset: { id: "digits", validationImages: 60, trainImages: 256 },
      network: { initialChannels: 4 },
      source: { from: "networks", networks: [] },
      references: [{ kind: "msdnet", exits: 2, base: 1, step: 1, channels: 4, growth: 2, classifierChannels: 4 }],
      training: { epochs: 8, batchSize: 32, augmentation: { cropPadding: 1, horizontalFlip: false }, ...WILD },
    }),
  );
  const run = await cli(["run", "anytime.json", "--project", "exits"], options);
  expect(run.code, run.stderr).toBe(3);
  const show = await cli(["show", "last", "--project", "exits"], options);
  expect(show.stdout).toMatch(/All trainings of the run diverged\./);
  expect(show.stdout).toMatch(/1 of 1 training diverged and is left out of all figures: MSDNet\./);
  expect(show.stdout).not.toMatch(/Curve of MSDNet/);
  const exported = await cli(["export", "last", "--project", "exits", "--out", "out"], options);
  expect(exported.code).toBe(1);
});
