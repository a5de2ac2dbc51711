/** References for kernels that slide a window over an image: one visit per output value and tap, everything in double precision. */
import { type Dense, dense, size } from "../support/reference.ts";

/** A window that slides over an image of `height` × `width` pixels. */
export interface Sliding {
  readonly kernel: readonly [height: number, width: number];
  readonly stride: number;
  readonly dilation?: number;
  readonly padding: "SAME" | "VALID";
}

interface Axis {
  readonly outputs: number;
  /** Pixels of padding before the image. */
  readonly before: number;
}

function axis(length: number, taps: number, { stride, dilation = 1, padding }: Sliding): Axis {
  const reach = (taps - 1) * dilation + 1;
  if (padding === "VALID") return { outputs: Math.max(0, Math.ceil((length - reach + 1) / stride)), before: 0 };
  const outputs = Math.ceil(length / stride);
  return { outputs, before: Math.floor(Math.max(0, (outputs - 1) * stride + reach - length) / 2) };
}

const dims = ({ shape: [n = 0, h = 0, w = 0, c = 0] }: Pick<Dense, "shape">): [number, number, number, number] => [n, h, w, c];

/** Shape of the output with `channels` channels. */
export function outputShape(x: Pick<Dense, "shape">, window: Sliding, channels: number): [number, number, number, number] {
  const [n, height, width] = dims(x);
  return [n, axis(height, window.kernel[0], window).outputs, axis(width, window.kernel[1], window).outputs, channels];
}

/** Calls `visit` for every tap of every window that is inside the image, with the indices of pixels of the output and of the image, and of the tap. */
function visitTaps(shape: readonly number[], window: Sliding, visit: (outputPixel: number, inputPixel: number, tap: number) => void): void {
  const [n, height, width] = dims({ shape });
  const [kh, kw] = window.kernel;
  const { stride, dilation = 1 } = window;
  const [rows, columns] = [axis(height, kh, window), axis(width, kw, window)];
  for (let image = 0; image < n; image++)
    for (let i = 0; i < rows.outputs; i++)
      for (let j = 0; j < columns.outputs; j++)
        for (let a = 0; a < kh; a++)
          for (let b = 0; b < kw; b++) {
            const row = i * stride - rows.before + a * dilation;
            const column = j * stride - columns.before + b * dilation;
            if (row < 0 || row >= height || column < 0 || column >= width) continue;
            visit((image * rows.outputs + i) * columns.outputs + j, (image * height + row) * width + column, a * kw + b);
          }
}

const add = (array: Float64Array, index: number, value: number): void => {
  array[index] = (array[index] ?? Number.NaN) + value;
};
const get = (array: Float64Array, index: number): number => array[index] ?? Number.NaN;

/** Value and gradients of a convolution with filter [kh, kw, cin, cout]. */
export const convolution = {
  forward(x: Dense, w: Dense, window: Sliding): Dense {
    const [, , cin = 0, cout = 0] = w.shape;
    const y = dense(outputShape(x, window, cout), new Float64Array(size(outputShape(x, window, cout))));
    visitTaps(x.shape, window, (output, input, tap) => {
      for (let c = 0; c < cin; c++)
        for (let o = 0; o < cout; o++) add(y.values, output * cout + o, get(x.values, input * cin + c) * get(w.values, (tap * cin + c) * cout + o));
    });
    return y;
  },
  inputGradient(dy: Dense, w: Dense, shape: readonly number[], window: Sliding): Dense {
    const [, , cin = 0, cout = 0] = w.shape;
    const dx = new Float64Array(size(shape));
    visitTaps(shape, window, (output, input, tap) => {
      for (let c = 0; c < cin; c++)
        for (let o = 0; o < cout; o++) add(dx, input * cin + c, get(dy.values, output * cout + o) * get(w.values, (tap * cin + c) * cout + o));
    });
    return dense(shape, dx);
  },
  filterGradient(x: Dense, dy: Dense, shape: readonly number[], window: Sliding): Dense {
    const [, , cin = 0, cout = 0] = shape;
    const dw = new Float64Array(size(shape));
    visitTaps(x.shape, window, (output, input, tap) => {
      for (let c = 0; c < cin; c++)
        for (let o = 0; o < cout; o++) add(dw, (tap * cin + c) * cout + o, get(dy.values, output * cout + o) * get(x.values, input * cin + c));
    });
    return dense(shape, dw);
  },
};

