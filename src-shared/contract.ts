/**
 * All calls and events between a window and the main process. Both hosts (Electron and web) provide exactly these. Every
 * argument is validated with its schema in the main process before a handler sees it. Times are ISO 8601 in UTC.
 */
import { z } from "zod";
import type { StudyData } from "./analysis/study/study.ts";
import type { AnytimeArchitecture } from "./domain/architecture/anytime.ts";
import { cellSchema } from "./domain/architecture/cell.ts";
import { type Architecture, architectureSchema, networkConfigSchema } from "./domain/architecture/network.ts";
import { searchSpaceSchema } from "./domain/architecture/search-space.ts";
import { anytimeNetworkSchema, anytimeSpaceSchema } from "./domain/config/anytime-config.ts";
import { runConfigSchema } from "./domain/config/run-config.ts";
import { datasetConfigSchema } from "./domain/dataset.ts";
import { DATASET_IDS } from "./domain/dataset-facts.ts";
import type { MetricColumns, SeriesAnswer } from "./domain/metrics.ts";
import type { AnytimeCandidate, AnytimeTraining } from "./domain/records/anytime-records.ts";
import type { AnytimeDescription, CellDescription, PublishedCellInfo, SpaceHistogram } from "./domain/records/architecture-facts.ts";
import type { DatasetInfo, DatasetPreview } from "./domain/records/dataset-info.ts";
import type { Draft, DraftCheck, Preset } from "./domain/records/drafts.ts";
import { type ExportChoice, type ExportedFile, exportOptionsSchema, exportSubjectSchema } from "./domain/records/exports.ts";
import type { ProjectInfo, RecentProject } from "./domain/records/projects.ts";
import { type Candidate, type LogLine, type RunDetail, type RunSummary, runIdSchema, type Training } from "./domain/records/run.ts";
import type { RunEventMap } from "./domain/records/run-events.ts";
import { candidateQuerySchema, type RunPage, runEditSchema, runQuerySchema } from "./domain/records/run-history.ts";
import type { FolderListing, SystemInfo } from "./domain/records/system.ts";
import { USER_PATH } from "./domain/user-paths.ts";

export interface CallSpec<Input extends z.ZodType, Output> {
  readonly input: Input;
  /** Carries the type of the result; has no value. */
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
/** A path that is only compared with known ones. */
const rememberedPath = z.string().min(1).max(4096);
const text = z.string().max(10_000);

export const CALLS = {
  "system.info": call<SystemInfo>()(nothing),
  /** Folder browser within the allowed folders; the Electron host uses native dialogs instead. */
  "system.browse": call<FolderListing>()(z.strictObject({ path: z.string().max(4096).meta(USER_PATH).optional() })),
  /** Creates a folder and returns its path. */
  "system.makeFolder": call<{ path: string }>()(z.strictObject({ parent: filePath, name: z.string().min(1).max(255) })),
  /** Native folder or file chooser; null when cancelled or not available (use system.browse). */
  "system.choose": call<{ path: string } | null>()(
    z.strictObject({ kind: z.enum(["folder", "file", "save"]), title: z.string().max(200), defaultPath: z.string().max(4096).optional() }),
  ),
  "system.reveal": call<{ revealed: boolean }>()(z.strictObject({ path: filePath })),
  /** Address of a file for one download, relative to the page; null if the host has no downloads because files are on the user's computer. */
  "system.download": call<{ url: string } | null>()(z.strictObject({ path: filePath })),
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
  /** The settings of runs, each by dotted path; of runs that are missing or damaged, none. */
  "runs.settings": call<Readonly<Record<string, Readonly<Record<string, unknown>>>>>()(z.strictObject({ runIds: z.array(runId).min(1).max(200) })),
  "runs.get": call<RunDetail>()(z.strictObject({ runId })),
  "runs.create": call<RunDetail>()(
    z.strictObject({ name: z.string().max(200), config: runConfigSchema, tags: z.array(z.string().max(100)).max(50).default([]) }),
  ),
  "runs.stop": call<null>()(z.strictObject({ runId })),
  "runs.kill": call<null>()(z.strictObject({ runId })),
  "runs.resume": call<null>()(z.strictObject({ runId })),
  /** Creates a new run with the same config. */
  "runs.retry": call<RunDetail>()(z.strictObject({ runId })),
  "runs.update": call<RunSummary>()(runEditSchema.extend({ runId })),
  "runs.archive": call<null>()(z.strictObject({ runIds, archived: z.boolean() })),
  "runs.trash": call<null>()(z.strictObject({ runIds })),
  "runs.restore": call<null>()(z.strictObject({ runIds })),
  /** Permanently deletes runs in the trash with their files. Returns the number of bytes freed. */
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
  /** Points of a run after a cursor, to append to a chart. */
  "metrics.since": call<{ columns: readonly MetricColumns[]; cursor: number }>()(z.strictObject({ runId, cursor: z.int().min(0) })),
  "logs.list": call<readonly LogLine[]>()(z.strictObject({ runId, afterId: z.int().min(0).default(0), limit: z.int().min(1).max(5000).default(500) })),

  "candidates.list": call<{ rows: readonly Candidate[]; total: number }>()(candidateQuerySchema),
  "candidates.get": call<Candidate>()(z.strictObject({ candidateId: z.int().min(0) })),
  /** Trainings of a run, including those of its stages. */
  "trainings.list": call<readonly Training[]>()(z.strictObject({ runId })),

  /**
   * Networks with several exits scored by a search, best first, then random ones; each with its predicted curve (multiply-adds and accuracy of every exit). For an anytime
   * experiment, those of its search. The list grows while the run is running: call again when the run changes.
   */
  "anytime.candidates": call<readonly AnytimeCandidate[]>()(z.strictObject({ runId, limit: z.int().min(1).max(100_000).default(1000) })),
  /** Trainings of networks with several exits, including reference networks, each with its curve; for an anytime experiment, those of all its stages. */
  "anytime.trainings": call<readonly AnytimeTraining[]>()(z.strictObject({ runId })),
  /** Results of a study so far, for analysis in the window. */
  "studies.data": call<StudyData>()(z.strictObject({ runId })),
  /** Random networks of the space, with the cumulative multiply-adds at each exit. */
  "anytime.sample": call<readonly AnytimeDescription[]>()(
    z.strictObject({
      space: anytimeSpaceSchema,
      network: anytimeNetworkSchema,
      dataset: datasetConfigSchema,
      seed: z.int().min(0),
      count: z.int().min(1).max(20),
    }),
  ),
  /** Parses an exported network with several exits. */
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
  /** Reads the text of a cell file or of a genotype. */
  "cells.parse": call<Architecture>()(z.strictObject({ text: z.string().max(1_000_000) })),
  /** The published cells that come with GHN Studio, each counted in the network of its publication. */
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
      network: exportOptionsSchema.optional(),
    }),
  ),
  /** Reports an error of the page to the log file. */
  "log.report": call<null>()(z.strictObject({ message: text, detail: text.optional() })),
} as const;

