/** One step of the schema. Steps are only ever appended; a released step is never changed. */
export interface Migration {
  readonly version: number;
  readonly sql: string;
}

/** Marks the trainings of projects from before version 6 that have diverged. */
export const MARK_DIVERGED = `
-- Those whose training loss, or whose last validation loss, was not finite. A piece of a curve holds columns of 8 bytes per point, the values fifth
-- (metric-pack.ts); the last two bytes of its last value tell NaN and infinity.
CREATE TEMP VIEW not_finite AS
  SELECT s.run_id, s.series FROM metric_series s JOIN metric_names n ON n.id = s.name_id
  JOIN metric_pieces p ON p.id = (SELECT id FROM metric_pieces WHERE series_id = s.id ORDER BY last_cursor DESC, id DESC LIMIT 1)
  WHERE n.name = 'train/validation-loss' AND hex(substr(p.data, 40 * p.count - 1, 2)) IN ('F87F', 'F8FF', 'F07F', 'F0FF');
UPDATE trainings SET divergence = 'The loss at the end is not finite.'
  WHERE train_loss IS NULL OR (run_id, position) IN (SELECT run_id, series FROM not_finite);
UPDATE anytime_trainings SET divergence = 'The loss at the end is not finite.'
  WHERE train_loss IS NULL OR (run_id, position) IN (SELECT run_id, series FROM not_finite);
DROP VIEW not_finite;
`;

/**
 * The schema, step by step. Large values that lists never show (configs, summaries) are in `run_details`, so that a pass
 * over ten thousand runs reads only a few pages.
 */
