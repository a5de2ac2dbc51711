import type { Rng } from "../../random.ts";

/** How a parameter starts: normal with a deviation, uniform up to a bound, or constant. */
export type InitialValues =
  | {
      readonly normal: number;
      /** Deviation of the last row along the first axis, where it is another. */
      readonly lastRow?: number;
    }
  | { readonly uniform: number }
  | { readonly constants: (index: number) => number };

/** Values of a parameter at the start. */
export function initialValues(shape: readonly number[], initial: InitialValues, rng: Rng): Float32Array {
  const values = new Float32Array(shape.reduce((product, size) => product * size, 1));
  if ("constants" in initial) return values.map((_, i) => initial.constants(i));
  if ("uniform" in initial) return values.map(() => (2 * rng.uniform() - 1) * initial.uniform);
  const { normal, lastRow = normal } = initial;
  const lastStart = values.length - values.length / (shape[0] ?? 1);
  for (let i = 0; i < values.length; i++) values[i] = (i < lastStart ? normal : lastRow) * rng.normal();
  return values;
}