export type CallName = keyof typeof CALLS;
export type CallInput<Name extends CallName> = z.input<(typeof CALLS)[Name]["input"]>;
export type CallParsed<Name extends CallName> = z.output<(typeof CALLS)[Name]["input"]>;
export type CallOutput<Name extends CallName> = (typeof CALLS)[Name] extends CallSpec<z.ZodType, infer Output> ? Output : never;

/** Events from the main process to windows. A window calls `subscribe` to choose the runs whose live data it receives. */
export interface EventMap extends RunEventMap {
  readonly "dataset.progress": {
    readonly id: string;
    readonly receivedBytes: number;
    readonly totalBytes: number | null;
    readonly state: "running" | "done" | "failed" | "cancelled";
    readonly message: string;
  };
  readonly "project.changed": ProjectInfo | null;
  /** A command from a menu item or shortcut of the host. */
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

/** An error that crosses from the main process to a window. */
export interface WireError {
  readonly code: string;
  readonly message: string;
  readonly remedy?: string;
  readonly detail?: string;
}
export type CallAnswer<Name extends CallName> = { readonly ok: true; readonly value: CallOutput<Name> } | { readonly ok: false; readonly error: WireError };

/** The host does not answer, it announced that it stops, or it does not know this page because it was restarted. */
export type Outage = "unreachable" | "stopped" | "signed-out";

/** The bridge on `window.studio`, the same in both hosts. */
export interface StudioBridge {
  readonly host: "electron" | "web";
  call<Name extends CallName>(name: Name, input: CallInput<Name>): Promise<CallAnswer<Name>>;
  on<Name extends EventName>(name: Name, listener: (payload: EventMap[Name]) => void): () => void;
  /** Sets the runs whose `run.live` events this window receives; replaces the previous list. */
  subscribe(runIds: readonly string[]): void;
  /** True while events arrive; the web host reconnects automatically. */
  readonly connected: boolean;
  /** Why no events arrive; null while they do. */
  readonly outage: Outage | null;
  /** The listener is also called when the reason of an outage changes. */
  onConnection(listener: (connected: boolean) => void): () => void;
  /** Path of a dropped file or folder; null if the host does not know it (web). */
  pathOf(file: unknown): string | null;
}
