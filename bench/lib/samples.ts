/** Medians over interleaved repetitions. On a shared machine, only times of the same run are comparable. */

/** Durations of one subject in milliseconds. */
export interface Sample {
  readonly name: string;
  readonly times: number[];
}

/** Median; NaN for an empty list. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

/** The `q`-quantile (0 to 1) with linear interpolation. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const position = q * (sorted.length - 1);
  const low = sorted[Math.floor(position)] ?? Number.NaN;
  const high = sorted[Math.ceil(position)] ?? Number.NaN;
  return low + (high - low) * (position - Math.floor(position));
}

/** One repetition of a subject. Returns its own time in milliseconds, or undefined to have the call timed. */
export type Measurement = () => number | undefined | Promise<number | undefined>;

/**
 * Times several subjects in turn, one repetition of each per round, so that slow phases of the machine affect all of them.
 * @param rounds number of rounds that count, after `warmUp` rounds that do not
 */
export async function interleave(subjects: Readonly<Record<string, Measurement>>, rounds: number, warmUp = 2): Promise<Sample[]> {
  const samples = Object.keys(subjects).map((name): Sample => ({ name, times: [] }));
  for (let round = -warmUp; round < rounds; round++) {
    for (const sample of samples) {
      const subject = subjects[sample.name];
      if (subject === undefined) continue;
      const start = performance.now();
      const own = await subject();
      const time = typeof own === "number" ? own : performance.now() - start;
      if (round >= 0) sample.times.push(time);
    }
  }
  return samples;
}

/** One row of a table. */
export interface Row {
  readonly what: string;
  readonly median: number;
  readonly low: number;
  readonly high: number;
  readonly unit: string;
  /** A remark, such as a ratio or a loss. */
  readonly note?: string;
}

/** A row with the median and the quartiles of the values. */
export function row(what: string, values: readonly number[], unit = "ms", note?: string): Row {
  return { what, median: median(values), low: quantile(values, 0.25), high: quantile(values, 0.75), unit, ...(note === undefined ? {} : { note }) };
}

/** Formats a number with three significant digits. */
export function digits(value: number): string {
  if (!Number.isFinite(value)) return "–";
  if (Math.abs(value) >= 1000) return Math.round(value).toLocaleString("en");
  return String(Number(value.toPrecision(3)));
}
