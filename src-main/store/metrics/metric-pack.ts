import type { MetricColumns } from "../../../src-shared/domain/metrics.ts";

/**
 * Points of one series as packed columns. `cursor` is the number of the batch that added a point, counted per run and
 * never reused; NaN in `value` represents a value that was not finite.
 */
export interface PackedPoints {
  readonly count: number;
  readonly step: Float64Array;
  readonly epoch: Float64Array;
  readonly wall: Float64Array;
  readonly active: Float64Array;
  readonly value: Float64Array;
  readonly cursor: Uint32Array;
}

const FLOAT_COLUMNS = 5;
const BYTES_PER_POINT = FLOAT_COLUMNS * 8 + 4;

/** Views over one buffer: five columns of 64-bit floats, then the cursors. Little-endian, like all supported machines. */
function view(buffer: ArrayBuffer, count: number): PackedPoints {
  const column = (i: number): Float64Array => new Float64Array(buffer, i * count * 8, count);
  return {
    count,
    step: column(0),
    epoch: column(1),
    wall: column(2),
    active: column(3),
    value: column(4),
    cursor: new Uint32Array(buffer, FLOAT_COLUMNS * count * 8, count),
  };
}

/** Packs columns from a worker. Columns of unequal length are cut to the shortest. */
export function packColumns(columns: MetricColumns, cursor: number): PackedPoints {
  const { step, epoch, wall, active, value } = columns;
  const count = Math.min(step.length, epoch.length, wall.length, active.length, value.length);
  const packed = view(new ArrayBuffer(count * BYTES_PER_POINT), count);
  for (let i = 0; i < count; i++) {
    packed.step[i] = step[i] ?? Number.NaN;
    packed.epoch[i] = epoch[i] ?? Number.NaN;
    packed.wall[i] = wall[i] ?? Number.NaN;
    packed.active[i] = active[i] ?? Number.NaN;
    packed.value[i] = value[i] ?? Number.NaN;
  }
  packed.cursor.fill(cursor);
  return packed;
}

/** The bytes of packed points, for storage. */
export function toBlob(points: PackedPoints): Buffer {
  return Buffer.from(points.step.buffer, 0, points.count * BYTES_PER_POINT);
}

/** Whether stored bytes hold this number of points. */
export function isPiece(data: Buffer, count: number): boolean {
  return data.byteLength === count * BYTES_PER_POINT;
}

/** Packed points from stored bytes. */
export function fromBlob(data: Buffer, count: number): PackedPoints {
  if (!isPiece(data, count)) throw new Error(`A piece of a curve has ${data.byteLength} bytes for ${count} points.`);
  const aligned = data.byteOffset % 8 === 0 && data.buffer instanceof ArrayBuffer;
  if (aligned && data.byteOffset === 0) return view(data.buffer as ArrayBuffer, count);
  return view(new Uint8Array(data).buffer, count);
}

/** Concatenates pieces. */
export function concatenate(pieces: readonly PackedPoints[]): PackedPoints {
  const [only] = pieces;
  if (only !== undefined && pieces.length === 1) return only;
  const count = pieces.reduce((sum, piece) => sum + piece.count, 0);
  const packed = view(new ArrayBuffer(count * BYTES_PER_POINT), count);
  let offset = 0;
  for (const piece of pieces) {
    packed.step.set(piece.step, offset);
    packed.epoch.set(piece.epoch, offset);
    packed.wall.set(piece.wall, offset);
    packed.active.set(piece.active, offset);
    packed.value.set(piece.value, offset);
    packed.cursor.set(piece.cursor, offset);
    offset += piece.count;
  }
  return packed;
}

/** The points at the given indices, in their order. */
export function pick(points: PackedPoints, indices: readonly number[]): PackedPoints {
  const packed = view(new ArrayBuffer(indices.length * BYTES_PER_POINT), indices.length);
  indices.forEach((from, to) => {
    packed.step[to] = points.step[from] ?? Number.NaN;
    packed.epoch[to] = points.epoch[from] ?? Number.NaN;
    packed.wall[to] = points.wall[from] ?? Number.NaN;
    packed.active[to] = points.active[from] ?? Number.NaN;
    packed.value[to] = points.value[from] ?? Number.NaN;
    packed.cursor[to] = points.cursor[from] ?? 0;
  });
  return packed;
}

/** Indices of the points that satisfy a condition. */
export function indicesWhere(points: PackedPoints, keep: (index: number) => boolean): number[] {
  const indices: number[] = [];
  for (let i = 0; i < points.count; i++) if (keep(i)) indices.push(i);
  return indices;
}

/** Converts packed points to plain columns. */
export function toColumns(name: string, series: number, points: PackedPoints): MetricColumns {
  return {
    name,
    series,
    step: Array.from(points.step),
    epoch: Array.from(points.epoch),
    wall: Array.from(points.wall),
    active: Array.from(points.active),
    value: Array.from(points.value, (value) => (Number.isFinite(value) ? value : null)),
  };
}
