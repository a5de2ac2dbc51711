import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach } from "vitest";
import { createProject, type Project } from "../../../src-main/store/project/project.ts";
import { type RunConfig, runConfigSchema } from "../../../src-shared/domain/config/run-config.ts";
import type { MetricColumns } from "../../../src-shared/domain/metrics.ts";
import type { CellCandidateMessage, CellTrainingMessage } from "../../../src-shared/worker-protocol.ts";

const cleanups: (() => void)[] = [];

afterEach(() => {
  for (const cleanup of cleanups.splice(0).reverse()) cleanup();
});

export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "ghn-store-"));
  cleanups.push(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Closes it after the test. */
export function closing<Closable extends { close(): void }>(closable: Closable): Closable {
  cleanups.push(() => closable.close());
  return closable;
}

export function newProject(): Project {
  return closing(createProject(join(temporaryFolder(), "project"), "Test"));
}

export function config(input: object = {}): RunConfig {
  return runConfigSchema.parse({ kind: "ghn-training", ...input });
}

export function newRun(project: Project, name = "run", input: object = {}): string {
  return project.store.runs.create({ name, config: config(input), codeVersion: "1" });
}

/** Points at these steps; the value of each step is given by a function. */
export function columns(name: string, steps: readonly number[], value: (step: number) => number | null = (step) => step, series = 0): MetricColumns {
  return { name, series, step: steps, epoch: steps.map((step) => step / 100), wall: steps.map((step) => step * 2), active: steps, value: steps.map(value) };
}

export const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, i) => from + i);

const architecture = { normal: { nodes: [{ operation: "sepConv3x3" as const, inputs: [0, 1] }] } };

export function candidate(index: number, score: number | null, extra: Partial<CellCandidateMessage> = {}): CellCandidateMessage {
  return {
    space: "cell",
    index,
    name: `Cell ${index}`,
    canonical: `c${index}`,
    architecture,
    parameters: 100 + index,
    multiplyAdds: 5_000_000_000 - index,
    score,
    scoreLoss: null,
    role: "none",
    generationMs: 1.5,
    evaluationMs: 20,
    ...extra,
  };
}

export function training(name: string, validationAccuracy: number, extra: Partial<CellTrainingMessage> = {}): CellTrainingMessage {
  return {
    space: "cell",
    candidateId: null,
    name,
    canonical: name,
    architecture,
    role: "none",
    repetition: 0,
    seed: 1,
    epochs: 0.5,
    parameters: 10,
    multiplyAdds: 20,
    score: null,
    validationAccuracy,
    testAccuracy: null,
    trainLoss: 0.2,
    seconds: 3,
    ...extra,
  };
}
