import { type FigureCandidate, type FigureNetwork, type FigureTraining, figuresOf } from "../../../src-shared/analysis/figures/figures.ts";
import { isStaged, RUN_KINDS, type RunKind } from "../../../src-shared/domain/config/run-config.ts";
import type { Figures } from "../../../src-shared/domain/records/figures.ts";
import { ACTIVE_STATUSES, type MetricSummary, type RunStatus } from "../../../src-shared/domain/records/run.ts";
import { damageOf } from "../database/damage.ts";
import { prepared, type SqliteDatabase } from "../database/database.ts";
import type { RunRow } from "./run-row.ts";

/** A run and its stages, as (owner, id) pairs. */
const FAMILY = `WITH family(owner, id) AS (
  SELECT value, value FROM json_each(@ids)
  UNION ALL SELECT w.value, r.id FROM json_each(@ids) w JOIN runs r ON r.parent_id = w.value
)`;
const IN_ORDER = "ORDER BY f.owner, r.created_at, r.rowid, t.position";

const TRAININGS = `${FAMILY} SELECT f.owner, r.stage, t.run_id AS runId, t.name, t.canonical, t.role, t.score, t.parameters, t.multiply_adds AS multiplyAdds,
  t.validation_accuracy AS validationAccuracy, t.test_accuracy AS testAccuracy
  FROM family f JOIN runs r ON r.id = f.id JOIN trainings t ON t.run_id = f.id AND t.divergence IS NULL ${IN_ORDER}`;

const NETWORKS = `${FAMILY} SELECT f.owner, t.run_id AS runId, t.name, t.canonical, t.role, t.parameters, t.multiply_adds AS multiplyAdds, t.area, t.test_area AS testArea
  FROM family f JOIN runs r ON r.id = f.id JOIN anytime_trainings t ON t.run_id = f.id AND t.divergence IS NULL ${IN_ORDER}`;

const RANKED = `${FAMILY} SELECT f.owner, CASE WHEN json_valid(d.summary) THEN d.summary ->> '$.cellsScored' END AS ranked FROM family f JOIN run_details d ON d.run_id = f.id WHERE ranked IS NOT NULL`;

const top = (table: string): string =>
  `${FAMILY} SELECT c.run_id AS runId, c.name, c.score, c.parameters, c.multiply_adds AS multiplyAdds FROM family f JOIN ${table} c ON c.run_id = f.id
  WHERE c.role <> 'random' AND c.score IS NOT NULL ORDER BY c.score DESC, c.score_loss, c.position LIMIT 1`;
const TOP_CELL = top("candidates");
const TOP_NETWORK = top("anytime_candidates");

type Owned<Record> = Record & { readonly owner: string };

/** The figures of many runs, with one query per kind of result for all of them. */
export function figuresOfRuns(
  db: SqliteDatabase,
  rows: readonly RunRow[],
  metrics: ReadonlyMap<string, Readonly<Record<string, MetricSummary>>>,
): Map<string, Figures> {
  // A run that has not started costs nothing; one whose record is damaged has no figures.
  const started = rows.filter((row) => RUN_KINDS.some((kind) => kind === row.kind) && (row.started_at !== null || isStaged(row.kind as RunKind)));
  const damage = damageOf(db);
  const idsOf = (...kinds: readonly RunKind[]): string => JSON.stringify(started.filter((row) => kinds.some((kind) => kind === row.kind)).map((row) => row.id));
  const byOwner = <Found>(table: string, sql: string, ids: string): Map<string, Owned<Found>[]> => {
    const read = (): Owned<Found>[] => prepared<[{ ids: string }], Owned<Found>>(db, sql).all({ ids });
    return ids === "[]" ? new Map() : Map.groupBy(damage.reading(table, read, []), ({ owner }) => owner);
  };
  const trainings = byOwner<FigureTraining>("trainings", TRAININGS, idsOf("pipeline", "cell-training"));
  const networks = byOwner<FigureNetwork>("anytime_trainings", NETWORKS, idsOf("anytime", "anytime-training"));
  const ranked = byOwner<{ readonly ranked: number }>("run_details", RANKED, idsOf("pipeline", "search", "anytime", "anytime-search"));
  const topOf = (table: string, sql: string, id: string): FigureCandidate | null =>
    damage.reading(table, () => prepared<[{ ids: string }], FigureCandidate>(db, sql).get({ ids: JSON.stringify([id]) }) ?? null, null);
  return new Map(
    started.map((row) => {
      const kind = row.kind as RunKind;
      const candidate =
        kind === "pipeline" || kind === "search"
          ? topOf("candidates", TOP_CELL, row.id)
          : kind === "anytime" || kind === "anytime-search"
            ? topOf("anytime_candidates", TOP_NETWORK, row.id)
            : null;
      return [
        row.id,
        figuresOf({
          kind,
          ended: !ACTIVE_STATUSES.includes(row.status as RunStatus),
          trainings: trainings.get(row.id) ?? [],
          networks: networks.get(row.id) ?? [],
          top: candidate,
          ranked: ranked.get(row.id)?.[0]?.ranked ?? null,
          metrics: metrics.get(row.id) ?? {},
        }),
      ];
    }),
  );
}
