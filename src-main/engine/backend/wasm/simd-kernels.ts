/** Calls the SIMD kernels (`simd-kernels.cc`): copies arrays into the module's memory and results out of it. All arrays are float32 in NHWC and are not modified. */
import { inflateRawSync } from "node:zlib";
import type { BatchShape, NormGradients, NormStatistics, SlidingWindow } from "./loops.ts";
import { SIMD_MODULE } from "./simd-module.ts";

type Kernel = (...args: readonly number[]) => void;

interface WasmMemory {
  readonly buffer: ArrayBuffer;
  grow(pages: number): number;
}

/** The part of WebAssembly used here; Node's types do not declare it. */
interface Wasm {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: Readonly<Record<string, unknown>> };
  readonly Memory: abstract new (...args: never) => WasmMemory;
  readonly Global: abstract new (...args: never) => { readonly value: unknown };
}

const { WebAssembly: wasm } = globalThis as unknown as { readonly WebAssembly: Wasm };

const PAGE = 65_536;

/** Byte offset of an array in the module's memory. */
type Address = number;

export interface DepthwiseOptions {
  /** Distance between taps in pixels. */
  readonly dilation: number;
  /** Applies ReLU to x first. */
  readonly relu: boolean;
}

/** The compiled module and its memory, which grows to the size of the largest call and is reused by every call. */
export class SimdKernels {
  private readonly memory: WasmMemory;
  private readonly kernels: ReadonlyMap<string, Kernel>;
  private readonly base: Address;
  private free: Address;

  /** @throws Error if WebAssembly SIMD is not supported */
  constructor() {
    const { exports } = new wasm.Instance(new wasm.Module(Uint8Array.from(inflateRawSync(Buffer.from(SIMD_MODULE, "base64")))));
    const { memory, __heap_base: base } = exports;
    if (!(memory instanceof wasm.Memory) || !(base instanceof wasm.Global)) throw new Error("The SIMD module exports no memory.");
    this.memory = memory;
    this.base = Math.ceil(Number(base.value) / 16) * 16;
    this.free = this.base;
    this.kernels = new Map(Object.entries(exports).flatMap(([name, value]) => (typeof value === "function" ? [[name, value as Kernel] as const] : [])));
  }

  /** Depthwise convolution with stride 1 and SAME padding; filter w [k, k, channels], k 3, 5 or 7. */
  depthwise(x: Float32Array, shape: BatchShape, w: Float32Array, k: number, { dilation, relu }: DepthwiseOptions): Float32Array {
    return this.convolve({ input: x, shape, w, k, dilation, relu, flipped: false, mask: null });
  }

  /** Gradient of {@link depthwise} with respect to x. */
  depthwiseInputGradient(dy: Float32Array, x: Float32Array, shape: BatchShape, w: Float32Array, k: number, { dilation, relu }: DepthwiseOptions): Float32Array {
    return this.convolve({ input: dy, shape, w, k, dilation, relu: false, flipped: true, mask: relu ? x : null });
  }

  /** Gradient of {@link depthwise} with respect to w, [k, k, channels]. */
  depthwiseFilterGradient(x: Float32Array, shape: BatchShape, dy: Float32Array, k: number, { dilation, relu }: DepthwiseOptions): Float32Array {
    const [n, height, width, channels] = shape;
    this.begin();
    const [input, gradient] = [this.put(x), this.put(dy)];
    const sums = this.zeros(8 * k * k * channels);
    const packed = this.allocate(packedBytes(shape, k, dilation));
    this.call("ghn_depthwise_filter_gradient", input, gradient, sums, packed, n, height, width, channels, k, dilation, relu ? 1 : 0);
    return Float32Array.from(this.doubles(sums, k * k * channels));
  }

  /** Gradient of a 1 × 1 convolution with stride 1 with respect to its filter, [inputs, outputs]; x has `inputs` channels, dy has `outputs`. */
  outerSums(x: Float32Array, dy: Float32Array, inputs: number, outputs: number): Float32Array {
    this.begin();
    const [input, gradient] = [this.put(x), this.put(dy)];
    const sums = this.zeros(8 * inputs * outputs);
    this.call("ghn_outer_sums", input, gradient, sums, x.length / inputs, inputs, outputs);
    return Float32Array.from(this.doubles(sums, inputs * outputs));
  }

  /** Mean and biased variance of each channel. */
  channelStatistics(x: Float32Array, channels: number): NormStatistics {
    const pixels = x.length / channels;
    this.begin();
    const input = this.put(x);
    const sums = this.zeros(8 * channels);
    this.call("ghn_channel_sums", input, 0, sums, pixels, channels);
    const mean = Float32Array.from(this.doubles(sums, channels), (sum) => sum / pixels);
    const squares = this.zeros(8 * channels);
    this.call("ghn_channel_sums", input, this.put(mean), squares, pixels, channels);
    return { mean, variance: Float32Array.from(this.doubles(squares, channels), (sum) => sum / pixels) };
  }

  /** scale · (x − mean) / sqrt(variance + epsilon) + shift. */
  normalise(x: Float32Array, { mean, variance }: NormStatistics, scale: Float32Array, shift: Float32Array, epsilon: number): Float32Array {
    const channels = scale.length;
    const factor = scale.map((value, c) => value / Math.sqrt((variance[c] ?? Number.NaN) + epsilon));
    this.begin();
    const [input, output] = [this.put(x), this.allocate(4 * x.length)];
    this.call("ghn_normalise", input, output, this.put(mean), this.put(factor), this.put(shift), x.length / channels, channels);
    return this.floats(output, x.length);
  }

