/** Projects with records of every kind, and ways to damage their databases for real. */
import { closeSync, mkdirSync, openSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { createProject } from "../../../src-main/store/project/project.ts";
import type { AnytimeArchitecture } from "../../../src-shared/domain/architecture/anytime.ts";
import type { AnytimeCandidateMessage, AnytimeTrainingMessage } from "../../../src-shared/worker-protocol.ts";
import { candidate, columns, config, range, training } from "./store-support.ts";

/** Runs of a filled project by what they hold. */
export interface Filled {
  readonly folder: string;
  readonly search: string;
  readonly training: string;
  readonly anytime: string;
}

const network: AnytimeArchitecture = { scales: 1, cells: [{ nodes: [{ operation: "conv3x3", inputs: [0], scale: 0, exit: true }] }] };
const exits = [{ node: { cell: 0, node: 2 }, multiplyAdds: 10, accuracy: 0.5, testAccuracy: null }];
const area = { maxBudget: 100, chance: 0.1 };

/** A closed project with `candidates` candidates, trainings, files, curves, log lines and settings. */
export function filledProject(folder: string, candidates = 12): Filled {
  const project = createProject(folder, "Filled");
  const { store } = project;
  const add = (name: string, input: object): string => {
    const id = store.runs.create({ name, config: config(input), codeVersion: "1", tags: ["kept"] });
    store.metrics.append(id, [columns("train/loss", range(1, 50))]);
    store.logs.append(id, [{ time: new Date().toISOString(), level: "info", text: `Log of ${name}` }]);
    mkdirSync(project.artifactFolder(id), { recursive: true });
    writeFileSync(join(project.artifactFolder(id), "ghn.safetensors"), "x");
    store.artifacts.add(id, { kind: "ghn", name: "ghn.safetensors", path: `artifacts/${id}/ghn.safetensors`, bytes: 1, sha256: "0" });
    store.runs.update(id, {
      status: "completed",
      queuePosition: null,
      startedAt: new Date().toISOString(),
      finishedAt: new Date().toISOString(),
      progress: { phase: "Done", step: 50, totalSteps: 50 },
      summary: { bestScore: 0.5 },
    });
    return id;
  };
  const search = add("The search", { kind: "search", ghnRunId: "abc" });
  const trained = add("The training", { kind: "cell-training", source: { from: "search", runId: search, top: 2, random: 0 } });
  const anytime = add("The anytime search", { kind: "anytime-search", ghnRunId: "abc" });
  store.transaction(() =>
    store.candidates.append(
      search,
      Array.from({ length: candidates }, (_, i) => candidate(i, i / candidates, { predictions: { jacob: 1 } })),
    ),
  );
  store.trainings.append(trained, [training("Cell A", 0.7), training("Cell B", 0.8)]);
  const scored: AnytimeCandidateMessage = {
    space: "anytime",
    index: 0,
    name: "Network 0",
    canonical: "n0",
    architecture: network,
    parameters: 1,
    multiplyAdds: 10,
    score: 0.4,
    scoreLoss: null,
    exits,
    ...area,
    role: "none",
    generationMs: 1,
    evaluationMs: 1,
  };
  store.candidates.append(anytime, [scored, { ...scored, index: 1, name: "Network 1", canonical: "n1" }]);
  const { index: _index, generationMs: _generation, evaluationMs: _evaluation, scoreLoss: _loss, architecture: _architecture, ...common } = scored;
  const trainedNetwork: AnytimeTrainingMessage = {
    ...common,
    model: { kind: "cells", architecture: network },
    candidateId: null,
    repetition: 0,
    seed: 1,
    epochs: 1,
    initialChannels: 4,
    area: 0.4,
    testArea: null,
    trainLoss: 1,
    seconds: 1,
  };
  store.trainings.append(anytime, [trainedNetwork, trainedNetwork]);
  store.settings.set("columns", ["name"]);
  store.settings.set("theme", "dark");
  project.close();
  return { folder, search, training: trained, anytime };
}

/** Changes the database behind the program's back. */
export function tamper(folder: string, ...statements: readonly string[]): void {
  const db = new Database(join(folder, "runs.sqlite"));
  try {
    db.pragma("foreign_keys = OFF");
    for (const statement of statements) db.exec(statement);
  } finally {
    db.close();
  }
}

/** Overwrites the given pages with bytes that no page starts with. */
export function overwritePages(folder: string, pages: readonly number[]): void {
  const file = openSync(join(folder, "runs.sqlite"), "r+");
  try {
    for (const page of pages) writeSync(file, Buffer.alloc(4096, 0xee), 0, 4096, (page - 1) * 4096);
  } finally {
    closeSync(file);
  }
}

/** Numbers of the pages that hold the rows of a table, in their order. */
export function leafPages(folder: string, table: string): number[] {
  const db = new Database(join(folder, "runs.sqlite"), { readonly: true });
  try {
    return db.prepare<[string], number>("SELECT pageno FROM dbstat WHERE name = ? AND pagetype = 'leaf' ORDER BY path").pluck().all(table) as number[];
  } finally {
    db.close();
  }
}
