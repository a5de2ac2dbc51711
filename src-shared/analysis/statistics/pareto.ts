/** A cell: its cost (parameters or multiply-adds) and its value (score or accuracy). */
export interface ParetoPoint {
  readonly cost: number;
  readonly value: number | null;
}

/**
 * Indices of the Pareto-optimal points: no other point is at least as cheap and as good, and strictly better in one.
 * Ordered by cost. The first of exact duplicates is kept.
 */
export function paretoFront(points: readonly ParetoPoint[]): number[] {
  const order = points
    .map((point, index) => ({ index, cost: point.cost, value: point.value }))
    .filter(
      (entry): entry is { index: number; cost: number; value: number } => entry.value !== null && Number.isFinite(entry.value) && Number.isFinite(entry.cost),
    )
    .sort((a, b) => a.cost - b.cost || b.value - a.value || a.index - b.index);
  const front: number[] = [];
  let best = Number.NEGATIVE_INFINITY;
  for (const entry of order) {
    if (entry.value <= best) continue;
    front.push(entry.index);
    best = entry.value;
  }
  return front;
}
