import darts from "../../../resources/cells/darts-v2.json";
import nasnet from "../../../resources/cells/nasnet-a.json";
import demo from "../../../resources/presets/demo.json";
import paper from "../../../resources/presets/paper-cifar10.json";
import quick from "../../../resources/presets/quick.json";
import { minMaxIndices } from "../../../src-shared/analysis/curves/downsample.ts";
import type { CallName, CallOutput, CallParsed } from "../../../src-shared/contract.ts";
import { cellFileSchema } from "../../../src-shared/domain/architecture/cell.ts";
import { type Architecture, networkConfigSchema } from "../../../src-shared/domain/architecture/network.ts";
import { flattenConfig } from "../../../src-shared/domain/config/config-diff.ts";
import { runConfigSchema } from "../../../src-shared/domain/config/run-config.ts";
import type { DatasetInfo } from "../../../src-shared/domain/records/dataset-info.ts";
import type { RunDetail, RunSummary } from "../../../src-shared/domain/records/run.ts";
import type { RunPage, RunQuery } from "../../../src-shared/domain/records/run-history.ts";
import { detail, type FakeRun, newId } from "./data.ts";
import type { Emit, Live } from "./live.ts";
import { gaussian, random, randomCell } from "./random.ts";

export interface FakeOptions {
  readonly runs: number;
  readonly project: boolean;
  readonly live: boolean;
  /** If above 0, adds ten long GHN trainings with this many points. */
  readonly points?: number;
  readonly settings?: Record<string, unknown>;
}

export type Handlers = { [Name in CallName]: (input: CallParsed<Name>) => CallOutput<Name> | Promise<CallOutput<Name>> };

const PROJECT = {
  id: "p1",
  name: "Ablations on digits",
  folder: "/home/ada/projects/ablations",
  createdAt: "2026-03-01T09:00:00Z",
  runs: 42,
  bytes: 3.2e8,
  isSample: false,
};

