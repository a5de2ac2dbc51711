/**
 * A network of the anytime space computed the slow, obvious way: recursion from each exit, one value at a time, double precision. Shares nothing with the plan except the names of
 * the parameters. The cost of an exit is that of everything computed for the first time.
 */
import { type AnytimeArchitecture, inputScale, leavesOf } from "../../../../../src-shared/domain/architecture/anytime.ts";
import type { NetworkInput } from "../../../../../src-shared/domain/architecture/network.ts";
import { convolution, type Dense, dense, normalise, pool, size, statistics } from "../../../backend/support/reference.ts";
import { EPSILON, weightOf } from "../../../network/support/reference-network.ts";

export interface SlowExit {
  readonly cell: number;
  readonly node: number;
  readonly logits: Dense;
  /** Cost of this exit if nothing else has been computed before. */
  readonly alone: number;
}

export interface SlowResult {
  readonly exits: readonly SlowExit[];
  /** Parameters that all exits together use, by name. */
  readonly parameters: ReadonlyMap<string, number>;
  /** Cost of the exits together, when computed in this order: the cost after each. */
  cumulative(order: readonly number[]): number[];
}

const SIDES: Readonly<Record<string, number>> = { conv1x1: 1, conv3x3: 3, conv5x5: 5 };

export function computeAnytimeSlowly(
  architecture: AnytimeArchitecture,
  channels: number,
  input: NetworkInput,
  images: Dense,
  weight: (id: string, shape: readonly number[]) => Dense = weightOf,
): SlowResult {
  const n = images.shape[0] ?? 0;
  const parameters = new Map<string, number>();
  /** Values computed so far, by name, each with its cost. */
  let values = new Map<string, Dense>();
  let cost = 0;

  const perImage = (x: Dense): number => size(x.shape) / n;
  const parameter = (id: string, shape: readonly number[]): Dense => {
    parameters.set(id, size(shape));
    return weight(id, shape);
  };
  const once = (key: string, compute: () => Dense): Dense => {
    const known = values.get(key);
    if (known !== undefined) return known;
    const value = compute();
    values.set(key, value);
    return value;
  };
  const conv = (x: Dense, path: string, side: number, filters: number): Dense => {
    const y = convolution(x, parameter(path, [side, side, x.shape[3] ?? 0, filters]), 1, 1, false);
    cost += perImage(y) * side * side * (x.shape[3] ?? 0);
    return y;
  };
  const norm = (x: Dense, path: string): Dense => {
    const { mean, biased } = statistics(x);
    return normalise(x, mean, biased, parameter(`${path}/scale`, [mean.length]), parameter(`${path}/shift`, [mean.length]), EPSILON);
  };
  const relu = (x: Dense): Dense => {
    cost += perImage(x);
    return { shape: x.shape, values: x.values.map((value) => Math.max(0, value)) };
  };
  const side = (length: number, scale: number): number => Math.ceil(length / 2 ** scale);

  type Node = readonly [cell: number, node: number];
  const scaleOf = ([c, node]: Node): number => {
    if (c < 0) return 0;
    const base = inputScale(c, architecture.scales);
    return node < 2 ? base : base + (architecture.cells[c]?.nodes[node - 2]?.scale ?? 0);
  };
  const nameOf = ([c, node]: Node): string => (c < 0 ? "stem" : node < 2 ? `cell${c}/input${node}` : `cell${c}/node${node}`);
  const inputsOf = ([c, node]: Node): Node[] => {
    if (node >= 2) return (architecture.cells[c]?.nodes[node - 2]?.inputs ?? []).map((input): Node => [c, input]);
    const before = architecture.cells[c - 1 - node];
    return before === undefined ? [[-1, 0]] : leavesOf(before).map((leaf): Node => [c - 1 - node, leaf]);
  };
  /** A node's output at another scale, rectified. */
  const seenAt = (node: Node, scale: number): Dense =>
    once(`${nameOf(node)} relu ${scale}`, () => {
      const own = scaleOf(node);
      const x = output(node);
      if (own === scale) return relu(x);
      const factor = 2 ** Math.abs(scale - own);
      return relu(
        once(`${nameOf(node)} at ${scale}`, () => {
          if (scale > own) {
            const y = pool(x, factor, factor, "avg");
            cost += perImage(y) * factor ** 2;
            return y;
          }
          return enlarged(x, factor, side(input.height, scale), side(input.width, scale));
        }),
      );
    });
  const output = (node: Node): Dense =>
    once(nameOf(node), () => {
      const [c, index] = node;
      const name = nameOf(node);
      if (c < 0) return norm(conv(images, "stem/conv", 3, channels), "stem");
      const scale = scaleOf(node);
      const filters = channels * 2 ** scale;
      const joined = concatenated(inputsOf(node).map((source) => seenAt(source, scale)));
      const x = norm(conv(joined, `${name}/bottleneck/conv`, 1, filters), `${name}/bottleneck`);
      const operation = architecture.cells[c]?.nodes[index - 2]?.operation;
      if (operation === undefined) return x;
      const kernel = SIDES[operation];
      if (kernel !== undefined) return norm(conv(relu(x), `${name}/conv`, kernel, filters), name);
      cost += perImage(x) * 9;
      return pool(x, 3, 1, operation === "maxPool3x3" ? "max" : "avg");
    });
  const exit = (node: Node): Dense => {
    const x = seenAt(node, scaleOf(node));
    const c = x.shape[3] ?? 0;
    cost += perImage(x) + (c + 1) * input.classes;
    const matrix = parameter(`${nameOf(node)}/exit/weight`, [c, input.classes]);
    const bias = parameter(`${nameOf(node)}/exit/bias`, [input.classes]);
    const pixels = perImage(x) / c;
    const logits: number[] = [];
    for (let i = 0; i < n; i++)
      for (let k = 0; k < input.classes; k++) {
        let sum = bias.values[k] ?? 0;
        for (let p = 0; p < pixels; p++)
          for (let j = 0; j < c; j++) sum += ((x.values[(i * pixels + p) * c + j] ?? 0) * (matrix.values[j * input.classes + k] ?? 0)) / pixels;
        logits.push(sum);
      }
    return dense([n, input.classes], logits);
  };

  const places = architecture.cells.flatMap(({ nodes }, c) => nodes.flatMap(({ exit: has }, i): Node[] => (has ? [[c, i + 2]] : [])));
  const exits = places.map((place): SlowExit => {
    values = new Map();
    cost = 0;
    const logits = exit(place);
    return { cell: place[0], node: place[1], logits, alone: cost };
  });
  return {
    exits,
    parameters,
    cumulative: (order) => {
      values = new Map();
      cost = 0;
      return order.map((i) => {
        const place = places[i];
        if (place !== undefined) exit(place);
        return cost;
      });
    },
  };
}

function concatenated(xs: readonly Dense[]): Dense {
  const [n = 0, h = 0, w = 0] = xs[0]?.shape ?? [];
  const channels = xs.reduce((sum, x) => sum + (x.shape[3] ?? 0), 0);
  const values: number[] = [];
  for (let p = 0; p < n * h * w; p++) for (const x of xs) for (let c = 0; c < (x.shape[3] ?? 0); c++) values.push(x.values[p * (x.shape[3] ?? 0) + c] ?? 0);
  return dense([n, h, w, channels], values);
}

function enlarged(x: Dense, factor: number, height: number, width: number): Dense {
  const [n = 0, h = 0, w = 0, c = 0] = x.shape;
  const values: number[] = [];
  for (let b = 0; b < n; b++)
    for (let i = 0; i < height; i++)
      for (let j = 0; j < width; j++)
        for (let k = 0; k < c; k++) values.push(x.values[((b * h + Math.floor(i / factor)) * w + Math.floor(j / factor)) * c + k] ?? 0);
  return dense([n, height, width, c], values);
}
