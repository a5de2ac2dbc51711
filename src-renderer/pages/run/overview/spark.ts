export interface SparkBox {
  readonly width: number;
  readonly height: number;
  /** Lowest and highest value of the scale; null takes that of the points. */
  readonly floor: number | null;
  readonly ceiling: number | null;
  /** Only this many of the last points are drawn. */
  readonly points: number;
}

/** Path of the last points in a box; a missing value breaks the line. Empty without two points. */
export function sparkPath(x: readonly number[], y: readonly (number | null)[], box: SparkBox): string {
  const from = Math.max(0, x.length - box.points);
  const values = y.slice(from).filter((value): value is number => value !== null && Number.isFinite(value));
  const first = x[from];
  const last = x.at(-1);
  if (values.length < 2 || first === undefined || last === undefined || last <= first) return "";
  const low = box.floor ?? Math.min(...values);
  const high = Math.max(box.ceiling ?? Number.NEGATIVE_INFINITY, ...values);
  const span = high - low || 1;
  let path = "";
  let pen = false;
  for (let i = from; i < x.length; i++) {
    const value = y[i];
    if (value === null || value === undefined || !Number.isFinite(value)) {
      pen = false;
      continue;
    }
    const px = (((x[i] ?? 0) - first) / (last - first)) * box.width;
    const py = box.height - 1.5 - ((value - low) / span) * (box.height - 3);
    path += `${pen ? "L" : "M"}${px.toFixed(2)} ${py.toFixed(2)}`;
    pen = true;
  }
  return path;
}