  /**
   * Gradients of {@link normalise}. With `ofBatch`, the statistics are those of x and depend on it:
   * dx = scale / sigma · (dy − mean(dy) − normalised x · mean(dy · normalised x)).
   */
  normaliseGradient(dy: Float32Array, x: Float32Array, statistics: NormStatistics, scale: Float32Array, epsilon: number, ofBatch: boolean): NormGradients {
    const channels = scale.length;
    const pixels = x.length / channels;
    const inverse = statistics.variance.map((variance) => 1 / Math.sqrt(variance + epsilon));
    this.begin();
    const [gradient, input, mean] = [this.put(dy), this.put(x), this.put(statistics.mean)];
    const [sums, products] = [this.zeros(8 * channels), this.zeros(8 * channels)];
    this.call("ghn_normalise_sums", gradient, input, mean, this.put(inverse), sums, products, pixels, channels);
    const shiftGradient = Float32Array.from(this.doubles(sums, channels));
    const scaleGradient = Float32Array.from(this.doubles(products, channels));
    const share = ofBatch ? 1 / pixels : 0;
    const meanOfGradient = Float32Array.from(this.doubles(sums, channels), (sum) => sum * share);
    const meanOfProduct = Float32Array.from(this.doubles(products, channels), (sum, c) => sum * share * (inverse[c] ?? Number.NaN));
    const factor = scale.map((value, c) => value * (inverse[c] ?? Number.NaN));
    const output = this.allocate(4 * x.length);
    this.call("ghn_normalise_gradient", gradient, input, output, mean, this.put(factor), this.put(meanOfGradient), this.put(meanOfProduct), pixels, channels);
    return { x: this.floats(output, x.length), scale: scaleGradient, shift: shiftGradient };
  }

  /** dy where y > 0, else 0. */
  reluGradient(dy: Float32Array, y: Float32Array): Float32Array {
    this.begin();
    const [gradient, condition, output] = [this.put(dy), this.put(y), this.allocate(4 * dy.length)];
    this.call("ghn_relu_gradient", gradient, condition, output, dy.length);
    return this.floats(output, dy.length);
  }

  /** Gradient of max pooling with square windows. If maxima are equal, the first in row order gets the gradient. */
  maxPoolGradient(dy: Float32Array, x: Float32Array, y: Float32Array, [n, height, width, channels]: BatchShape, window: SlidingWindow): Float32Array {
    const { rows, columns, stride } = window;
    this.begin();
    const [gradient, input, maxima] = [this.put(dy), this.put(x), this.put(y)];
    const dx = this.zeros(4 * x.length);
    this.call(
      "ghn_max_pool_gradient",
      ...[gradient, input, maxima, dx, n, height, width, channels, rows.output, columns.output, window.height, stride, rows.before, columns.before],
    );
    return this.floats(dx, x.length);
  }

  private convolve(what: {
    readonly input: Float32Array;
    readonly shape: BatchShape;
    readonly w: Float32Array;
    readonly k: number;
    readonly dilation: number;
    readonly relu: boolean;
    readonly flipped: boolean;
    readonly mask: Float32Array | null;
  }): Float32Array {
    const { input, shape, w, k, dilation, relu, flipped, mask } = what;
    const [n, height, width, channels] = shape;
    this.begin();
    const [x, taps, y] = [this.put(input), this.put(w), this.allocate(4 * input.length)];
    const condition = mask === null ? 0 : this.put(mask);
    const packed = this.allocate(packedBytes(shape, k, dilation));
    this.call("ghn_depthwise", x, taps, y, condition, packed, n, height, width, channels, k, dilation, relu ? 1 : 0, flipped ? 1 : 0);
    return this.floats(y, input.length);
  }

  private begin(): void {
    this.free = this.base;
  }

  /** Allocates memory with undefined contents, aligned to 16 bytes. */
  private allocate(bytes: number): Address {
    const address = this.free;
    this.free += Math.ceil(bytes / 16) * 16;
    const missing = this.free - this.memory.buffer.byteLength;
    if (missing > 0) this.memory.grow(Math.ceil(missing / PAGE));
    return address;
  }

  private zeros(bytes: number): Address {
    const address = this.allocate(bytes);
    new Uint8Array(this.memory.buffer, address, bytes).fill(0);
    return address;
  }

  private put(values: Float32Array): Address {
    const address = this.allocate(values.byteLength);
    new Float32Array(this.memory.buffer, address, values.length).set(values);
    return address;
  }

  private floats(address: Address, length: number): Float32Array {
    return new Float32Array(this.memory.buffer, address, length).slice();
  }

  private doubles(address: Address, length: number): Float64Array {
    return new Float64Array(this.memory.buffer, address, length);
  }

  private call(name: string, ...args: readonly number[]): void {
    const kernel = this.kernels.get(name);
    if (kernel === undefined) throw new Error(`The SIMD module has no kernel ${name}.`);
    kernel(...args);
  }
}

function packedBytes([, height, width]: BatchShape, k: number, dilation: number): number {
  return 16 * (height + (k - 1) * dilation) * (width + (k - 1) * dilation);
}