export function makeHandlers(runs: Map<string, FakeRun>, _live: Live, emit: Emit, options: FakeOptions): Handlers {
  let project = options.project ? PROJECT : null;
  const settings: Record<string, unknown> = { ...options.settings };
  let draft: CallOutput<"draft.get"> = null;
  const find = (runId: string): FakeRun => {
    const run = runs.get(runId);
    if (run === undefined) throw new Error(`There is no run ${runId}.`);
    return run;
  };
  const change = (runId: string, part: Partial<RunDetail>): RunSummary => {
    const run = find(runId);
    run.detail = { ...run.detail, ...part };
    emit("run.changed", run.detail);
    return run.detail;
  };
  return {
    "system.info": () => ({
      host: "web",
      version: "0.1.0",
      platform: "linux x64",
      backend: "tensorflow",
      device: "NVIDIA H200",
      cores: 16,
      memoryBytes: 1.3e11,
      items: [
        { area: "Compute", name: "TensorFlow", value: "2.21.0", state: "ok" },
        {
          area: "Compute",
          name: "GPU",
          value: "none",
          state: "warning",
          reason: "No CUDA device was found.",
          remedy: "Install the NVIDIA driver, or go on with the CPU.",
        },
        { area: "Data", name: "CIFAR-10", value: "", state: "missing", reason: "Not in the data folder.", remedy: "Download it on the Datasets page." },
      ],
    }),
    "system.browse": ({ path }) => ({
      path: path ?? "/home/ada",
      parent: "/home",
      roots: ["/home/ada", "/data"],
      entries: [
        { name: "projects", path: "/home/ada/projects", kind: "folder", bytes: 0, isProject: false },
        { name: "ablations", path: "/home/ada/projects/ablations", kind: "folder", bytes: 0, isProject: true },
        { name: "cifar.tar.gz", path: "/home/ada/cifar.tar.gz", kind: "file", bytes: 1.7e8, isProject: false },
      ],
    }),
    "system.makeFolder": ({ parent, name }) => ({ path: `${parent}/${name}` }),
    "system.choose": () => null,
    "system.reveal": () => ({ revealed: false }),
    "system.download": () => null,
    "system.openExternal": () => null,
    "settings.get": () => settings,
    "settings.set": ({ key, value }) => {
      settings[key] = value;
      return null;
    },
    "project.recent": () => [
      { folder: PROJECT.folder, name: PROJECT.name, openedAt: "2026-03-04T10:00:00Z", exists: true, runs: 42 },
      { folder: "/mnt/gpu/cifar-search", name: "CIFAR-10 search", openedAt: "2026-02-20T10:00:00Z", exists: false, runs: null },
    ],
    "project.forget": () => null,
    "project.create": ({ folder, name }) => emitProject({ ...PROJECT, folder, name }),
    "project.open": ({ folder }) => emitProject({ ...PROJECT, folder }),
    "project.openSample": () => emitProject({ ...PROJECT, name: "Sample project", isSample: true }),
    "project.current": () => project,
    "project.close": () => {
      project = null;
      emit("project.changed", null);
      return null;
    },
    "project.rename": ({ name }) => emitProject({ ...PROJECT, name }),
    "presets.list": () =>
      [demo, quick, paper].map((preset, i) => ({
        id: ["demo", "quick", "paper-cifar10"][i] ?? "",
        title: preset.title,
        description: preset.description,
        config: runConfigSchema.parse(preset.config),
      })),
    "draft.get": () => draft,
    "draft.save": ({ config: value, name, tags, clonedFrom }) => {
      draft = { config: value, name, tags, clonedFrom, savedAt: new Date().toISOString() };
      return null;
    },
    "draft.check": ({ config: value }) => {
      const parsed = runConfigSchema.safeParse(value);
      if (!parsed.success) return { problems: parsed.error.issues.map((issue) => ({ path: issue.path.join("."), message: issue.message })), estimate: null };
      const stages =
        parsed.data.kind === "pipeline"
          ? [
              { name: "GHN", seconds: 5400, memoryBytes: 2.1e9 },
              { name: "Search", seconds: 600, memoryBytes: 1.2e9 },
              { name: "Training", seconds: 9000, memoryBytes: 3e9 },
            ]
          : [{ name: "Run", seconds: 5400, memoryBytes: 2.1e9 }];
      return {
        problems: [],
        estimate: {
          seconds: stages.reduce((sum, stage) => sum + stage.seconds, 0),
          memoryBytes: 3e9,
          diskBytes: 4e7,
          stages,
          basis: "Extrapolated from 12 steps measured on this device.",
        },
      };
    },
    "runs.query": (query) => queryRuns(runs, query),
    "runs.settings": ({ runIds }) => Object.fromEntries(runIds.map((id) => [id, Object.fromEntries(flattenConfig(runs.get(id)?.detail.config ?? {}))])),
    "runs.get": ({ runId }) => {
      const run = find(runId);
      return {
        ...run.detail,
        children: [...runs.values()].filter((entry) => entry.detail.parentId === runId).map((entry) => entry.detail),
        artifacts: [
          {
            id: 1,
            runId,
            kind: "ghn",
            name: "GHN weights",
            path: `artifacts/${runId}/ghn.safetensors`,
            bytes: 410_000,
            sha256: "9f2c4b77".repeat(8),
            createdAt: run.detail.createdAt,
          },
          {
            id: 2,
            runId,
            kind: "checkpoint",
            name: "Checkpoint at step 4000",
            path: `artifacts/${runId}/checkpoint-4000`,
            bytes: 1_410_000,
            sha256: "0a1b2c3d".repeat(8),
            createdAt: run.detail.createdAt,
          },
        ],
        summary: { "GHN parameters": 102_334, "Best validation score": 0.8123 },
      };
    },
    "runs.create": ({ name, config: value, tags }) => {
      const created = detail({
        id: newId(),
        name,
        config: value,
        tags,
        status: "queued",
        createdAt: new Date().toISOString(),
        startedAt: null,
        finishedAt: null,
        queuePosition: 2,
      });
      runs.set(created.id, { detail: created, metrics: new Map(), candidates: [], trainings: [] });
      emit("run.changed", created);
      return created;
    },
    "runs.stop": ({ runId }) => {
      change(runId, { status: "stopped", progress: null, finishedAt: new Date().toISOString() });
      return null;
    },
    "runs.kill": ({ runId }) => {
      change(runId, { status: "interrupted", failure: { message: "Killed by request." } });
      return null;
    },
    "runs.resume": ({ runId }) => {
      change(runId, { status: "running", failure: null });
      return null;
    },
    "runs.retry": ({ runId }) => ({ ...find(runId).detail, id: newId() }),
    "runs.update": ({ runId, ...part }) => change(runId, Object.fromEntries(Object.entries(part).filter(([, value]) => value !== undefined))),
    "runs.archive": ({ runIds, archived }) => each(runIds, (id) => change(id, { archived })),
    "runs.trash": ({ runIds }) => each(runIds, (id) => change(id, { trashedAt: new Date().toISOString() })),
    "runs.restore": ({ runIds }) => each(runIds, (id) => change(id, { trashedAt: null })),
    "runs.purge": ({ runIds }) => {
      for (const runId of runIds) {
        runs.delete(runId);
        emit("run.removed", { runId });
      }
      return { bytes: 12_300_000 };
    },
    "runs.reorderQueue": ({ runIds }) => each(runIds, (id) => change(id, { queuePosition: runIds.indexOf(id) + 1 })),
    "runs.csv": () => ({ csv: "id,name\r\n" }),
    "metrics.series": ({ runIds, names, fromStep, toStep, buckets }) =>
      runIds.flatMap((runId) =>
        [...find(runId).metrics.values()]
          .filter((columns) => names.includes(columns.name))
          .map((columns) => {
            const inside = columns.step
              .map((step, i) => ({ step, i }))
              .filter(({ step }) => step >= (fromStep ?? -Infinity) && step <= (toStep ?? Infinity))
              .map(({ i }) => i);
            const x = inside.map((i) => columns.step[i] ?? 0);
            const kept = minMaxIndices(
              x,
              inside.map((i) => columns.value[i] ?? null),
              buckets,
            ).map((k) => inside[k] ?? 0);
            const pick = <T>(list: readonly T[]): T[] => kept.map((i) => list[i] as T);
            return {
              runId,
              columns: {
                name: columns.name,
                series: columns.series,
                step: pick(columns.step),
                epoch: pick(columns.epoch),
                wall: pick(columns.wall),
                active: pick(columns.active),
                value: pick(columns.value),
              },
              thinned: kept.length < inside.length,
              totalPoints: columns.step.length,
              cursor: columns.step.length,
            };
          }),
      ),
    "metrics.since": ({ cursor }) => ({ columns: [], cursor }),
    "logs.list": ({ runId }) =>
      Array.from({ length: 120 }, (_, i) => ({
        id: i + 1,
        runId,
        time: new Date(Date.parse("2026-03-03T14:00:00Z") + i * 4000).toISOString(),
        level: i === 60 ? ("warning" as const) : i === 90 ? ("error" as const) : i % 7 === 0 ? ("debug" as const) : ("info" as const),
        text:
          i === 60 ? "Step 97: loss is not finite; the step was skipped." : `Step ${i * 10}: loss ${(1.6 * Math.exp(-i / 40) + 0.5).toFixed(4)}, 884 images/s`,
      })),
    "candidates.list": ({ runId, limit, offset }) => {
      const own = [...find(runId).candidates];
      return { rows: own.sort((a, b) => (a.rank ?? 1e9) - (b.rank ?? 1e9)).slice(offset, offset + limit), total: own.length };
    },
    "candidates.get": ({ candidateId }) => {
      for (const run of runs.values()) for (const entry of run.candidates) if (entry.id === candidateId) return entry;
      throw new Error("There is no such cell.");
    },
    "trainings.list": ({ runId }) =>
      [...runs.values()].filter((run) => run.detail.id === runId || run.detail.parentId === runId).flatMap((run) => run.trainings),
    "anytime.candidates": () => [],
    "anytime.trainings": () => [],
    "anytime.sample": () => [],
    "anytime.parse": () => {
      throw new Error("The studio in memory reads no networks with several exits.");
    },
    "cells.sample": ({ seed, count, space, network }) => {
      const next = random(seed);
      return Array.from({ length: count }, () => describe({ normal: randomCell(next, space.nodes) }, network.blocks));
    },
    "cells.describe": ({ architecture, network }) => describe(architecture, network.blocks),
    "cells.histogram": ({ seed, count }) => {
      const next = random(seed);
      const parameters = Array.from({ length: count }, () => 4.68e6 + 6.2e5 * gaussian(next));
      return { parameters, multiplyAdds: parameters.map((value) => value * (150 + 9 * gaussian(next))) };
    },
    "cells.parse": ({ text }) => {
      const parsed: unknown = JSON.parse(text);
      return parsed as Architecture;
    },
    "cells.compare": () => ({ same: false }),
    "cells.published": () => [publishedOf("nasnet-a", nasnet), publishedOf("darts-v2", darts)],
    "datasets.list": () => [dataset("digits", true), dataset("cifar10", false), dataset("mnist", true)],
    "datasets.describe": ({ dataset: value }) => dataset(value.id, value.id !== "cifar10"),
    "datasets.preview": () => ({ images: Array.from({ length: 30 }, (_, i) => ({ label: Math.floor(i / 3), url: PIXEL })) }),
    "datasets.download": ({ id }) => {
      let received = 0;
      const timer = setInterval(() => {
        received += 9e6;
        emit("dataset.progress", { id, receivedBytes: received, totalBytes: 1.7e8, state: received >= 1.7e8 ? "done" : "running", message: "Downloading" });
        if (received >= 1.7e8) clearInterval(timer);
      }, 200);
      return null;
    },
    "datasets.cancelDownload": () => null,
    "datasets.import": ({ id }) => dataset(id, true),
    "studies.data": () => ({ title: "Study", protocol: [], cells: [], truth: [], repetitions: [], predictors: [] }),
    "export.choices": () => [
      { format: "cell-json", title: "Cell", description: "The cell as the studio reads it back.", bytes: 1840, available: true, reason: null },
      { format: "cell-svg", title: "Drawing (SVG)", description: "The cell as a vector drawing.", bytes: 12_000, available: true, reason: null },
      {
        format: "weights-safetensors",
        title: "Trained weights",
        description: "Tensors of the trained network with their names.",
        bytes: 18_900_000,
        available: false,
        reason: "This cell was scored, not trained.",
      },
    ],
    "export.write": ({ formats, folder, baseName }) =>
      formats.map((format) => ({ path: `${folder}/${baseName}.${format}`, bytes: 1840, sha256: "ab12cd34".repeat(8), format })),
    "log.report": () => null,
  };

  function emitProject(next: typeof PROJECT): typeof PROJECT {
    project = next;
    emit("project.changed", next);
    return next;
  }
}

