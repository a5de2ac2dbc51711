/**
 * The one list of calls and events between a window and the main process. Both hosts (Electron and web) carry exactly
 * this; every argument is parsed with its schema on the main side before a handler sees it. All times are ISO 8601 UTC.
 */
import { z } from "zod";
import type { StudyData } from "./analysis/study/study.ts";
import type { AnytimeArchitecture } from "./domain/architecture/anytime.ts";
import { cellSchema } from "./domain/architecture/cell.ts";
import { type Architecture, architectureSchema, networkConfigSchema } from "./domain/architecture/network.ts";
import { searchSpaceSchema } from "./domain/architecture/search-space.ts";
import { anytimeNetworkSchema, anytimeSpaceSchema } from "./domain/config/anytime-config.ts";
import { runConfigSchema } from "./domain/config/run-config.ts";
import { DATASET_IDS, datasetConfigSchema } from "./domain/dataset.ts";
import type { MetricColumns, SeriesAnswer } from "./domain/metrics.ts";
import type { AnytimeCandidate, AnytimeTraining } from "./domain/records/anytime-records.ts";
import type { AnytimeDescription, CellDescription, PublishedCellInfo, SpaceHistogram } from "./domain/records/architecture-facts.ts";
import type { DatasetInfo, DatasetPreview } from "./domain/records/dataset-info.ts";
import type { Draft, DraftCheck, Preset } from "./domain/records/drafts.ts";
import { type ExportChoice, type ExportedFile, exportSubjectSchema } from "./domain/records/exports.ts";
import type { ProjectInfo, RecentProject } from "./domain/records/projects.ts";
import { type Candidate, type LogLine, type RunDetail, type RunSummary, runIdSchema, type Training } from "./domain/records/run.ts";
import type { RunEventMap } from "./domain/records/run-events.ts";
import { candidateQuerySchema, type RunPage, runEditSchema, runQuerySchema } from "./domain/records/run-history.ts";
import type { FolderListing, SystemInfo } from "./domain/records/system.ts";
import { USER_PATH } from "./domain/user-paths.ts";

export interface CallSpec<Input extends z.ZodType, Output> {
  readonly input: Input;
  /** Carries the type of the answer; has no value. */
  readonly output?: Output;
}

function call<Output>() {
  return <Input extends z.ZodType>(input: Input): CallSpec<Input, Output> => ({ input });
}

const nothing = z.strictObject({});
const runId = runIdSchema;
const runIds = z.array(runId).min(1).max(10_000);
/** A path that is read or written: the gate checks it before a handler sees it. */
const filePath = z.string().min(1).max(4096).meta(USER_PATH);
/** A path that is only compared with remembered ones. */
const rememberedPath = z.string().min(1).max(4096);
const text = z.string().max(10_000);