/** Value and gradients of a depthwise convolution with filter [kh, kw, channels, 1]. */
export const depthwise = {
  forward(x: Dense, w: Dense, window: Sliding): Dense {
    const [, , , channels] = dims(x);
    const y = dense(outputShape(x, window, channels), new Float64Array(size(outputShape(x, window, channels))));
    visitTaps(x.shape, window, (output, input, tap) => {
      for (let c = 0; c < channels; c++) add(y.values, output * channels + c, get(x.values, input * channels + c) * get(w.values, tap * channels + c));
    });
    return y;
  },
  inputGradient(dy: Dense, w: Dense, shape: readonly number[], window: Sliding): Dense {
    const channels = shape[3] ?? 0;
    const dx = new Float64Array(size(shape));
    visitTaps(shape, window, (output, input, tap) => {
      for (let c = 0; c < channels; c++) add(dx, input * channels + c, get(dy.values, output * channels + c) * get(w.values, tap * channels + c));
    });
    return dense(shape, dx);
  },
  filterGradient(x: Dense, dy: Dense, shape: readonly number[], window: Sliding): Dense {
    const [, , , channels] = dims(x);
    const dw = new Float64Array(size(shape));
    visitTaps(x.shape, window, (output, input, tap) => {
      for (let c = 0; c < channels; c++) add(dw, tap * channels + c, get(dy.values, output * channels + c) * get(x.values, input * channels + c));
    });
    return dense(shape, dw);
  },
};

/** Value and gradient of average pooling; padding does not count. */
export const averagePool = {
  forward(x: Dense, window: Sliding): Dense {
    const [, , , channels] = dims(x);
    const shape = outputShape(x, window, channels);
    const pixels = pixelsPerWindow(x.shape, window);
    const y = new Float64Array(size(shape));
    visitTaps(x.shape, window, (output, input) => {
      for (let c = 0; c < channels; c++) add(y, output * channels + c, get(x.values, input * channels + c) / get(pixels, output));
    });
    return dense(shape, y);
  },
  inputGradient(dy: Dense, shape: readonly number[], window: Sliding): Dense {
    const channels = shape[3] ?? 0;
    const pixels = pixelsPerWindow(shape, window);
    const dx = new Float64Array(size(shape));
    visitTaps(shape, window, (output, input) => {
      for (let c = 0; c < channels; c++) add(dx, input * channels + c, get(dy.values, output * channels + c) / get(pixels, output));
    });
    return dense(shape, dx);
  },
};

function pixelsPerWindow(shape: readonly number[], window: Sliding): Float64Array {
  const pixels = new Float64Array(size(outputShape({ shape }, window, 1)));
  visitTaps(shape, window, (output) => add(pixels, output, 1));
  return pixels;
}

/** Value and gradient of max pooling; the first of equal maxima in row order gets the gradient. */
export const maxPool = {
  forward(x: Dense, window: Sliding): Dense {
    const [, , , channels] = dims(x);
    const shape = outputShape(x, window, channels);
    const y = new Float64Array(size(shape)).fill(Number.NEGATIVE_INFINITY);
    visitTaps(x.shape, window, (output, input) => {
      for (let c = 0; c < channels; c++) y[output * channels + c] = Math.max(get(y, output * channels + c), get(x.values, input * channels + c));
    });
    return dense(shape, y);
  },
  inputGradient(x: Dense, dy: Dense, window: Sliding): Dense {
    const [, , , channels] = dims(x);
    const y = maxPool.forward(x, window).values;
    const given = new Set<number>();
    const dx = new Float64Array(x.values.length);
    visitTaps(x.shape, window, (output, input) => {
      for (let c = 0; c < channels; c++) {
        const at = output * channels + c;
        if (given.has(at) || get(x.values, input * channels + c) !== get(y, at)) continue;
        given.add(at);
        add(dx, input * channels + c, get(dy.values, at));
      }
    });
    return dense(x.shape, dx);
  },
};