const PIXEL =
  "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAAAAADhZOFXAAAAKElEQVR42mNgYGBg+M/AwMDEAAb//zP8Z2BgYGBiQAOMKCIMjHARAEvrBgNv2eG7AAAAAElFTkSuQmCC";

function each(ids: readonly string[], run: (id: string) => void): null {
  for (const id of ids) run(id);
  return null;
}

function dataset(id: DatasetInfo["id"], available: boolean): DatasetInfo {
  const names = Array.from({ length: 10 }, (_, i) =>
    id === "cifar10" ? (["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"][i] ?? "") : String(i),
  );
  return {
    id,
    title: id === "cifar10" ? "CIFAR-10" : id === "mnist" ? "MNIST" : "Digits",
    available,
    where: available ? "bundled" : null,
    trainImages: id === "digits" ? 3823 : 50_000,
    testImages: id === "digits" ? 1797 : 10_000,
    height: id === "digits" ? 8 : 32,
    width: id === "digits" ? 8 : 32,
    channels: id === "cifar10" ? 3 : 1,
    classNames: names,
    classCounts: names.map((_, i) => 370 + ((i * 37) % 40)),
    bytes: 1.7e8,
    fingerprint: "sha256:1234",
    attribution: "E. Alpaydin and C. Kaynak, UCI Machine Learning Repository.",
    layout: null,
    leftOut: [],
    notes: [],
    downloadBytes: id === "digits" ? null : 1.7e8,
    problem: available ? null : { message: "CIFAR-10 is not on this computer yet.", remedy: "Download it (170 MB) or import the archive." },
  };
}

