/**
 * Computes a network the slow, obvious way: recursively over the cell, one value at a time, in double precision, sharing nothing with the plan except the names of
 * parameters. Also counts parameters and multiply-adds.
 */
import { outputNodes } from "../../../../src-shared/domain/architecture/cell.ts";
import type { Architecture, NetworkConfig, NetworkInput } from "../../../../src-shared/domain/architecture/network.ts";
import { convolution, type Dense, dense, normalise, pool, random, size, statistics } from "../../backend/support/reference.ts";

export const EPSILON = 1e-5;

/** Values of a parameter, which depend only on its name. */
export function weightOf(id: string, shape: readonly number[]): Dense {
  let seed = 17;
  for (const letter of id) seed = (Math.imul(seed, 31) + letter.charCodeAt(0)) >>> 0;
  const values = random(shape, seed);
  const isScale = id.endsWith("/scale");
  const deviation = shape.length === 1 ? 0.3 : Math.sqrt(3 / (size(shape) / (shape.at(-1) ?? 1)));
  return dense(
    shape,
    Float32Array.from(values.values, (value) => value * deviation + (isScale ? 1 : 0)),
  );
}

export interface Moments {
  readonly mean: readonly number[];
  readonly variance: readonly number[];
}

export interface ReferenceResult {
  readonly logits: Dense;
  readonly auxiliary: Dense;
  /** Statistics of every batch norm by name, unbiased variance. */
  readonly moments: ReadonlyMap<string, Moments>;
  /** Number of parameters used, without the auxiliary head. */
  readonly parameters: number;
  /** For one image. */
  readonly multiplyAdds: number;
}

/**
 * @param running statistics by name; default: those of the batch
 */