export const MIGRATIONS: readonly Migration[] = [
  {
    version: 1,
    sql: `
CREATE TABLE runs (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  kind TEXT NOT NULL,
  status TEXT NOT NULL,
  parent_id TEXT REFERENCES runs(id) ON DELETE CASCADE,
  stage TEXT,
  dataset_id TEXT NOT NULL,
  seed INTEGER NOT NULL,
  created_at TEXT NOT NULL,
  started_at TEXT,
  finished_at TEXT,
  active_seconds REAL NOT NULL DEFAULT 0,
  progress TEXT,
  failure TEXT,
  notes TEXT NOT NULL DEFAULT '',
  starred INTEGER NOT NULL DEFAULT 0,
  archived INTEGER NOT NULL DEFAULT 0,
  trashed_at TEXT,
  queue_position REAL,
  backend TEXT,
  device TEXT,
  metric_cursor INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX runs_by_parent ON runs(parent_id);
CREATE INDEX runs_by_status ON runs(status);
CREATE INDEX runs_by_creation ON runs(created_at);
CREATE INDEX runs_in_queue ON runs(queue_position) WHERE status = 'queued';

CREATE TABLE run_details (
  run_id TEXT PRIMARY KEY REFERENCES runs(id) ON DELETE CASCADE,
  config TEXT NOT NULL,
  code_version TEXT NOT NULL,
  dataset_fingerprint TEXT,
  dataset_description TEXT,
  resumed_from TEXT NOT NULL DEFAULT '[]',
  summary TEXT NOT NULL DEFAULT '{}',
  cells TEXT,
  process_id INTEGER
) STRICT;

CREATE TABLE run_tags (
  run_id TEXT NOT NULL REFERENCES runs(id) ON DELETE CASCADE,
  tag TEXT NOT NULL,
  PRIMARY KEY (run_id, tag)
) STRICT, WITHOUT ROWID;
CREATE INDEX run_tags_by_tag ON run_tags(tag, run_id);

CREATE TABLE metric_names (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE metric_summaries (
  run_id TEXT NOT NULL REFERENCES runs(id) ON DELETE CASCADE,
  name_id INTEGER NOT NULL REFERENCES metric_names(id),
  last REAL NOT NULL,
  best REAL NOT NULL,
  best_step REAL NOT NULL,
  count INTEGER NOT NULL,
  PRIMARY KEY (run_id, name_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE metric_series (
  id INTEGER PRIMARY KEY,
  run_id TEXT NOT NULL REFERENCES runs(id) ON DELETE CASCADE,
  name_id INTEGER NOT NULL REFERENCES metric_names(id),
  series INTEGER NOT NULL,
  UNIQUE (run_id, name_id, series)
) STRICT;
CREATE INDEX metric_series_by_name ON metric_series(name_id);

-- Points of a series in pieces, columns packed one after the other (metric-pack.ts). Batches arrive as small pieces
-- at the end and are merged into large ones, so that a curve of 100,000 points is about 100 rows.
CREATE TABLE metric_pieces (
  id INTEGER PRIMARY KEY,
  series_id INTEGER NOT NULL REFERENCES metric_series(id) ON DELETE CASCADE,
  first_cursor INTEGER NOT NULL,
  last_cursor INTEGER NOT NULL,
  first_step REAL NOT NULL,
  last_step REAL NOT NULL,
  count INTEGER NOT NULL,
  data BLOB NOT NULL
) STRICT;
CREATE INDEX metric_pieces_by_series ON metric_pieces(series_id, first_cursor, last_cursor, first_step, last_step, count);

CREATE TABLE candidates (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  run_id TEXT NOT NULL REFERENCES runs(id) ON DELETE CASCADE,
  position INTEGER NOT NULL,
  name TEXT NOT NULL,
  canonical TEXT NOT NULL,
  architecture TEXT NOT NULL,
  parameters INTEGER NOT NULL,
  multiply_adds INTEGER NOT NULL,
  score REAL,
  score_loss REAL,
  role TEXT NOT NULL,
  generation_ms REAL,
  evaluation_ms REAL,
  UNIQUE (run_id, position)
) STRICT;
CREATE INDEX candidates_by_score ON candidates(run_id, score DESC, score_loss, position);

CREATE TABLE trainings (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  run_id TEXT NOT NULL REFERENCES runs(id) ON DELETE CASCADE,
  position INTEGER NOT NULL,
  candidate_id INTEGER REFERENCES candidates(id) ON DELETE SET NULL,
  name TEXT NOT NULL,
  canonical TEXT NOT NULL,
  architecture TEXT NOT NULL,
  role TEXT NOT NULL,
  repetition INTEGER NOT NULL,
  seed INTEGER NOT NULL,
  epochs REAL NOT NULL,
  parameters INTEGER NOT NULL,
  multiply_adds INTEGER NOT NULL,
  score REAL,
  validation_accuracy REAL NOT NULL,
  test_accuracy REAL,
  train_loss REAL,
  seconds REAL NOT NULL,
  UNIQUE (run_id, position)
) STRICT;
CREATE INDEX trainings_by_candidate ON trainings(candidate_id);

CREATE TABLE artifacts (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  run_id TEXT NOT NULL REFERENCES runs(id) ON DELETE CASCADE,
  kind TEXT NOT NULL,
  name TEXT NOT NULL,
  path TEXT NOT NULL,
  bytes INTEGER NOT NULL,
  sha256 TEXT NOT NULL,
  step INTEGER,
  created_at TEXT NOT NULL,
  UNIQUE (run_id, name)
) STRICT;

CREATE TABLE logs (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  run_id TEXT NOT NULL REFERENCES runs(id) ON DELETE CASCADE,
  time TEXT NOT NULL,
  level TEXT NOT NULL,
  text TEXT NOT NULL
) STRICT;
CREATE INDEX logs_by_run ON logs(run_id, id);

CREATE TABLE settings (
  key TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- What another process asks of the one that holds the project open (a stop from the command line).
CREATE TABLE requests (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  type TEXT NOT NULL,
  run_id TEXT NOT NULL,
  created_at TEXT NOT NULL
) STRICT;
`,
  },
  {
    version: 2,
    sql: `
-- Values of predictors, by name, of a cell that a prediction run measured.
ALTER TABLE candidates ADD COLUMN predictions TEXT;
-- Hash of everything that a training's result depends on (protocol-key.ts): equal keys, equal results.
ALTER TABLE trainings ADD COLUMN protocol TEXT;
CREATE INDEX trainings_by_protocol ON trainings(protocol) WHERE protocol IS NOT NULL;
`,
  },
  {
    version: 3,
    sql: `
-- Median time of a forward pass of one image in milliseconds, where a search measured it.
ALTER TABLE candidates ADD COLUMN latency_ms REAL;
`,
  },
  {
    version: 4,
    sql: `
-- Networks with several exits: scored by a search, and trained from scratch (a model is cells or a reference). Exits are JSON, in the order in which they answer.
CREATE TABLE anytime_candidates (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  run_id TEXT NOT NULL REFERENCES runs(id) ON DELETE CASCADE,
  position INTEGER NOT NULL,
  name TEXT NOT NULL,
  canonical TEXT NOT NULL,
  architecture TEXT NOT NULL,
  parameters INTEGER NOT NULL,
  multiply_adds INTEGER NOT NULL,
  score REAL NOT NULL,
  score_loss REAL,
  exits TEXT NOT NULL,
  max_budget REAL NOT NULL,
  chance REAL NOT NULL,
  role TEXT NOT NULL,
  generation_ms REAL,
  evaluation_ms REAL,
  UNIQUE (run_id, position)
) STRICT;
CREATE INDEX anytime_candidates_by_score ON anytime_candidates(run_id, score DESC, score_loss, position);

CREATE TABLE anytime_trainings (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  run_id TEXT NOT NULL REFERENCES runs(id) ON DELETE CASCADE,
  position INTEGER NOT NULL,
  candidate_id INTEGER REFERENCES anytime_candidates(id) ON DELETE SET NULL,
  name TEXT NOT NULL,
  canonical TEXT NOT NULL,
  model TEXT NOT NULL,
  role TEXT NOT NULL,
  repetition INTEGER NOT NULL,
  seed INTEGER NOT NULL,
  epochs REAL NOT NULL,
  initial_channels INTEGER,
  parameters INTEGER NOT NULL,
  multiply_adds INTEGER NOT NULL,
  score REAL,
  exits TEXT NOT NULL,
  max_budget REAL NOT NULL,
  chance REAL NOT NULL,
  area REAL NOT NULL,
  test_area REAL,
  train_loss REAL,
  seconds REAL NOT NULL,
  UNIQUE (run_id, position)
) STRICT;
CREATE INDEX anytime_trainings_by_candidate ON anytime_trainings(candidate_id);

-- The networks of a training run in the anytime space, once resolved from their source.
ALTER TABLE run_details ADD COLUMN networks TEXT;
`,
  },
  {
    version: 5,
    sql: `
-- Counts of the history by status, kind and dataset, without reading the rows.
CREATE INDEX runs_by_view ON runs(trashed_at, archived, status, kind, dataset_id, parent_id);
`,
  },
  {
    version: 6,
    sql: `
-- Why a training diverged; its accuracies are then not a result. NULL for a usable training.
ALTER TABLE trainings ADD COLUMN divergence TEXT;
ALTER TABLE anytime_trainings ADD COLUMN divergence TEXT;
${MARK_DIVERGED}`,
  },
];

/** Schema version that this program reads and writes. */
export const SCHEMA_VERSION = Math.max(...MIGRATIONS.map((migration) => migration.version));