/** A published cell with the counts from its file. */
function publishedOf(id: string, file: unknown): CallOutput<"cells.published">[number] {
  const { name, source = "", normal, reduction, meta } = cellFileSchema.parse(file);
  return {
    id,
    name,
    source,
    architecture: reduction === undefined ? { normal } : { normal, reduction },
    network: networkConfigSchema.parse({ initialChannels: meta?.["network.initialChannels"], blocks: 20, reductions: [6, 13], stemMultiplier: 3 }),
    parameters: Number(meta?.["authors' layout"]),
    multiplyAdds: 490_000_000,
    publishedParameters: Number(meta?.["published parameters"]),
    publishedSetting: String(meta?.["published setting"]),
    remark: null,
  };
}

function describe(architecture: Architecture, blocks: number): CallOutput<"cells.describe"> {
  const nodes = Array.from({ length: blocks }, (_, block) =>
    architecture.normal.nodes.map((node, i) => ({
      block,
      node: i + 2,
      operation: node.operation,
      shape: [32 >> Math.floor(block / 6), 32 >> Math.floor(block / 6), 32 << Math.floor(block / 6)],
      parameters: node.operation.includes("Pool") || node.operation === "identity" ? 0 : 2400 * (i + 1),
      multiplyAdds: 1_800_000 * (i + 1),
    })),
  ).flat();
  return {
    architecture,
    canonical: "c",
    parameters: 4_680_000,
    multiplyAdds: 702_000_000,
    nodes: [{ block: -1, node: -1, operation: "stem", shape: [32, 32, 32], parameters: 928, multiplyAdds: 884_736 }, ...nodes],
  };
}