export function computeSlowly(
  { normal, reduction }: Architecture,
  network: NetworkConfig,
  input: NetworkInput,
  images: Dense,
  weight: (id: string, shape: readonly number[]) => Dense = weightOf,
  running?: ReadonlyMap<string, Moments>,
): ReferenceResult {
  const n = images.shape[0] ?? 0;
  const used = new Map<string, number>();
  const moments = new Map<string, Moments>();
  let multiplyAdds = 0;

  const parameter = (id: string, shape: readonly number[]): Dense => {
    used.set(id, size(shape));
    return weight(id, shape);
  };
  const channelsOf = (x: Dense): number => x.shape[3] ?? 0;
  const relu = (x: Dense): Dense => ({ shape: x.shape, values: x.values.map((value) => Math.max(0, value)) });
  const conv = (x: Dense, id: string, kh: number, kw: number, filters: number, stride = 1): Dense => {
    const y = convolution(x, parameter(id, [kh, kw, channelsOf(x), filters]), stride, 1, false);
    multiplyAdds += (size(y.shape) / n) * kh * kw * channelsOf(x);
    return y;
  };
  const depthwise = (x: Dense, id: string, k: number, dilation: number): Dense => {
    const y = convolution(x, parameter(id, [k, k, channelsOf(x), 1]), 1, dilation, true);
    multiplyAdds += (size(y.shape) / n) * k * k;
    return y;
  };
  const norm = (x: Dense, path: string, application: number): Dense => {
    const c = channelsOf(x);
    const { mean, biased, unbiased } = statistics(x);
    const name = `${path}/${application}`;
    moments.set(name, { mean, variance: unbiased });
    const given = running?.get(name);
    return normalise(x, given?.mean ?? mean, given?.variance ?? biased, parameter(`${path}/scale`, [c]), parameter(`${path}/shift`, [c]), EPSILON);
  };
  const sum = (terms: readonly Dense[]): Dense => ({
    shape: terms[0]?.shape ?? [],
    values: (terms[0]?.values ?? new Float64Array()).map((_, i) => terms.reduce((s, term) => s + (term.values[i] ?? 0), 0)),
  });
  const concat = (list: readonly Dense[]): Dense => {
    const [height, width] = [list[0]?.shape[1] ?? 0, list[0]?.shape[2] ?? 0];
    const values: number[] = [];
    for (let pixel = 0; pixel < n * height * width; pixel++)
      for (const x of list) values.push(...x.values.slice(pixel * channelsOf(x), (pixel + 1) * channelsOf(x)));
    return dense([n, height, width, list.reduce((s, x) => s + channelsOf(x), 0)], values);
  };
  const separable = (x: Dense, path: string, k: number, dilation: number, application: number): Dense => {
    let y = x;
    for (let i = 0; i < network.separableRepeats; i++) {
      const filters = channelsOf(y);
      y = norm(conv(depthwise(relu(y), `${path}/sep${i}/depthwise`, k, dilation), `${path}/sep${i}/pointwise`, 1, 1, filters), `${path}/sep${i}`, application);
    }
    return y;
  };
  const factorized = (x: Dense, path: string, k: number, application: number): Dense => {
    const c = channelsOf(x);
    const pair = (y: Dense, filters: number): Dense =>
      norm(conv(conv(relu(y), `${path}/conv1x${k}`, 1, k, filters), `${path}/conv${k}x1`, k, 1, filters), path, application);
    if (network.factorizedDivisor === 1) return pair(x, c);
    const inner = Math.max(1, Math.round(c / network.factorizedDivisor));
    const down = norm(conv(relu(x), `${path}/down/conv`, 1, 1, inner), `${path}/down`, application);
    return norm(conv(relu(pair(down, inner)), `${path}/up/conv`, 1, 1, c), `${path}/up`, application);
  };
  const apply = (operation: string, x: Dense, path: string, application: number): Dense => {
    switch (operation) {
      case "identity":
        return x;
      case "conv1x1":
        return norm(conv(relu(x), `${path}/conv`, 1, 1, channelsOf(x)), path, application);
      case "conv3x3":
        return norm(conv(relu(x), `${path}/conv`, 3, 3, channelsOf(x)), path, application);
      case "sepConv3x3":
        return separable(x, path, 3, 1, application);
      case "sepConv5x5":
        return separable(x, path, 5, 1, application);
      case "sepConv7x7":
        return separable(x, path, 7, 1, application);
      case "dilConv3x3":
        return separable(x, path, 3, 2, application);
      case "dilConv5x5":
        return separable(x, path, 5, 2, application);
      case "conv1x7-7x1":
        return factorized(x, path, 7, application);
      case "conv1x3-3x1":
        return factorized(x, path, 3, application);
      case "maxPool3x3":
        return pool(x, 3, 1, "max");
      case "maxPool2x2":
        return pool(x, 2, 1, "max");
      case "avgPool3x3":
        return pool(x, 3, 1, "avg");
      case "avgPool2x2":
        return pool(x, 2, 1, "avg");
      default:
        throw new Error(operation);
    }
  };

  const scaleOf = (block: number): number => (block < 0 ? 0 : [...new Set(network.reductions)].filter((r) => r <= block).length);
  const cellOf = (block: number) => (reduction !== undefined && network.reductions.includes(block) ? reduction : normal);
  const cache = new Map<string, Dense>();
  const once = (key: string, compute: () => Dense): Dense => {
    const known = cache.get(key);
    if (known !== undefined) return known;
    const value = compute();
    cache.set(key, value);
    return value;
  };
  const stem = (): Dense =>
    once("stem", () => {
      const channels = network.initialChannels * network.stemMultiplier;
      if (network.stem !== "stride8") return norm(conv(images, "stem/conv", 3, 3, channels, network.stem === "imagenet" ? 2 : 1), "stem", 0);
      const half = norm(conv(images, "stem/conv", 3, 3, Math.ceil(channels / 2), 2), "stem", 0);
      const quarter = norm(conv(relu(half), "stem/down1/conv", 3, 3, channels, 2), "stem/down1", 0);
      return norm(conv(relu(quarter), "stem/down2/conv", 3, 3, channels, 2), "stem/down2", 0);
    });
  const output = (block: number): Dense =>
    block < 0 ? stem() : once(`output ${block}`, () => concat(outputNodes(cellOf(block)).map((index) => node(block, index))));
  const node = (block: number, index: number): Dense =>
    once(`${block} ${index}`, () => {
      if (index < 2) {
        const path = `block${block}/input${index}`;
        const source = block - 1 - index;
        return norm(
          conv(
            relu(output(source)),
            `${path}/conv`,
            1,
            1,
            network.initialChannels * 2 ** scaleOf(block),
            2 ** (scaleOf(block) - scaleOf(Math.max(-1, source))),
          ),
          path,
          0,
        );
      }
      const { operation, inputs } = cellOf(block).nodes[index - 2] ?? { operation: "", inputs: [] };
      return sum(inputs.map((from, application) => apply(operation, node(block, from), `block${block}/node${index}`, application)));
    });
  const classify = (x: Dense, path: string): Dense => {
    const [, height = 0, width = 0, c = 0] = x.shape;
    const w = parameter(`${path}/weight`, [c, input.classes]);
    const b = parameter(`${path}/bias`, [input.classes]);
    multiplyAdds += c * input.classes;
    const values: number[] = [];
    for (let image = 0; image < n; image++) {
      const means = Array.from({ length: c }, (_, channel) => {
        let total = 0;
        for (let pixel = 0; pixel < height * width; pixel++) total += x.values[(image * height * width + pixel) * c + channel] ?? 0;
        return total / (height * width);
      });
      for (let k = 0; k < input.classes; k++)
        values.push(means.reduce((s, value, channel) => s + value * (w.values[channel * input.classes + k] ?? 0), b.values[k] ?? 0));
    }
    return dense([n, input.classes], values);
  };

  const logits = classify(relu(output(network.blocks - 1)), "classifier");
  const parameters = [...used.values()].reduce((s, count) => s + count, 0);
  const total = multiplyAdds;
  const middle = output(Math.min(network.blocks - 1, Math.floor((2 * network.blocks) / 3)));
  const width = Math.min(128, channelsOf(middle));
  const squeezed = norm(conv(pool(relu(middle), 5, 3, "avg"), "auxiliary/squeeze/conv", 1, 1, width), "auxiliary/squeeze", 0);
  const expanded = norm(conv(relu(squeezed), "auxiliary/expand/conv", 2, 2, 6 * width), "auxiliary/expand", 0);
  return { logits, auxiliary: classify(relu(expanded), "auxiliary"), moments, parameters, multiplyAdds: total };
}
