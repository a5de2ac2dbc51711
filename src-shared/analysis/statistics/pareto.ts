/** One cell: what it costs (parameters or multiply-adds) and what it is worth (score or accuracy). */
export interface ParetoPoint {
  readonly cost: number;
  readonly value: number | null;
}

/**
 * Indices of the points that no other point beats: none is as cheap or cheaper and better, or cheaper and as good.
 * Ordered by cost. Of exact duplicates the first stays.
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
