import type { NetworkInput } from "../../../src-shared/domain/architecture/network.ts";
import type { NamedArray } from "../backend/ops/types.ts";
import type { BuiltPlan } from "../network/program.ts";

/** A network with all its values, ready for another program. */
export interface ExportedNetwork {
  readonly plan: BuiltPlan;
  /** Parameters by slot id, and `<norm id>/mean` and `<norm id>/variance` of every batch norm. */
  readonly arrays: ReadonlyMap<string, NamedArray>;
  readonly input: NetworkInput;
  /** Per channel, on the scale 0 to 1: x = (byte / 255 − mean) / std. */
  readonly normalisation: { readonly mean: readonly number[]; readonly std: readonly number[] };
  readonly classNames: readonly string[];
}

/** An array of a network. @throws Error if it is missing */
export function arrayOf({ arrays }: Pick<ExportedNetwork, "arrays">, name: string): NamedArray {
  const array = arrays.get(name);
  if (array === undefined) throw new Error(`The array ${name} is missing.`);
  return array;
}

/** Convolution kernel [height, width, in, out] as [out, in, height, width]; a depthwise one, [height, width, channels, 1], as [channels, 1, height, width]. */
export function toChannelsFirst({ shape, values }: NamedArray, depthwise: boolean): NamedArray {
  const [height = 1, width = 1, inner = 1, outer = 1] = shape;
  const result = new Float32Array(values.length);
  const [first, second] = depthwise ? [inner, 1] : [outer, inner];
  const pixels = height * width;
  for (let pixel = 0; pixel < pixels; pixel++)
    for (let i = 0; i < inner; i++)
      for (let o = 0; o < outer; o++) {
        const at = depthwise ? i : o * inner + i;
        result[at * pixels + pixel] = values[(pixel * inner + i) * outer + o] ?? 0;
      }
  return { shape: [first, second, height, width], values: result };
}
