import type { Rng } from "../../random.ts";

/** `count` distinct numbers of 0 .. n - 1, every set equally likely, in ascending order. */
export function sampleDistinct(rng: Rng, n: number, count: number): number[] {
  // Floyd's algorithm: one draw per number, however large n is.
  const chosen = new Set<number>();
  for (let last = n - count; last < n; last++) {
    const draw = rng.int(last + 1);
    chosen.add(chosen.has(draw) ? last : draw);
  }
  return [...chosen].sort((a, b) => a - b);
}
