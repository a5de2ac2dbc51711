/** Non-dominated sorting and crowding distance (Deb et al., NSGA-II, 2002, sections III A and B). All objectives are minimised. */

/** Whether `a` is no worse than `b` in all objectives and better in at least one. */
export function dominates(a: readonly number[], b: readonly number[]): boolean {
  let better = false;
  for (const [k, value] of a.entries()) {
    const other = b[k] ?? Number.NaN;
    if (value > other) return false;
    if (value < other) better = true;
  }
  return better;
}

/**
 * Front of each point: 0 if no other point dominates it, 1 if only points of front 0 do, and so on.
 * Takes O(objectives · points²) comparisons; a single objective is sorted.
 */
export function frontNumbers(points: readonly (readonly number[])[]): number[] {
  if (points.every((point) => point.length === 1)) {
    const distinct = [...new Set(points.map((point) => point[0] ?? Number.NaN))].sort((a, b) => a - b);
    const order = new Map(distinct.map((value, i) => [value, i]));
    return points.map((point) => order.get(point[0] ?? Number.NaN) ?? 0);
  }
  const fronts = new Array<number>(points.length).fill(-1);
  const dominatedBy = points.map(() => 0);
  const dominated = points.map((): number[] => []);
  points.forEach((a, i) => {
    for (let j = i + 1; j < points.length; j++) {
      const b = points[j] ?? [];
      const [better, worse] = dominates(a, b) ? [i, j] : dominates(b, a) ? [j, i] : [-1, -1];
      if (better < 0) continue;
      dominated[better]?.push(worse);
      dominatedBy[worse] = (dominatedBy[worse] ?? 0) + 1;
    }
  });
  let current = points.flatMap((_, i) => (dominatedBy[i] === 0 ? [i] : []));
  for (let front = 0; current.length > 0; front++) {
    const next: number[] = [];
    for (const i of current) {
      fronts[i] = front;
      for (const j of dominated[i] ?? []) {
        dominatedBy[j] = (dominatedBy[j] ?? 0) - 1;
        if (dominatedBy[j] === 0) next.push(j);
      }
    }
    current = next;
  }
  return fronts;
}

/**
 * Crowding distance of each point within its front: the sum over objectives of the distance between its neighbours, relative to the range of the objective on
 * the front. Infinity at the ends of a front, 0 for coinciding points.
 */
export function crowdingDistances(points: readonly (readonly number[])[], fronts: readonly number[]): number[] {
  const distances = new Array<number>(points.length).fill(0);
  const members = new Map<number, number[]>();
  fronts.forEach((front, i) => {
    const list = members.get(front);
    if (list === undefined) members.set(front, [i]);
    else list.push(i);
  });
  for (const list of members.values()) {
    const objectives = points[list[0] ?? 0]?.length ?? 0;
    for (let k = 0; k < objectives; k++) {
      const value = (i: number | undefined): number => points[i ?? -1]?.[k] ?? Number.NaN;
      const sorted = [...list].sort((a, b) => value(a) - value(b) || a - b);
      const range = value(sorted.at(-1)) - value(sorted[0]);
      for (const end of [sorted[0], sorted.at(-1)]) if (end !== undefined) distances[end] = Infinity;
      if (range === 0 || !Number.isFinite(range)) continue;
      for (let at = 1; at < sorted.length - 1; at++) {
        const i = sorted[at];
        if (i !== undefined) distances[i] = (distances[i] ?? 0) + (value(sorted[at + 1]) - value(sorted[at - 1])) / range;
      }
    }
  }
  return distances;
}

/** Indices of points, best first: by front, then by crowding distance (larger first), then by index. */
export function paretoOrder(points: readonly (readonly number[])[]): number[] {
  const fronts = frontNumbers(points);
  const crowding = crowdingDistances(points, fronts);
  return points.map((_, i) => i).sort((a, b) => (fronts[a] ?? 0) - (fronts[b] ?? 0) || compareCrowding(crowding[b] ?? 0, crowding[a] ?? 0) || a - b);
}

/** Infinity − Infinity is NaN. */
function compareCrowding(a: number, b: number): number {
  return a === b ? 0 : a - b;
}
