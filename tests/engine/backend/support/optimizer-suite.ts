import { beforeAll, describe, expect, it, vi } from "vitest";
import {
  type Backend,
  initBackend,
  type NamedArray,
  type OptimizedVariable,
  type Optimizer,
  type Tensor,
  tf,
  type Variable,
} from "../../../../src-main/engine/backend/index.ts";
import { scoped, tensor } from "./check.ts";
import { type Dense, numbers, random } from "./reference.ts";

const SHAPES = [[3, 2], [5], [1, 1, 2, 2], []] as const;
const DECAY = [0.1, 0, 0.02, 0];
const STEPS = 10;
const RATE = 0.05;

interface Rules {
  readonly kind: "adam" | "sgd";
  readonly clipNorm?: number;
  readonly decay?: boolean;
  readonly momentum?: number;
  readonly nesterov?: boolean;
  readonly epsilon?: number;
}

const CASES: readonly Rules[] = [
  { kind: "sgd", momentum: 0 },
  { kind: "sgd", momentum: 0.9 },
  { kind: "sgd", momentum: 0.9, nesterov: true },
  { kind: "sgd", momentum: 0.9, decay: true, clipNorm: 1 },
  { kind: "adam" },
  { kind: "adam", epsilon: 0.1 },
  { kind: "adam", decay: true, clipNorm: 1 },
];

const start = (): Dense[] => SHAPES.map((shape, i) => random(shape, i + 1));
const gradientsAt = (step: number): Dense[] => SHAPES.map((shape, i) => random(shape, 100 * step + i));

/** The textbook update, one number at a time in double precision. */
function reference(rules: Rules): Float64Array[] {
  const parameters = start().map(({ values }) => values.slice());
  const first = parameters.map((values) => new Float64Array(values.length));
  const second = parameters.map((values) => new Float64Array(values.length));
  for (let step = 1; step <= STEPS; step++) {
    const gradients = gradientsAt(step);
    const norm = Math.sqrt(gradients.flatMap(({ values }) => [...values]).reduce((sum, value) => sum + value * value, 0));
    const scale = rules.clipNorm !== undefined && norm > rules.clipNorm ? rules.clipNorm / norm : 1;
    for (const [v, values] of parameters.entries()) {
      const [m, u] = [first[v] ?? new Float64Array(), second[v] ?? new Float64Array()];
      for (const [i, parameter] of values.entries()) {
        const gradient = (gradients[v]?.values[i] ?? 0) * scale + (rules.decay === true ? (DECAY[v] ?? 0) * parameter : 0);
        if (rules.kind === "sgd") {
          const velocity = (rules.momentum ?? 0.9) * (m[i] ?? 0) + gradient;
          m[i] = velocity;
          values[i] = parameter - RATE * (rules.nesterov === true ? gradient + (rules.momentum ?? 0.9) * velocity : velocity);
        } else {
          m[i] = 0.9 * (m[i] ?? 0) + 0.1 * gradient;
          u[i] = 0.999 * (u[i] ?? 0) + 0.001 * gradient * gradient;
          const mean = (m[i] ?? 0) / (1 - 0.9 ** step);
          const deviation = Math.sqrt((u[i] ?? 0) / (1 - 0.999 ** step));
          values[i] = parameter - (RATE * mean) / (deviation + (rules.epsilon ?? 1e-8));
        }
      }
    }
  }
  return parameters;
}

