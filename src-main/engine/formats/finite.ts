import type { NamedArray } from "../backend/ops/types.ts";

/** The first array that holds a value that is not finite, by name; null if there is none. */
export function notFinite(tensors: ReadonlyMap<string, NamedArray>): string | null {
  for (const [name, { values }] of tensors) {
    // A product with 0 is 0 for finite values and NaN for all others, so one pass without branches is enough.
    let zero = 0;
    for (let i = 0; i < values.length; i++) zero += (values[i] ?? 0) * 0;
    if (zero !== 0) return name;
  }
  return null;
}
