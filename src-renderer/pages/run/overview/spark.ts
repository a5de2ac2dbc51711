export interface SparkBox {
  readonly width: number;
  readonly height: number;
  /** Limits of the scale; null uses those of the points. */
  readonly floor: number | null;
  readonly ceiling: number | null;
  /** Maximum number of points drawn, most recent first. */
  readonly points: number;
}

/** SVG path of the most recent points; a missing value interrupts the line. Empty with fewer than two points. */
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
