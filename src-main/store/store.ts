import type { ResumePoint } from "../../src-shared/worker-protocol.ts";
import { type DamageLog, damageOf } from "./database/damage.ts";
import type { SqliteDatabase } from "./database/database.ts";
import { type MetricWriter, SqliteMetricWriter } from "./metrics/metric-writer.ts";
import { type MetricReader, SqliteMetricReader } from "./metrics/metrics.ts";
import { type ArtifactReader, type ArtifactWriter, SqliteArtifactReader, SqliteArtifactWriter } from "./records/artifacts.ts";
import { type LogReader, type LogWriter, SqliteLogReader, SqliteLogWriter } from "./records/logs.ts";
import { RequestBox } from "./records/requests.ts";
import { type RunWriter, SqliteRunWriter } from "./records/run-writer.ts";
import { type RunReader, SqliteRunReader } from "./records/runs.ts";
import { type SettingsReader, type SettingsWriter, SqliteSettingsReader, SqliteSettingsWriter } from "./records/settings.ts";
import { type CandidateReader, type CandidateWriter, SqliteCandidateReader, SqliteCandidateWriter } from "./results/candidates.ts";
import { SqliteTrainingReader, SqliteTrainingWriter, type TrainingReader, type TrainingWriter } from "./results/trainings.ts";

/** Read access to a project. */
export interface StoreReader {
  readonly runs: RunReader;
  readonly metrics: MetricReader;
  readonly candidates: CandidateReader;
  readonly trainings: TrainingReader;
  readonly artifacts: ArtifactReader;
  readonly logs: LogReader;
  readonly settings: SettingsReader;
  /** Rows that were met and cannot be read. */
  readonly damage: DamageLog;
}

/** Read and write access to a project. There is one writer per project. */
export interface StoreWriter extends StoreReader {
  readonly runs: RunWriter;
  readonly metrics: MetricWriter;
  readonly candidates: CandidateWriter;
  readonly trainings: TrainingWriter;
  readonly artifacts: ArtifactWriter;
  readonly logs: LogWriter;
  readonly settings: SettingsWriter;
  readonly requests: RequestBox;
  /** Runs `work` in a transaction. */
  transaction<Result>(work: () => Result): Result;
  /**
   * Removes what a run stored after a checkpoint (at step `step` of the run), in one transaction.
   * @returns whether anything was removed
   */
  truncateAfter(runId: string, keep: ResumePoint, step: number): boolean;
}

export function storeReader(db: SqliteDatabase): StoreReader {
  return {
    runs: new SqliteRunReader(db),
    metrics: new SqliteMetricReader(db),
    candidates: new SqliteCandidateReader(db, "cell"),
    trainings: new SqliteTrainingReader(db, "cell"),
    artifacts: new SqliteArtifactReader(db),
    logs: new SqliteLogReader(db),
    settings: new SqliteSettingsReader(db),
    damage: damageOf(db),
  };
}

export function storeWriter(db: SqliteDatabase): StoreWriter {
  const metrics = new SqliteMetricWriter(db);
  const candidates = new SqliteCandidateWriter(db);
  const trainings = new SqliteTrainingWriter(db);
  const transaction = <Result>(work: () => Result): Result => db.transaction(work).immediate();
  return {
    runs: new SqliteRunWriter(db),
    metrics,
    candidates,
    trainings,
    artifacts: new SqliteArtifactWriter(db),
    logs: new SqliteLogWriter(db),
    settings: new SqliteSettingsWriter(db),
    damage: damageOf(db),
    requests: new RequestBox(db),
    transaction,
    truncateAfter(runId, keep, step) {
      return transaction(() => {
        const points = metrics.truncate(runId, { stepOfSeries: keep.stepOfSeries, step });
        return points + candidates.truncate(runId, keep.candidates) + trainings.truncate(runId, keep.trainings) > 0;
      });
    },
  };
}
