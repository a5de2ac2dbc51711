/**
 * Exponential moving average without the pull towards zero at its start (divided by 1 − βᵗ, as Adam does). A missing
 * value stays missing, so a gap in the raw line is a gap in the smooth one; the average goes on behind it.
 */
export function smooth(values: readonly (number | null)[], weight: number): (number | null)[] {
  const beta = Math.max(0, Math.min(0.9999, weight));
  if (beta === 0) return values.map(finiteOrNull);
  let average = 0;
  let bias = 1;
  return values.map((value) => {
    if (value === null || !Number.isFinite(value)) return null;
    average = beta * average + (1 - beta) * value;
    bias *= beta;
    return average / (1 - bias);
  });
}

/**
 * The same average for points that are not evenly spaced: `weight` holds over one `unit` of x, a wider distance forgets
 * more. With x in steps of one unit it equals `smooth`.
 */
export function smoothOver(x: readonly number[], values: readonly (number | null)[], weight: number, unit: number): (number | null)[] {
  const beta = Math.max(0, Math.min(0.9999, weight));
  if (beta === 0 || unit <= 0) return values.map(finiteOrNull);
  let weighted = 0;
  let total = 0;
  let last: number | null = null;
  return values.map((value, i) => {
    const position = x[i] ?? 0;
    if (value === null || !Number.isFinite(value)) return null;
    const decay = last === null ? 0 : beta ** Math.max(0, (position - last) / unit);
    weighted = weighted * decay + value;
    total = total * decay + 1;
    last = position;
    return weighted / total;
  });
}

function finiteOrNull(value: number | null): number | null {
  return value !== null && Number.isFinite(value) ? value : null;
}
