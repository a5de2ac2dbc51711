/** What a column must hold, and what replaces a value that is damaged. */
import { z } from "zod";
import { RUN_KINDS } from "../../../src-shared/domain/config/run-config.ts";
import { ARTIFACT_KINDS, LOG_LEVELS, RUN_STATUSES, runIdSchema } from "../../../src-shared/domain/records/run.ts";
import { parseJson } from "../../lib/json.ts";
import { isPiece } from "../metrics/metric-pack.ts";
import { FACTS, FAILURE, PROGRESS, RESUMED_FROM, SUBJECTS } from "../records/run-columns.ts";
import { storedConfigSchema } from "../records/stored-config.ts";
import { ANYTIME_ARCHITECTURE, ANYTIME_MODEL, ANYTIME_ROLES, CELL_ARCHITECTURE, EXITS, PREDICTIONS, ROLES } from "../results/columns.ts";
import type { StoredRow } from "./read-rows.ts";

/** Stands for a value without which the row means nothing. */
const LOSE_ROW = Symbol("lose row");

interface Rule {
  readonly holds: (value: unknown, row: StoredRow) => boolean;
  readonly instead: (row: StoredRow) => unknown;
}

const lose = (): typeof LOSE_ROW => LOSE_ROW;
const value =
  (replacement: unknown): (() => unknown) =>
  () =>
    replacement;

function json(schema: z.ZodType, instead: () => unknown, nullable = false): Rule {
  return {
    holds: (text) => {
      if (text === null) return nullable;
      try {
        return schema.safeParse(parseJson(String(text))).success;
      } catch {
        return false;
      }
    },
    instead,
  };
}

function words(allowed: readonly string[], instead: (row: StoredRow) => unknown): Rule {
  return { holds: (word) => allowed.some((known) => known === word), instead };
}

function time(instead: () => unknown, nullable = false): Rule {
  return { holds: (text) => (text === null ? nullable : typeof text === "string" && !Number.isNaN(Date.parse(text))), instead };
}

const NO_TIME = new Date(0).toISOString();
const LOST_FAILURE = JSON.stringify({ message: "Why the run ended was lost when the project was repaired." });

/** The kind of a file follows from its name. */
function artifactKind({ name }: StoredRow): unknown {
  const [, start] = /^(checkpoint|weights|ghn)/.exec(String(name)) ?? [];
  return start ?? LOSE_ROW;
}

/** By table and column. `kind` and `status` of runs are left to the repair itself, which looks at more than the row. */
const RULES: Readonly<Record<string, Readonly<Record<string, Rule>>>> = {
  runs: {
    id: { holds: (id) => runIdSchema.safeParse(id).success, instead: lose },
    kind: words(RUN_KINDS, value("")),
    status: words(RUN_STATUSES, value("")),
    created_at: time(value(NO_TIME)),
    started_at: time(value(null), true),
    finished_at: time(value(null), true),
    trashed_at: time(value(NO_TIME), true),
    progress: json(PROGRESS, value(null), true),
    failure: json(FAILURE, value(LOST_FAILURE), true),
  },
  run_details: {
    config: json(storedConfigSchema, lose),
    resumed_from: json(RESUMED_FROM, value("[]")),
    summary: json(FACTS, value("{}")),
    cells: json(SUBJECTS.cell, value(null), true),
    networks: json(SUBJECTS.anytime, value(null), true),
  },
  metric_pieces: {
    data: { holds: (data, row) => Buffer.isBuffer(data) && isPiece(data, Number(row["count"])), instead: lose },
  },
  candidates: { architecture: json(CELL_ARCHITECTURE.json, lose), role: words(ROLES, value("none")), predictions: json(PREDICTIONS.json, value(null), true) },
  anytime_candidates: { architecture: json(ANYTIME_ARCHITECTURE.json, lose), role: words(ROLES, value("none")), exits: json(EXITS.json, lose) },
  trainings: { architecture: json(CELL_ARCHITECTURE.json, lose), role: words(ROLES, value("none")) },
  anytime_trainings: { model: json(ANYTIME_MODEL.json, lose), role: words(ANYTIME_ROLES, value("none")), exits: json(EXITS.json, lose) },
  artifacts: { kind: words(ARTIFACT_KINDS, artifactKind), created_at: time(value(NO_TIME)) },
  logs: { level: words(LOG_LEVELS, value("info")), time: time(value(NO_TIME)) },
  settings: { value: json(z.unknown(), lose) },
  requests: { type: words(["stop", "kill", "resume"], lose) },
};

/** A row as it can be kept, and the columns that were replaced; null when it cannot. */
export function repairedRow(table: string, row: StoredRow): { readonly row: StoredRow | null; readonly columns: readonly string[] } {
  const repaired = { ...row };
  const columns: string[] = [];
  for (const [column, { holds, instead }] of Object.entries(RULES[table] ?? {})) {
    // A column that an older version did not have.
    if (!(column in row) || holds(row[column], row)) continue;
    columns.push(column);
    const replacement = instead(row);
    if (replacement === LOSE_ROW) return { row: null, columns };
    repaired[column] = replacement;
  }
  return { row: repaired, columns };
}