export const CALLS = {
  "system.info": call<SystemInfo>()(nothing),
  /** Folder browser, inside the allowed roots; the Electron host uses native dialogs instead. */
  "system.browse": call<FolderListing>()(z.strictObject({ path: z.string().max(4096).meta(USER_PATH).optional() })),
  /** Native folder or file chooser; null when cancelled or when the host has none (use system.browse). */
  "system.choose": call<{ path: string } | null>()(
    z.strictObject({ kind: z.enum(["folder", "file", "save"]), title: z.string().max(200), defaultPath: z.string().max(4096).optional() }),
  ),
  "system.reveal": call<{ revealed: boolean }>()(z.strictObject({ path: filePath })),
  "system.openExternal": call<null>()(z.strictObject({ url: z.url({ protocol: /^https$/ }) })),
  "settings.get": call<Readonly<Record<string, unknown>>>()(nothing),
  "settings.set": call<null>()(z.strictObject({ key: z.string().regex(/^[a-zA-Z0-9.:_-]{1,100}$/), value: z.json() })),

  "project.recent": call<readonly RecentProject[]>()(nothing),
  "project.forget": call<null>()(z.strictObject({ folder: rememberedPath })),
  "project.create": call<ProjectInfo>()(z.strictObject({ folder: filePath, name: z.string().min(1).max(200) })),
  "project.open": call<ProjectInfo>()(z.strictObject({ folder: filePath })),
  "project.openSample": call<ProjectInfo>()(nothing),
  "project.current": call<ProjectInfo | null>()(nothing),
  "project.close": call<null>()(nothing),
  "project.rename": call<ProjectInfo>()(z.strictObject({ name: z.string().min(1).max(200) })),

  "presets.list": call<readonly Preset[]>()(nothing),
  "draft.get": call<Draft | null>()(nothing),
  "draft.save": call<null>()(
    z.strictObject({ config: z.json(), name: z.string().max(200), tags: z.array(z.string().max(100)).max(50).default([]), clonedFrom: runId.nullable() }),
  ),
  "draft.check": call<DraftCheck>()(z.strictObject({ config: z.json() })),

  "runs.query": call<RunPage>()(runQuerySchema),
  "runs.get": call<RunDetail>()(z.strictObject({ runId })),
  "runs.create": call<RunDetail>()(
    z.strictObject({ name: z.string().max(200), config: runConfigSchema, tags: z.array(z.string().max(100)).max(50).default([]) }),
  ),
  "runs.stop": call<null>()(z.strictObject({ runId })),
  "runs.kill": call<null>()(z.strictObject({ runId })),
  "runs.resume": call<null>()(z.strictObject({ runId })),
  /** A new run with the same config. */
  "runs.retry": call<RunDetail>()(z.strictObject({ runId })),
  "runs.update": call<RunSummary>()(runEditSchema.extend({ runId })),
  "runs.archive": call<null>()(z.strictObject({ runIds, archived: z.boolean() })),
  "runs.trash": call<null>()(z.strictObject({ runIds })),
  "runs.restore": call<null>()(z.strictObject({ runIds })),
  /** Deletes for good, with artifacts. Only runs in the trash. Answers the bytes set free. */
  "runs.purge": call<{ bytes: number }>()(z.strictObject({ runIds })),
  "runs.reorderQueue": call<null>()(z.strictObject({ runIds })),
  "runs.csv": call<{ csv: string }>()(runQuerySchema),

  "metrics.series": call<readonly SeriesAnswer[]>()(
    z.strictObject({
      runIds: z.array(runId).min(1).max(50),
      names: z.array(z.string().max(100)).min(1).max(50),
      fromStep: z.number().optional(),
      toStep: z.number().optional(),
      buckets: z.int().min(10).max(5000).default(800),
    }),
  ),
  /** Points after a cursor of one run, for appending. */
  "metrics.since": call<{ columns: readonly MetricColumns[]; cursor: number }>()(z.strictObject({ runId, cursor: z.int().min(0) })),
  "logs.list": call<readonly LogLine[]>()(z.strictObject({ runId, afterId: z.int().min(0).default(0), limit: z.int().min(1).max(5000).default(500) })),

  "candidates.list": call<{ rows: readonly Candidate[]; total: number }>()(candidateQuerySchema),
  "candidates.get": call<Candidate>()(z.strictObject({ candidateId: z.int().min(0) })),
  /** Trainings of a run; for a pipeline, of all its stages. */
  "trainings.list": call<readonly Training[]>()(z.strictObject({ runId })),

  /**
   * Networks with several exits that a search scored, best first, random picks behind; each with its predicted curve (multiply-adds and accuracy of every exit). Of an anytime
   * experiment, those of its search. While a run is at work they grow: ask again when it changes. Curves, areas and which exit answers: src-shared/analysis/curves/anytime-curve.ts; drawings: src-shared/drawing/anytime-graph.ts.
   */
  "anytime.candidates": call<readonly AnytimeCandidate[]>()(z.strictObject({ runId, limit: z.int().min(1).max(100_000).default(1000) })),
  /** Trainings of networks with several exits, references among them, each with its curve; of an anytime experiment, those of all its stages. */
  "anytime.trainings": call<readonly AnytimeTraining[]>()(z.strictObject({ runId })),
  /** What a study found so far, for analysis in the window. */
  "studies.data": call<StudyData>()(z.strictObject({ runId })),
  /** Random networks of the space, with the multiply-adds spent at each exit. */
  "anytime.sample": call<readonly AnytimeDescription[]>()(
    z.strictObject({
      space: anytimeSpaceSchema,
      network: anytimeNetworkSchema,
      dataset: datasetConfigSchema,
      seed: z.int().min(0),
      count: z.int().min(1).max(20),
    }),
  ),
  /** Reads an exported network with several exits. */
  "anytime.parse": call<AnytimeArchitecture>()(z.strictObject({ json: z.string().max(1_000_000) })),

  "cells.sample": call<readonly CellDescription[]>()(
    z.strictObject({
      space: searchSpaceSchema,
      network: networkConfigSchema,
      dataset: datasetConfigSchema,
      seed: z.int().min(0),
      count: z.int().min(1).max(20),
    }),
  ),
  "cells.describe": call<CellDescription>()(z.strictObject({ architecture: architectureSchema, network: networkConfigSchema, dataset: datasetConfigSchema })),
  "cells.histogram": call<SpaceHistogram>()(
    z.strictObject({
      space: searchSpaceSchema,
      network: networkConfigSchema,
      dataset: datasetConfigSchema,
      seed: z.int().min(0),
      count: z.int().min(10).max(1000).default(200),
    }),
  ),
  "cells.parse": call<Architecture>()(z.strictObject({ json: z.string().max(1_000_000) })),
  /** The published cells that come with the studio, each counted in the network of its publication. */
  "cells.published": call<readonly PublishedCellInfo[]>()(nothing),
  "cells.compare": call<{ same: boolean }>()(z.strictObject({ a: cellSchema, b: cellSchema })),

  "datasets.list": call<readonly DatasetInfo[]>()(nothing),
  "datasets.describe": call<DatasetInfo>()(z.strictObject({ dataset: datasetConfigSchema })),
  "datasets.preview": call<DatasetPreview>()(z.strictObject({ dataset: datasetConfigSchema, perClass: z.int().min(1).max(10).default(3) })),
  "datasets.download": call<null>()(z.strictObject({ id: z.enum(DATASET_IDS) })),
  "datasets.cancelDownload": call<null>()(z.strictObject({ id: z.enum(DATASET_IDS) })),
  "datasets.import": call<DatasetInfo>()(z.strictObject({ id: z.enum(DATASET_IDS), path: filePath })),

  "export.choices": call<readonly ExportChoice[]>()(z.strictObject({ subject: exportSubjectSchema })),
  "export.write": call<readonly ExportedFile[]>()(
    z.strictObject({
      subject: exportSubjectSchema,
      formats: z.array(z.string().max(50)).min(1).max(10),
      folder: filePath,
      baseName: z.string().regex(/^[^/\\:*?"<>|]{1,120}$/),
    }),
  ),
  /** Errors of the page, for the log file of the studio. */
  "log.report": call<null>()(z.strictObject({ message: text, detail: text.optional() })),
} as const;

export type CallName = keyof typeof CALLS;
export type CallInput<Name extends CallName> = z.input<(typeof CALLS)[Name]["input"]>;
export type CallParsed<Name extends CallName> = z.output<(typeof CALLS)[Name]["input"]>;
export type CallOutput<Name extends CallName> = (typeof CALLS)[Name] extends CallSpec<z.ZodType, infer Output> ? Output : never;

/** Events that the main process sends to windows. Windows say with `subscribe` which runs they want live metrics of. */
export interface EventMap extends RunEventMap {
  readonly "dataset.progress": {
    readonly id: string;
    readonly receivedBytes: number;
    readonly totalBytes: number | null;
    readonly state: "running" | "done" | "failed" | "cancelled";
    readonly message: string;
  };
  readonly "project.changed": ProjectInfo | null;
  /** A menu item or shortcut of the host asks the window for something. */
  readonly command: { readonly id: string; readonly argument?: string };
}
export type EventName = keyof EventMap;
export const EVENT_NAMES = [
  "run.changed",
  "run.removed",
  "run.live",
  "run.rewound",
  "artifact.added",
  "dataset.progress",
  "project.changed",
  "command",
] as const satisfies readonly EventName[];

/** An error as it crosses from main to a window. */
export interface WireError {
  readonly code: string;
  readonly message: string;
  readonly remedy?: string;
  readonly detail?: string;
}
export type CallAnswer<Name extends CallName> = { readonly ok: true; readonly value: CallOutput<Name> } | { readonly ok: false; readonly error: WireError };

/** What the bridge puts on `window.studio`, the same in both hosts. */
export interface StudioBridge {
  readonly host: "electron" | "web";
  call<Name extends CallName>(name: Name, input: CallInput<Name>): Promise<CallAnswer<Name>>;
  on<Name extends EventName>(name: Name, listener: (payload: EventMap[Name]) => void): () => void;
  /** Which runs this window wants `run.live` of; replaces the last list. */
  subscribe(runIds: readonly string[]): void;
  /** True while events arrive; the web host reconnects by itself. */
  readonly connected: boolean;
  onConnection(listener: (connected: boolean) => void): () => void;
  /** Path of a dropped file or folder; null where the host cannot tell (web). */
  pathOf(file: unknown): string | null;
}
