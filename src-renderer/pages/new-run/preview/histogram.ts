export interface Bins {
  /** `counts.length + 1` edges in ascending order. */
  readonly edges: readonly number[];
  readonly counts: readonly number[];
}

/** The outline of the bars as points, from the first edge to the last: each bin is a plateau at its count between its own edges. */
export function outline({ edges, counts }: Bins): [number, number][] {
  const first = edges[0] ?? 0;
  const last = edges.at(-1) ?? first;
  const tops = counts.flatMap((count, i): [number, number][] => [
    [edges[i] ?? first, count],
    [edges[i + 1] ?? last, count],
  ]);
  return [[first, 0], ...tops, [last, 0]];
}

/** Counts values in `wanted` bins of equal width between minimum and maximum. If all values are equal, there is a single bin around them. */
export function binned(values: readonly number[], wanted: number): Bins {
  const finite = values.filter((value) => Number.isFinite(value));
  if (finite.length === 0) return { edges: [0, 1], counts: [0] };
  const low = finite.reduce((a, b) => Math.min(a, b));
  const high = finite.reduce((a, b) => Math.max(a, b));
  if (low === high) return { edges: [low * 0.95 - 0.5, high * 1.05 + 0.5], counts: [finite.length] };
  const width = (high - low) / wanted;
  const counts = new Array<number>(wanted).fill(0);
  for (const value of finite) {
    const bin = Math.min(wanted - 1, Math.floor((value - low) / width));
    counts[bin] = (counts[bin] ?? 0) + 1;
  }
  return { edges: Array.from({ length: wanted + 1 }, (_, i) => low + i * width), counts };
}