function queryRuns(runs: Map<string, FakeRun>, query: RunQuery): RunPage {
  const all = [...runs.values()].map((run) => run.detail);
  const error = query.expression.includes("!") ? { message: "Expected a comparison here.", position: query.expression.indexOf("!") } : null;
  const rows = all.filter(
    (run) =>
      (query.view === "trash" ? run.trashedAt !== null : run.trashedAt === null && run.archived === (query.view === "archived")) &&
      run.name.toLowerCase().includes(query.search.toLowerCase()) &&
      (query.status.length === 0 || query.status.includes(run.status)) &&
      (query.kind.length === 0 || query.kind.includes(run.kind)) &&
      (query.dataset.length === 0 || query.dataset.some((id) => id === run.datasetId)) &&
      query.tags.every((tag) => run.tags.includes(tag)) &&
      (!query.topLevelOnly || run.parentId === null),
  );
  const key = query.sort[0];
  const value = (run: RunSummary): string | number => {
    const match = /^metric:(.*):(last|best)$/.exec(key?.key ?? "");
    if (match !== null) return run.metrics[match[1] ?? ""]?.[match[2] === "best" ? "best" : "last"] ?? -1;
    const field = (run as unknown as Record<string, unknown>)[key?.key ?? "createdAt"];
    return typeof field === "number" ? field : String(field ?? "");
  };
  rows.sort((a, b) => {
    const [x, y] = [value(a), value(b)];
    const order = x < y ? -1 : x > y ? 1 : 0;
    return key?.descending === false ? order : -order;
  });
  const counts: Record<string, number> = {};
  for (const run of all) counts[run.status] = (counts[run.status] ?? 0) + 1;
  return {
    rows: rows.slice(query.offset, query.offset + query.limit),
    total: rows.length,
    counts,
    tags: [...new Set(all.flatMap((run) => run.tags))],
    metricNames: [...new Set(all.flatMap((run) => Object.keys(run.metrics)))],
    expressionError: error,
  };
}
