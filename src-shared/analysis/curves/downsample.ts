/**
 * Indices that preserve the shape of a line at `buckets` pixels: the lowest and the highest value of each bucket of x, the
 * first and the last point, and one point of every gap (null or NaN), in order. Peaks and gaps are preserved.
 */
export function minMaxIndices(x: ArrayLike<number>, y: ArrayLike<number | null>, buckets: number): number[] {
  const n = Math.min(x.length, y.length);
  if (n <= buckets * 2 + 2) return Array.from({ length: n }, (_, i) => i);
  const first = x[0] ?? 0;
  const last = x[n - 1] ?? first;
  const width = (last - first) / buckets;
  if (!(width > 0)) return [0, n - 1];
  const kept: number[] = [0];
  let i = 1;
  for (let bucket = 0; bucket < buckets && i < n - 1; bucket++) {
    const end = bucket === buckets - 1 ? Number.POSITIVE_INFINITY : first + (bucket + 1) * width;
    let low = -1;
    let high = -1;
    let gap = -1;
    for (; i < n - 1 && (x[i] ?? 0) <= end; i++) {
      const value = y[i];
      if (value === null || value === undefined || !Number.isFinite(value)) {
        if (gap < 0) gap = i;
        continue;
      }
      if (low < 0 || value < (y[low] ?? 0)) low = i;
      if (high < 0 || value > (y[high] ?? 0)) high = i;
    }
    for (const index of [...new Set([low, high, gap])].filter((index) => index >= 0).sort((a, b) => a - b)) kept.push(index);
  }
  kept.push(n - 1);
  return kept;
}
