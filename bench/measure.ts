/** Measuring: medians over interleaved repetitions. Times on a shared machine only mean something side by side. */

/** Durations of one thing, in milliseconds. */
export interface Sample {
  readonly name: string;
  readonly times: number[];
}

/** Middle value; the mean of the two middle ones for an even count. NaN for an empty list. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

/** Value below which the share `q` (0 to 1) of the values lies, by linear interpolation. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const position = q * (sorted.length - 1);
  const low = sorted[Math.floor(position)] ?? Number.NaN;
  const high = sorted[Math.ceil(position)] ?? Number.NaN;
  return low + (high - low) * (position - Math.floor(position));
}

/** What is timed: one repetition, answering its own time in milliseconds, or undefined to be timed from outside. */
export type Measured = () => number | undefined | Promise<number | undefined>;

/**
 * Times several things in turn, one repetition of each a round, so that a slow spell of the machine hits all of them.
 * @param rounds repetitions that count, after `warmUp` that do not
 */
export async function interleave(subjects: Readonly<Record<string, Measured>>, rounds: number, warmUp = 2): Promise<Sample[]> {
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

/** One row of a part's table. */
export interface Row {
  readonly what: string;
  readonly median: number;
  readonly low: number;
  readonly high: number;
  readonly unit: string;
  /** Remark, such as a ratio or a loss. */
  readonly note?: string;
}

/** Median with the middle half of the values. */
export function row(what: string, values: readonly number[], unit = "ms", note?: string): Row {
  return { what, median: median(values), low: quantile(values, 0.25), high: quantile(values, 0.75), unit, ...(note === undefined ? {} : { note }) };
}

/** Three significant digits. */
export function digits(value: number): string {
  if (!Number.isFinite(value)) return "–";
  if (Math.abs(value) >= 1000) return Math.round(value).toLocaleString("en");
  return String(Number(value.toPrecision(3)));
}
