/** Follows the runs of a project that another process executes, by reading its database, and emits the events that its supervisor would send. */
import { ACTIVE_STATUSES, RESUMABLE_STATUSES, type RunSummary } from "../../../src-shared/domain/records/run.ts";
import type { RunEventMap } from "../../../src-shared/domain/records/run-events.ts";
import { runQuerySchema } from "../../../src-shared/domain/records/run-history.ts";
import type { StoreReader } from "../../store/store.ts";

/** An event about runs, with its name. */
export type FollowedEvent = { readonly [Name in keyof RunEventMap]: { readonly name: Name; readonly payload: RunEventMap[Name] } }[keyof RunEventMap];

/** Runs whose rows are compared; older ones change only by editing. */
const LATEST = runQuerySchema.parse({ limit: 300 });

/** What was last seen of a run that is active, or was at the last look. */
interface Position {
  cursor: number;
  candidates: number;
  trainings: number;
  log: number;
  artifacts: ReadonlySet<number>;
  /** It was resumed: points after its checkpoint are removed before the next ones arrive. */
  resumed: boolean;
}

export class RunFollower {
  private readonly store: StoreReader;
  private readonly emit: (event: FollowedEvent) => void;
  /** Runs seen at the last look, as JSON. */
  private seen: ReadonlyMap<string, string>;
  private readonly positions = new Map<string, Position>();
  private readonly statuses = new Map<string, RunSummary["status"]>();

  constructor(store: StoreReader, emit: (event: FollowedEvent) => void) {
    this.store = store;
    this.emit = emit;
    const rows = this.rows();
    this.seen = new Map([...rows].map(([id, run]) => [id, JSON.stringify(run)]));
    for (const run of rows.values()) {
      this.statuses.set(run.id, run.status);
      if (isActive(run)) this.positions.set(run.id, this.positionOf(run.id));
    }
  }

  /** Emits what has changed since the last look. @throws errors of SQLite (`isStoreError`) if the database cannot be read now; nothing is lost then */
  look(): void {
    const rows = this.rows();
    for (const run of rows.values()) {
      this.prepare(run);
      this.follow(run);
      if (this.seen.get(run.id) !== JSON.stringify(run)) this.emit({ name: "run.changed", payload: run });
      this.statuses.set(run.id, run.status);
      if (!isActive(run)) this.positions.delete(run.id);
    }
    for (const id of this.seen.keys()) {
      if (rows.has(id)) continue;
      const run = this.store.runs.get(id);
      // Archived, moved to the trash, or no longer among the latest.
      if (run !== null) this.emit({ name: "run.changed", payload: run });
      else this.emit({ name: "run.removed", payload: { runId: id } });
      this.positions.delete(id);
    }
    this.seen = new Map([...rows].map(([id, run]) => [id, JSON.stringify(run)]));
  }

  private rows(): Map<string, RunSummary> {
    const active = this.store.runs.withStatus(...ACTIVE_STATUSES);
    return new Map([...this.store.runs.query(LATEST).rows, ...active].map((run) => [run.id, run]));
  }

  private prepare(run: RunSummary): void {
    if (!isActive(run) || this.positions.has(run.id)) return;
    const before = this.statuses.get(run.id);
    // A run that was not known before is new: everything that it has stored is new, too.
    const position =
      before === undefined ? { cursor: 0, candidates: 0, trainings: 0, log: 0, artifacts: new Set<number>(), resumed: false } : this.positionOf(run.id);
    position.resumed = before !== undefined && RESUMABLE_STATUSES.includes(before);
    this.positions.set(run.id, position);
  }

  private follow(run: RunSummary): void {
    const position = this.positions.get(run.id);
    if (position === undefined) return;
    const { store } = this;
    const { columns, cursor } = store.metrics.since(run.id, position.cursor);
    // A run is marked as running before its process has removed what came after the checkpoint; what it stores comes later.
    if (position.resumed) {
      if (columns.length === 0 && isActive(run)) return;
      // The counts may have become smaller; the window reads everything again.
      Object.assign(position, this.positionOf(run.id));
      this.emit({ name: "run.rewound", payload: { runId: run.id } });
      return;
    }
    const candidates = store.candidates.from(run.id, position.candidates);
    const trainingsStored = store.trainings.count(run.id);
    const trainings = store.trainings.from(run.id, position.trainings);
    const logs = store.logs.list(run.id, position.log);
    const artifacts = store.artifacts.list(run.id);
    for (const artifact of artifacts) if (!position.artifacts.has(artifact.id)) this.emit({ name: "artifact.added", payload: artifact });
    position.artifacts = new Set(artifacts.map(({ id }) => id));
    position.cursor = cursor;
    // Rows that cannot be read are counted, too: otherwise those after them would be sent again and again.
    position.candidates = (candidates.at(-1)?.index ?? position.candidates - 1) + 1;
    position.trainings = Math.max(position.trainings + trainings.length, trainingsStored);
    position.log = logs.at(-1)?.id ?? position.log;
    if (columns.length + candidates.length + trainings.length + logs.length === 0 && this.seen.get(run.id) === JSON.stringify(run)) return;
    this.emit({
      name: "run.live",
      payload: { runId: run.id, metrics: columns, cursor, progress: run.progress, candidates, trainings, logs, current: null },
    });
  }

  private positionOf(runId: string): Position {
    const { store } = this;
    return {
      cursor: store.metrics.cursor(runId),
      candidates: store.candidates.count(runId),
      trainings: store.trainings.count(runId),
      log: store.logs.tail(runId, 1)[0]?.id ?? 0,
      artifacts: new Set(store.artifacts.list(runId).map(({ id }) => id)),
      resumed: false,
    };
  }
}

function isActive(run: RunSummary): boolean {
  return ACTIVE_STATUSES.includes(run.status);
}
