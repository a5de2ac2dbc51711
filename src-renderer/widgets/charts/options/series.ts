import { minMaxIndices } from "../../../../src-shared/analysis/curves/downsample.ts";
import type { MetricColumns } from "../../../../src-shared/domain/metrics.ts";
import type { XKind } from "./chart-link.ts";

/** A growing series of a run. Arrays are appended in place; the owner's `version` signals changes. */
export interface SeriesData {
  readonly key: string;
  readonly runId: string;
  readonly name: string;
  readonly series: number;
  step: number[];
  epoch: number[];
  wall: number[];
  active: number[];
  value: (number | null)[];
  /** Total points stored by the run; these may be a sample. */
  total: number;
  thinned: boolean;
}

const MOST_POINTS = 12_000;
const KEPT_BUCKETS = 3_000;

export function seriesKey(runId: string, name: string, series: number): string {
  return `${runId}|${name}|${series}`;
}

export function seriesFrom(runId: string, columns: MetricColumns, total: number, thinned: boolean): SeriesData {
  return {
    key: seriesKey(runId, columns.name, columns.series),
    runId,
    name: columns.name,
    series: columns.series,
    step: [...columns.step],
    epoch: [...columns.epoch],
    wall: [...columns.wall],
    active: [...columns.active],
    value: columns.value.map((value) => (value !== null && Number.isFinite(value) ? value : null)),
    total,
    thinned,
  };
}

/** Appends points after the last step; known points are dropped. Returns the number of new points. */
export function append(data: SeriesData, columns: MetricColumns): number {
  const last = data.step.at(-1) ?? Number.NEGATIVE_INFINITY;
  let added = 0;
  columns.step.forEach((step, i) => {
    if (step <= last) return;
    const value = columns.value[i];
    data.step.push(step);
    data.epoch.push(columns.epoch[i] ?? 0);
    data.wall.push(columns.wall[i] ?? 0);
    data.active.push(columns.active[i] ?? 0);
    data.value.push(value !== null && value !== undefined && Number.isFinite(value) ? value : null);
    added++;
  });
  data.total += added;
  if (data.step.length > MOST_POINTS) thin(data);
  return added;
}

function thin(data: SeriesData): void {
  const kept = minMaxIndices(data.step, data.value, KEPT_BUCKETS);
  const pick = (list: readonly number[]): number[] => kept.map((i) => list[i] ?? 0);
  data.value = kept.map((i) => data.value[i] ?? null);
  data.epoch = pick(data.epoch);
  data.wall = pick(data.wall);
  data.active = pick(data.active);
  data.step = pick(data.step);
  data.thinned = true;
}

export interface Line {
  readonly x: number[];
  readonly y: (number | null)[];
  /** Positions of skipped steps, which have no value. */
  readonly skipped: number[];
}

/** Pauses of at least this many seconds are shown as a gap on the wall-time axis. */
const PAUSE = 15;

/** The points of a line over the selected x; a missing value or a pause of the run leaves a gap. */
export function lineOf(data: SeriesData, kind: XKind): Line {
  const source = data[kind];
  const x: number[] = [];
  const y: (number | null)[] = [];
  const skipped: number[] = [];
  for (let i = 0; i < data.value.length; i++) {
    const position = source[i] ?? 0;
    if (kind === "wall" && i > 0) {
      const idle = (data.wall[i] ?? 0) - (data.wall[i - 1] ?? 0) - ((data.active[i] ?? 0) - (data.active[i - 1] ?? 0));
      if (idle > PAUSE) {
        x.push(position);
        y.push(null);
      }
    }
    const value = data.value[i] ?? null;
    if (value === null) skipped.push(position);
    x.push(position);
    y.push(value);
  }
  return { x, y, skipped };
}

/** Index of the point nearest to a value; x is ascending. */
export function nearest(x: readonly number[], place: number): number {
  let low = 0;
  let high = x.length - 1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((x[middle] ?? 0) < place) low = middle;
    else high = middle;
  }
  return Math.abs((x[low] ?? 0) - place) <= Math.abs((x[high] ?? 0) - place) ? low : high;
}

/** Converts a range of another x to steps, for requesting more detail. */
export function stepsInRange(data: SeriesData, kind: XKind, range: readonly [number, number]): readonly [number, number] {
  const source = data[kind];
  if (source.length === 0) return [0, 0];
  const from = Math.max(0, nearest(source, range[0]) - 1);
  const to = Math.min(source.length - 1, nearest(source, range[1]) + 1);
  return [data.step[from] ?? 0, data.step[to] ?? 0];
}

/**
 * Replaces the points of a thinned line inside a range by more detailed ones; points outside stay.
 * @returns false if the line already has as much detail in the range
 */
export function refine(data: SeriesData, columns: MetricColumns): boolean {
  const first = columns.step[0];
  const last = columns.step.at(-1);
  if (first === undefined || last === undefined) return false;
  const before = data.step.findIndex((step) => step >= first);
  const from = before < 0 ? data.step.length : before;
  let to = from;
  while (to < data.step.length && (data.step[to] ?? 0) <= last) to++;
  if (to - from >= columns.step.length) return false;
  data.step.splice(from, to - from, ...columns.step);
  data.epoch.splice(from, to - from, ...columns.epoch);
  data.wall.splice(from, to - from, ...columns.wall);
  data.active.splice(from, to - from, ...columns.active);
  data.value.splice(from, to - from, ...columns.value.map((value) => (value !== null && Number.isFinite(value) ? value : null)));
  if (data.step.length > MOST_POINTS) thin(data);
  return true;
}
