/** An uncompressed TIFF file with samples of any type, which sharp cannot write. */
export interface TiffSamples {
  readonly width: number;
  readonly height: number;
  readonly samples: Float32Array | Int32Array | Uint32Array | Int16Array | Uint16Array | Uint8Array;
  /** 1 grey, 2 grey and alpha, 3 RGB, 4 RGB and alpha. */
  readonly channels: 1 | 2 | 3 | 4;
}

export function tiffBytes({ width, height, samples, channels }: TiffSamples): Buffer {
  const data = Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength);
  const bits = 8 * samples.BYTES_PER_ELEMENT;
  const format = samples instanceof Float32Array ? 3 : samples instanceof Int32Array || samples instanceof Int16Array ? 2 : 1;
  const SHORT = 3;
  const LONG = 4;
  type Entry = readonly [tag: number, type: number, count: number, value: number];
  const entries: Entry[] = [
    [256, LONG, 1, width],
    [257, LONG, 1, height],
    [258, SHORT, channels, bits],
    [259, SHORT, 1, 1],
    [262, SHORT, 1, channels >= 3 ? 2 : 1],
    [273, LONG, 1, 0],
    [277, SHORT, 1, channels],
    [278, LONG, 1, height],
    [279, LONG, 1, data.length],
    [284, SHORT, 1, 1],
    ...(channels % 2 === 0 ? [[338, SHORT, 1, 2] satisfies Entry] : []),
    [339, SHORT, channels, format],
  ];
  const head = Buffer.alloc(8 + 2 + 12 * entries.length + 4);
  // Values of more than four bytes follow the directory, then the pixels.
  const tails: Buffer[] = [];
  let tailLength = 0;
  for (const [, type, count] of entries) if (type === SHORT && count > 2) tailLength += 2 * count;
  head.write("II", 0, "latin1");
  head.writeUInt16LE(42, 2);
  head.writeUInt32LE(8, 4);
  head.writeUInt16LE(entries.length, 8);
  let at = head.length;
  entries.forEach(([tag, type, count, value], i) => {
    const offset = 10 + 12 * i;
    head.writeUInt16LE(tag, offset);
    head.writeUInt16LE(type, offset + 2);
    head.writeUInt32LE(count, offset + 4);
    if (tag === 273) head.writeUInt32LE(head.length + tailLength, offset + 8);
    else if (type === LONG) head.writeUInt32LE(value, offset + 8);
    else if (count <= 2) for (let k = 0; k < count; k++) head.writeUInt16LE(value, offset + 8 + 2 * k);
    else {
      const tail = Buffer.alloc(2 * count);
      for (let k = 0; k < count; k++) tail.writeUInt16LE(value, 2 * k);
      head.writeUInt32LE(at, offset + 8);
      at += tail.length;
      tails.push(tail);
    }
  });
  return Buffer.concat([head, ...tails, data]);
}
