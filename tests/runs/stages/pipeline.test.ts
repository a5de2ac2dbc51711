import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { exportChoices, writeExport } from "../../../src-main/export/index.ts";
import { pipelinePlan, stageWeights } from "../../../src-main/runs/stages/pipeline/pipeline-stages.ts";
import { stagesByKey, stagesProgress } from "../../../src-main/runs/stages/stages.ts";
import type { PipelineRun } from "../../../src-shared/domain/config/run-config.ts";
import { runConfigSchema } from "../../../src-shared/domain/config/run-config.ts";
import { config, curve, type Studio, studio, until, untilStatus } from "../support/project.ts";

const SEARCH = { samples: 20, shortlist: 4, randomBaseline: 3 };
const pipeline = (input: object = {}): PipelineRun =>
  runConfigSchema.parse({ kind: "pipeline", search: SEARCH, compare: { epochs: 2 }, final: { epochs: 5, repetitions: 2 }, ...input }) as PipelineRun;
const stages = ({ project }: Studio, id: string): string[] => project.store.runs.children(id).map((run) => `${run.stage} ${run.status}`);

describe("a pipeline", () => {
  it("runs its stages as separate runs and summarises the results", async () => {
    const s = studio();
    const { id } = s.supervisor.create("All", pipeline({ finalNetwork: { blocks: 5 } }));
    const run = await untilStatus(s, id, "completed");
    expect(stages(s, id)).toEqual(["ghn completed", "search completed", "compare completed", "final completed"]);
    expect(run.progress).toMatchObject({ phase: "Done", step: 1000, totalSteps: 1000 });
    const children = s.project.store.runs.children(id);
    expect(run.activeSeconds).toBeCloseTo(
      children.reduce((sum, child) => sum + child.activeSeconds, 0),
      6,
    );
    const [ghn, search, compare, final] = children.map((child) => s.supervisor.detail(child.id));
    expect(search?.config).toMatchObject({ kind: "search", ghnRunId: ghn?.id });
    expect(compare?.config).toMatchObject({ source: { from: "search", runId: search?.id, top: 4, random: 3 }, measureTest: false, training: { epochs: 2 } });
    expect(final?.config).toMatchObject({ source: { from: "training", runId: compare?.id, best: 1 }, measureTest: true, network: { blocks: 5 } });
    const trained = s.project.store.trainings.list(id);
    expect(trained.filter((training) => training.runId === compare?.id).map(({ name, role, testAccuracy }) => [name, role, testAccuracy])).toEqual([
      ...[19, 18, 17, 16].map((index) => [`Cell ${index}`, "shortlist", null]),
      ...[20, 21, 22].map((index) => [`Random ${index}`, "random", null]),
    ]);
    const { summary } = s.supervisor.detail(id);
    expect(summary).toMatchObject({
      cellsRanked: 20,
      winner: "Cell 19",
      winnerParameters: 1234,
      winnerMultiplyAdds: 5678,
      testAccuracyCount: 2,
      ghnValidationAccuracyCount: 4,
      randomValidationAccuracyCount: 3,
      correlationCells: 7,
      pearsonCorrelation: 1,
    });
    // Accuracy of the winner: 0.3 + 0.519 − 0.01, and a thousandth more in the second repetition.
    expect(summary.testAccuracyMean).toBeCloseTo(0.8095, 10);
    expect(summary.testAccuracyDeviation).toBeCloseTo(Math.sqrt(0.0005 ** 2 * 2), 10);
    expect(summary.ghnValidationAccuracyMean).toBeCloseTo(0.3 + (0.519 + 0.518 + 0.517 + 0.516) / 4, 10);
  });

  it("leaves diverged trainings out of every figure and never chooses one as the winner", async () => {
    const s = studio("diverge:Cell 19,Random 21");
    const { id } = s.supervisor.create("Some diverge", pipeline());
    await untilStatus(s, id, "completed");
    const { trainings } = s.project.store;
    expect(
      trainings
        .listAll(id)
        .filter(({ divergence }) => divergence !== undefined)
        .map(({ name }) => name),
    ).toEqual(["Cell 19", "Random 21"]);
    expect(trainings.list(id).map(({ name }) => name)).not.toContain("Cell 19");
    expect(s.supervisor.detail(id).summary).toMatchObject({
      winner: "Cell 18",
      divergedTrainings: 2,
      ghnValidationAccuracyCount: 3,
      randomValidationAccuracyCount: 2,
      correlationCells: 5,
    });
    const report = readFileSync(s.project.resolvePath(s.project.store.artifacts.latest(id, "report")?.path ?? ""), "utf8");
    expect(report).toContain("2 trainings that diverged: Cell 19, Random 21");
  });

  it("fails with the reason if the whole shortlist diverged, although random cells did not", async () => {
    const s = studio("diverge:Cell 19,Cell 18,Cell 17,Cell 16");
    const { id } = s.supervisor.create("All diverge", pipeline());
    const run = await untilStatus(s, id, "failed");
    expect(run.failure?.message).toMatch(/All trainings of the run .* diverged\. The loss at the end is not finite\./);
    expect(s.supervisor.detail(id).summary).toEqual({});
    const project = { folder: s.project.folder, ...s.project.store };
    const choices = await exportChoices(project, { type: "run", runId: id });
    expect(choices.filter(({ available }) => available).map(({ format }) => format)).toEqual(["config-json", "candidates-csv"]);
    expect(choices.find(({ format }) => format === "weights-safetensors")?.reason).toBe(
      "All trainings of the run diverged and cannot be exported as a result. The loss at the end is not finite.",
    );
    await expect(writeExport(project, { type: "run", runId: id }, ["cell-json"], s.project.folder, "cell")).rejects.toMatchObject({
      code: "export-unavailable",
      message: expect.stringContaining("diverged"),
    });
    const training = s.project.store.trainings.listAll(id)[0];
    await expect(
      writeExport(project, { type: "training", space: "cell", trainingId: training?.id ?? 0 }, ["cell-json"], s.project.folder, "cell"),
    ).rejects.toThrow("This training diverged and cannot be exported as a result.");
    // The other trainings can be exported: their weights are found by their position among all trainings.
    const random = s.project.store.trainings.list(id)[0];
    expect(
      (await exportChoices(project, { type: "training", space: "cell", trainingId: random?.id ?? 0 })).find(({ format }) => format === "weights-safetensors"),
    ).toMatchObject({ available: true });
  });

  it("measures all compared cells on test images if asked, and states what its search cost", async () => {
    const s = studio();
    const { id } = s.supervisor.create("Table 1", pipeline({ compareTest: true }));
    await untilStatus(s, id, "completed");
    const children = s.project.store.runs.children(id);
    const [ghn, search, compare] = children;
    expect(s.supervisor.detail(compare?.id ?? "").config).toMatchObject({ measureTest: true });
    const { summary } = s.supervisor.detail(id);
    expect(summary).toMatchObject({ winner: "Cell 19", ghnTestAccuracyCount: 4, randomTestAccuracyCount: 3 });
    expect(summary.ghnTestAccuracyMean).toBeCloseTo(Number(summary.ghnValidationAccuracyMean) - 0.01, 10);
    expect(summary.searchDeviceHours).toBeCloseTo(((ghn?.activeSeconds ?? Number.NaN) + (search?.activeSeconds ?? Number.NaN)) / 3600, 12);
    expect(summary.comparisonDeviceHours).toBeCloseTo((compare?.activeSeconds ?? Number.NaN) / 3600, 12);
    const report = readFileSync(join(s.project.artifactFolder(id), "report.md"), "utf8");
    expect(report).toContain("The same validation images rank the cells and choose the winner");
    expect(report).toContain("Search: training of the GHN and ranking");
    expect(report).toMatch(/Mean test accuracy is .* for the cells chosen by the GHN and .* for random cells/);
  });

  it("trains the winner on almost all images if asked, once it is fixed", () => {
    const done = new Map([
      ["search", "s"],
      ["compare", "c"],
    ]);
    const datasetOf = (input: object, stage: string): unknown => {
      const config = pipelinePlan(pipeline({ dataset: { id: "cifar10" }, ...input }))
        .find(({ key }) => key === stage)
        ?.config(done);
      return config?.dataset;
    };
    expect(datasetOf({ finalValidationImages: 10 }, "final")).toMatchObject({ id: "cifar10", validationImages: 10 });
    expect(datasetOf({ finalValidationImages: 10 }, "compare")).toMatchObject({ validationImages: 5000 });
    expect(datasetOf({}, "final")).toEqual(datasetOf({}, "compare"));
  });

  it("stops and continues together with its stage", async () => {
    const s = studio("wait:15");
    const { id } = s.supervisor.create("Stop", pipeline());
    await until(s.supervisor, () => s.project.store.runs.children(id).some((run) => curve(s.project, run.id).length === 15));
    expect(s.project.store.runs.get(id)?.status).toBe("running");
    s.supervisor.stop(id);
    expect(stages(s, id)).toEqual(["ghn stopping"]);
    await untilStatus(s, id, "stopped");
    expect(stages(s, id)).toEqual(["ghn stopped"]);
    s.launcher.script = "complete";
    const [stage] = s.project.store.runs.children(id);
    // Resuming the stage resumes the pipeline that it belongs to.
    s.supervisor.resume(stage?.id ?? "");
    await untilStatus(s, id, "completed");
    expect(stages(s, id)).toEqual(["ghn completed", "search completed", "compare completed", "final completed"]);
    expect(s.supervisor.detail(stage?.id ?? "").resumedFrom).toEqual([15]);
  });

  it("refuses a stage that finds different images than the previous one, and continues once they are restored", async () => {
    const s = studio("other-images-for:search");
    const { id } = s.supervisor.create("Images", pipeline());
    const run = await untilStatus(s, id, "failed");
    expect(run.failure).toMatchObject({
      message: "Search: The images of digits have changed since the first stage ran.",
      detail: expect.stringContaining("Fingerprint at the start: sha256:images\nFingerprint now: sha256:other"),
    });
    expect(stages(s, id)).toEqual(["ghn completed", "search failed"]);
    expect(s.project.store.candidates.list(s.project.store.runs.children(id)[1]?.id ?? "").total).toBe(0);
    expect(s.supervisor.detail(id).datasetFingerprint).toBe("sha256:images");
    s.launcher.script = "complete";
    s.supervisor.resume(id);
    await untilStatus(s, id, "completed");
  });

  it("fails with a failing stage, names it, and continues from there", async () => {
    const s = studio();
    const { id } = s.supervisor.create("Fail", pipeline());
    s.launcher.script = "complete";
    await until(s.supervisor, () => stages(s, id).includes("ghn completed"));
    s.launcher.script = "fail:3";
    const run = await untilStatus(s, id, "failed", "completed");
    expect(run.status).toBe("failed");
    expect(run.failure?.message).toMatch(/^(Search|Train shortlist|Train winner): The training diverged\.$/);
    s.launcher.script = "complete";
    s.supervisor.resume(id);
    await untilStatus(s, id, "completed");
    expect(s.project.store.runs.children(id)).toHaveLength(4);
  });

  it("is killed with its stage", async () => {
    const s = studio("ignore-stop:5");
    const { id } = s.supervisor.create("Kill", pipeline());
    await until(s.supervisor, () => s.project.store.runs.children(id).some((run) => curve(s.project, run.id).length === 5));
    s.supervisor.kill(id);
    expect((await untilStatus(s, id, "interrupted")).failure?.message).toContain("on request");
  });

  it("is moved to the trash and purged with its stages and files", async () => {
    const s = studio();
    const { id } = s.supervisor.create("Trash", pipeline());
    expect(() => s.supervisor.editor.trash([id])).toThrow(/running|queued/);
    await untilStatus(s, id, "completed");
    expect(() => s.supervisor.editor.purge([id])).toThrow("not in the trash");
    s.supervisor.editor.trash([id]);
    expect(s.project.store.runs.children(id).every((run) => run.trashedAt !== null)).toBe(true);
    s.supervisor.editor.restore([id]);
    expect(s.project.store.runs.get(id)?.trashedAt).toBeNull();
    s.supervisor.editor.trash([id]);
    expect(s.supervisor.editor.purge([id]).bytes).toBeGreaterThan(0);
    expect(s.project.store.runs.count()).toBe(0);
    expect(s.project.store.artifacts.bytes()).toBe(0);
  });
});

describe("progress of a pipeline", () => {
  it("weighs stages by their work", () => {
    const weights = stageWeights(pipeline());
    expect(Object.values(weights).reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 12);
    // 200 epochs of the GHN are far more than 5 epochs of the winner, twice.
    expect(weights.ghn).toBeGreaterThan(10 * weights.final);
  });

  it("estimates later stages from the speed so far", () => {
    const settings = pipeline();
    const weights = stageWeights(settings);
    const s = studio();
    const { id } = s.supervisor.create("x", config());
    const run = s.project.store.runs.get(id);
    if (run === null) throw new Error("no run");
    const stage = {
      ...run,
      stage: "ghn",
      activeSeconds: 100,
      status: "running" as const,
      progress: { phase: "Training", step: 50, totalSteps: 100, secondsLeft: 100 },
    };
    const progress = stagesProgress(pipelinePlan(settings), stagesByKey([stage]));
    expect(progress.phase).toBe("Stage 1 of 4, Train GHN: Training");
    expect(progress.step).toBe(Math.round(500 * weights.ghn));
    expect(progress.secondsLeft).toBeCloseTo(100 + ((1 - weights.ghn) * 100) / (weights.ghn / 2), 6);
  });
});
