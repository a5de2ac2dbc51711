import type { Rng } from "../random.ts";

/** How a parameter starts: normal with a deviation, uniform up to a bound, or constant. */
export type InitialValues =
  | {
      readonly normal: number;
      /** Rows from this one on (along the first axis) start at zero. */
      readonly zeroAfter?: number;
    }
  | { readonly uniform: number }
  | { readonly constants: (index: number) => number };

/** Values of a parameter at the start. */
export function initialValues(shape: readonly number[], initial: InitialValues, rng: Rng): Float32Array {
  const values = new Float32Array(shape.reduce((product, size) => product * size, 1));
  if ("constants" in initial) return values.map((_, i) => initial.constants(i));
  if ("uniform" in initial) return values.map(() => (2 * rng.uniform() - 1) * initial.uniform);
  const { normal, zeroAfter } = initial;
  const end = zeroAfter === undefined ? values.length : (values.length / (shape[0] ?? 1)) * zeroAfter;
  for (let i = 0; i < end; i++) values[i] = normal * rng.normal();
  return values;
}
