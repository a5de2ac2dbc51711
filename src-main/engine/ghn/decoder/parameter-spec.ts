import type { Rng } from "../../random.ts";

/** One parameter of a hypernetwork. */
export interface ParameterSpec {
  /** Its name in files. */
  readonly name: string;
  readonly shape: readonly number[];
  readonly initial: InitialValues;
}

/** How a parameter is initialised: normal with a standard deviation, uniform in [−bound, bound], or constant. */
export type InitialValues =
  | {
      readonly normal: number;
      /** Standard deviation of the last row along the first axis, if it differs. */
      readonly lastRow?: number;
    }
  | { readonly uniform: number }
  | { readonly constants: (index: number) => number };

/** Number of values of a shape. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** Number of values of several parameters. */
export function countParameters(specs: readonly { readonly shape: readonly number[] }[]): number {
  return specs.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
}

/** Draws the initial values of a parameter. */
export function initialValues({ shape, initial }: ParameterSpec, rng: Rng): Float32Array {
  const values = new Float32Array(sizeOf(shape));
  if ("constants" in initial) return values.map((_, i) => initial.constants(i));
  if ("uniform" in initial) return values.map(() => (2 * rng.uniform() - 1) * initial.uniform);
  const { normal, lastRow = normal } = initial;
  const lastStart = values.length - values.length / (shape[0] ?? 1);
  for (let i = 0; i < values.length; i++) values[i] = (i < lastStart ? normal : lastRow) * rng.normal();
  return values;
}
