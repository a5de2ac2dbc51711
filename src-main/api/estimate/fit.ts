/** Costs per unit from measurements: a small non-negative least-squares problem. */

export interface Measurement {
  /** Amounts of each kind of work. */
  readonly work: readonly number[];
  /** Total seconds. */
  readonly seconds: number;
}

/**
 * Seconds per unit of each kind of work, all ≥ 0, that minimise the sum of squared relative errors of the measurements.
 * All subsets of the kinds are tried (there are only a few), so the result is exact.
 * @param measurements at least one, each with the same number of kinds (at most 6) and seconds > 0
 */
export function fitCosts(measurements: readonly Measurement[]): number[] {
  const kinds = measurements[0]?.work.length ?? 0;
  if (kinds === 0 || kinds > 6) throw new RangeError("There must be 1 to 6 kinds of work.");
  // Divided by its time, each row has target 1: a small error of a long measurement does not dominate a short one.
  const rows = measurements.map(({ work, seconds }) => work.map((amount) => amount / seconds));
  let best: { costs: number[]; error: number } = { costs: new Array<number>(kinds).fill(0), error: Number.POSITIVE_INFINITY };
  for (let subset = 1; subset < 2 ** kinds; subset++) {
    const chosen = Array.from({ length: kinds }, (_, kind) => kind).filter((kind) => ((subset >> kind) & 1) === 1);
    const solved = solveNormalEquations(rows.map((row) => chosen.map((kind) => row[kind] ?? 0)));
    if (solved === null || solved.some((cost) => !(cost >= 0))) continue;
    const costs = new Array<number>(kinds).fill(0);
    chosen.forEach((kind, i) => {
      costs[kind] = solved[i] ?? 0;
    });
    const error = rows.reduce((sum, row) => sum + (row.reduce((predicted, amount, kind) => predicted + amount * (costs[kind] ?? 0), 0) - 1) ** 2, 0);
    if (error < best.error - 1e-12) best = { costs, error };
  }
  return best.costs;
}

/** Seconds that the work takes at these costs. */
export function secondsOf(work: readonly number[], costs: readonly number[]): number {
  return work.reduce((sum, amount, kind) => sum + amount * (costs[kind] ?? 0), 0);
}

/** The x that minimises |A x − 1|²; null if the columns of A are linearly dependent. */
function solveNormalEquations(rows: readonly (readonly number[])[]): number[] | null {
  const n = rows[0]?.length ?? 0;
  // Columns differ by ten orders of magnitude; scaling makes the elimination stable.
  const scale = Array.from({ length: n }, (_, j) => Math.max(...rows.map((row) => Math.abs(row[j] ?? 0))) || 1);
  const matrix = Array.from({ length: n }, (_, i) => [
    ...Array.from({ length: n }, (__, j) => rows.reduce((sum, row) => sum + ((row[i] ?? 0) / (scale[i] ?? 1)) * ((row[j] ?? 0) / (scale[j] ?? 1)), 0)),
    rows.reduce((sum, row) => sum + (row[i] ?? 0) / (scale[i] ?? 1), 0),
  ]);
  for (let column = 0; column < n; column++) {
    const pivot = matrix.slice(column).reduce((top, row, i) => (Math.abs(row[column] ?? 0) > Math.abs(matrix[top]?.[column] ?? 0) ? column + i : top), column);
    const swapped = matrix[pivot];
    const current = matrix[column];
    if (swapped === undefined || current === undefined || Math.abs(swapped[column] ?? 0) < 1e-12) return null;
    matrix[pivot] = current;
    matrix[column] = swapped;
    for (let i = 0; i < n; i++) {
      const row = matrix[i];
      if (i === column || row === undefined) continue;
      const factor = (row[column] ?? 0) / (swapped[column] ?? 1);
      for (let j = column; j <= n; j++) row[j] = (row[j] ?? 0) - factor * (swapped[j] ?? 0);
    }
  }
  return matrix.map((row, i) => (row[n] ?? 0) / (row[i] ?? 1) / (scale[i] ?? 1));
}
