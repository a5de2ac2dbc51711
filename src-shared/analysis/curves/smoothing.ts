/**
 * Exponential moving average with bias correction (divided by 1 − βᵗ, as in Adam). Missing values stay missing, so gaps
 * are preserved; the average continues after a gap.
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
 * The same average for unevenly spaced points: `weight` applies per `unit` of x, so a larger distance decays more.
 * With x in steps of one unit it equals `smooth`.
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