export function describeOptimizers(prefer: "tensorflow" | "wasm"): void {
  let backend: Backend;

  beforeAll(async () => {
    backend = await initBackend({ prefer });
  });

  const variables = (decay = false): { list: OptimizedVariable[]; plain: Variable[] } => {
    const plain = scoped(() => start().map((values) => tf.variable(tensor<Tensor>(values))));
    return { plain, list: plain.map((variable, i) => (decay ? { variable, weightDecay: DECAY[i] ?? 0 } : { variable })) };
  };

  const create = (rules: Rules, list: readonly OptimizedVariable[]): Optimizer => {
    const { kind, decay: _, ...options } = rules;
    return kind === "adam" ? backend.createAdam(list, options) : backend.createSgd(list, options);
  };

  const step = (optimizer: Optimizer, gradients: readonly Dense[], rate = RATE): ReturnType<Optimizer["apply"]> =>
    scoped(() =>
      optimizer.apply(
        Object.fromEntries(optimizer.variables.map(({ name }, i) => [name, tensor(gradients[i] ?? { shape: [], values: Float64Array.of(0) })])),
        rate,
      ),
    );

  const run = (optimizer: Optimizer, from: number, to: number): void => {
    for (let i = from; i <= to; i++) step(optimizer, gradientsAt(i));
  };

  const bits = (list: readonly Variable[]): number[][] => list.map((variable) => [...new Uint32Array(variable.dataSync().slice().buffer)]);

  const free = (optimizer: Optimizer): void => {
    optimizer.dispose();
    tf.dispose([...optimizer.variables]);
  };

  it.each(CASES.map((rules) => ({ name: JSON.stringify(rules), rules })))("follows the textbook: $name", ({ rules }) => {
    const { list, plain } = variables(rules.decay);
    const optimizer = create(rules, list);
    run(optimizer, 1, STEPS);
    expect(optimizer.step).toBe(STEPS);
    for (const [v, expected] of reference(rules).entries()) {
      const actual = plain[v]?.dataSync() ?? [];
      expect(plain[v]?.shape).toEqual([...(SHAPES[v] ?? [])]);
      // float32 over ten steps. Adam divides by a root that is small at first, which amplifies rounding errors.
      for (const [i, value] of expected.entries()) expect(Math.abs((actual[i] ?? Number.NaN) - value)).toBeLessThan(2e-5);
    }
    free(optimizer);
  });

  it.each([{ kind: "adam" }, { kind: "sgd" }] as const)("continues bit for bit from a restored state: $kind", ({ kind }) => {
    const rules: Rules = { kind, decay: true, clipNorm: 2 };
    const whole = variables(true);
    const first = create(rules, whole.list);
    run(first, 1, 4);
    const state = first.state();
    const values = whole.plain.map((variable) => variable.dataSync().slice());
    run(first, 5, 8);

    const { list, plain } = variables(true);
    const second = create(rules, list);
    run(second, 1, 1);
    const renamed: Record<string, NamedArray> = {};
    for (const [name, entry] of Object.entries(state)) {
      const index = whole.plain.findIndex((variable) => name.startsWith(`${variable.name}/`));
      renamed[index < 0 ? name : `${plain[index]?.name}${name.slice(whole.plain[index]?.name.length)}`] = entry;
    }
    second.restore(renamed);
    scoped(() => {
      for (const [i, variable] of plain.entries()) variable.assign(tf.tensor(values[i] ?? new Float32Array(), variable.shape));
    });
    expect(second.step).toBe(4);
    run(second, 5, 8);
    expect(bits(plain)).toEqual(bits(whole.plain));
    free(first);
    free(second);
  });

  it("exports the moments of each variable by name", () => {
    const { list, plain } = variables();
    const optimizer = create({ kind: "sgd", momentum: 0.5 }, list);
    step(optimizer, gradientsAt(1));
    const state = optimizer.state();
    expect(Object.keys(state)).toHaveLength(5);
    expect(state["step"]).toEqual({ shape: [], values: Float32Array.of(1) });
    const [first] = gradientsAt(1);
    expect(state[`${plain[0]?.name}/momentum`]).toEqual({ shape: [3, 2], values: Float32Array.from(first?.values ?? []) });
    free(optimizer);
  });

  it("skips a step whose gradient is not finite, and reports it", () => {
    const { list, plain } = variables(true);
    const optimizer = create({ kind: "adam", decay: true, clipNorm: 1 }, list);
    run(optimizer, 1, 2);
    const before = bits(plain);
    const state = optimizer.state();
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY]) {
      const gradients = gradientsAt(3).map((dense, i) => (i === 1 ? { shape: dense.shape, values: dense.values.fill(bad, 2, 3) } : dense));
      const result = step(optimizer, gradients);
      expect(result.applied).toBe(false);
      expect(Number.isFinite(result.gradientNorm)).toBe(false);
    }
    expect(bits(plain)).toEqual(before);
    expect(optimizer.state()).toEqual(state);
    expect(step(optimizer, gradientsAt(3)).applied).toBe(true);
    free(optimizer);
  });

  it("treats a missing gradient as zero", () => {
    const { list, plain } = variables();
    const optimizer = create({ kind: "sgd", momentum: 0 }, list);
    const before = bits(plain);
    scoped(() => optimizer.apply({ [plain[1]?.name ?? ""]: tf.ones([5]) }, 1));
    const after = bits(plain);
    expect(after[0]).toEqual(before[0]);
    expect(after[1]).not.toEqual(before[1]);
    free(optimizer);
  });

  it("creates one tensor of zeros for each shape of missing gradients", () => {
    const list = scoped(() => Array.from({ length: 50 }, (_, i) => tf.variable(tf.ones(i % 2 === 0 ? [3] : [2, 2]))));
    const optimizer = create(
      { kind: "adam" },
      list.map((variable) => ({ variable })),
    );
    const made = vi.spyOn(tf.engine(), "makeTensor");
    scoped(() => optimizer.apply({ [list[0]?.name ?? ""]: tf.ones([3]) }, 0.1));
    expect(made.mock.calls.filter(([, shape]) => shape.join() === "3" || shape.join() === "2,2").length).toBeLessThan(5);
    made.mockRestore();
    free(optimizer);
  });

  describe("sampled SGD", () => {
    it.each([{ momentum: 0.9 }, { momentum: 0.9, nesterov: true, decay: true, clipNorm: 1 }])("with all gradients is SGD: %o", ({ decay, ...options }) => {
      const usual = variables(decay);
      const sampled = variables(decay);
      const [a, b] = [backend.createSgd(usual.list, options), backend.createSgd(sampled.list, { ...options, sampled: true })];
      run(a, 1, STEPS);
      run(b, 1, STEPS);
      for (const [v, variable] of usual.plain.entries()) {
        const other = sampled.plain[v]?.dataSync() ?? [];
        variable.dataSync().forEach((value, i) => {
          expect(Math.abs(value - (other[i] ?? Number.NaN))).toBeLessThan(1e-6);
        });
      }
      free(a);
      free(b);
    });

    it("moves neither weights nor momentum of variables without a gradient", () => {
      const { list, plain } = variables(true);
      const optimizer = backend.createSgd(list, { momentum: 0.9, sampled: true });
      run(optimizer, 1, 2);
      const [before, state] = [bits(plain), optimizer.state()];
      scoped(() => optimizer.apply({ [plain[1]?.name ?? ""]: tf.ones([5]) }, RATE));
      const [after, later] = [bits(plain), optimizer.state()];
      for (const [v, variable] of plain.entries()) {
        expect(JSON.stringify(after[v]) === JSON.stringify(before[v]), variable.name).toBe(v !== 1);
        expect(JSON.stringify(later[`${variable.name}/momentum`]) === JSON.stringify(state[`${variable.name}/momentum`]), variable.name).toBe(v !== 1);
      }
      expect(optimizer.step).toBe(3);
      expect(scoped(() => optimizer.apply({}, RATE))).toEqual({ gradientNorm: 0, applied: true });
      free(optimizer);
    });

    const continued = (): void => {
      const first = variables(true);
      const options = { momentum: 0.9, nesterov: true, clipNorm: 2, sampled: true };
      const a = backend.createSgd(first.list, options);
      const some = (optimizer: Optimizer, i: number): void =>
        scoped(
          () =>
            void optimizer.apply(
              Object.fromEntries(optimizer.variables.slice(i % 3).map(({ name, shape }, k) => [name, tensor(random(shape, 10 * i + k))])),
              RATE,
            ),
        );
      for (let i = 1; i <= 4; i++) some(a, i);
      const state = a.state();
      const values = first.plain.map((variable) => variable.dataSync().slice());
      const result = scoped(() => a.apply({ [first.plain[0]?.name ?? ""]: tf.fill([3, 2], Number.NaN) }, RATE));
      expect(result.applied).toBe(false);
      expect(a.state()).toEqual(state);
      for (let i = 5; i <= 8; i++) some(a, i);

      const second = variables(true);
      const b = backend.createSgd(second.list, options);
      b.restore(
        Object.fromEntries(
          Object.entries(state).map(([name, entry]) => {
            const v = first.plain.findIndex((variable) => name.startsWith(`${variable.name}/`));
            return [v < 0 ? name : `${second.plain[v]?.name}/momentum`, entry];
          }),
        ),
      );
      scoped(() => {
        for (const [v, variable] of second.plain.entries()) variable.assign(tf.tensor(values[v] ?? new Float32Array(), variable.shape));
      });
      for (let i = 5; i <= 8; i++) some(b, i);
      expect(bits(second.plain)).toEqual(bits(first.plain));
      expect(() => b.restore({ step: { shape: [], values: Float32Array.of(1) } })).toThrow("momentum of shape");
      free(a);
      free(b);
    };

    it("continues bit for bit from a restored state, skips what is not finite, and leaves no tensor behind", () => {
      continued();
      // TensorFlow's kernels keep small constants for each new shape, so the second time counts.
      const tensors = tf.memory().numTensors;
      continued();
      expect(tf.memory().numTensors).toBe(tensors);
    });
  });

  it("does not change tensors that were read before a step", () => {
    const { list, plain } = variables();
    const optimizer = create({ kind: "sgd" }, list);
    run(optimizer, 1, 1);
    scoped(() => {
      const copy = plain.map((variable) => variable.clone());
      const before = copy.map((t) => [...t.dataSync()]);
      run(optimizer, 2, 4);
      expect(copy.map((t) => [...t.dataSync()])).toEqual(before);
    });
    free(optimizer);
  });

  it("rejects gradients, states and options that do not fit", () => {
    const { list, plain } = variables();
    const optimizer = create({ kind: "adam" }, list);
    scoped(() => {
      expect(() => optimizer.apply({ stranger: tf.zeros([1]) }, 1)).toThrow("stranger");
      expect(() => optimizer.apply({ [plain[0]?.name ?? ""]: tf.zeros([2, 3]) }, 1)).toThrow("shape [2, 3] instead of [3, 2]");
    });
    expect(() => optimizer.restore({})).toThrow("step count");
    expect(() => optimizer.restore({ step: { shape: [], values: Float32Array.of(1) } })).toThrow("entries");
    expect(() => backend.createSgd([])).toThrow("at least one");
    expect(() => backend.createSgd(list, { momentum: 1 })).toThrow("momentum");
    expect(() => backend.createAdam(list, { epsilon: 0 })).toThrow("epsilon");
    expect(() => backend.createSgd([...list, ...list])).toThrow("same name");
    free(optimizer);
    expect(() => optimizer.apply({}, 1)).toThrow("disposed");
  });

  it("reports the norm over all gradients before clipping", () => {
    const { list, plain } = variables();
    const optimizer = create({ kind: "sgd", clipNorm: 1 }, list);
    scoped(() => {
      const gradients = { [plain[0]?.name ?? ""]: tf.fill([3, 2], 3), [plain[1]?.name ?? ""]: tf.fill([5], -4), [plain[3]?.name ?? ""]: tf.scalar(12) };
      expect(optimizer.apply(gradients, 0.1).gradientNorm).toBeCloseTo(Math.sqrt(6 * 9 + 5 * 16 + 144), 5);
    });
    free(optimizer);
  });

  it("sums the norm of millions of gradients precisely", () => {
    const size = 12_000_000;
    const next = numbers(3);
    const values = Float32Array.from({ length: size }, () => next() + 0.5);
    const expected = Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
    const variable = scoped(() => tf.variable(tf.zeros([size])));
    const optimizer = backend.createSgd([{ variable }], { momentum: 0 });
    const { gradientNorm } = scoped(() => optimizer.apply({ [variable.name]: tf.tensor1d(values) }, 0.1));
    expect(Math.abs(gradientNorm / expected - 1)).toBeLessThan(1e-5);
    free(optimizer);
  });

  it("works on a single variable", () => {
    const variable = scoped(() => tf.variable(tf.ones([2, 2])));
    const optimizer = backend.createSgd([{ variable, weightDecay: 0.5 }], { momentum: 0 });
    scoped(() => optimizer.apply({ [variable.name]: tf.fill([2, 2], 3) }, 0.1));
    for (const value of variable.dataSync()) expect(value).toBeCloseTo(1 - 0.1 * 3.5, 6);
    free(optimizer);
  });

  it("leaks no tensor after a step, nor after disposal", () => {
    const empty = tf.memory();
    const { list } = variables(true);
    const optimizer = create({ kind: "adam", decay: true, clipNorm: 1 }, list);
    run(optimizer, 1, 2);
    const before = tf.memory();
    run(optimizer, 3, 8);
    optimizer.restore(optimizer.state());
    run(optimizer, 9, 10);
    expect(tf.memory().numTensors).toBe(before.numTensors);
    expect(tf.memory().numDataBuffers).toBe(before.numDataBuffers);
    free(optimizer);
    // On TensorFlow, only cached constants may have been added.
    expect(tf.memory().numTensors - empty.numTensors).toBeLessThanOrEqual(prefer === "wasm" ? 0 : 5);
  });
}
