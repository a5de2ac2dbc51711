import { Rng } from "../../random.ts";
import { stratifiedSample } from "./split.ts";
import type { ImageSet } from "./types.ts";

/**
 * Divides a set that has no test part: a stratified fifth (rounded up) becomes the test part. Every class keeps at least one training image if possible.
 * A function of the seed alone.
 */
export function holdOutTestPart(set: Pick<ImageSet, "labels" | "count">, seed: string): { train: Uint32Array; test: Uint32Array } {
  const all = Uint32Array.from({ length: set.count }, (_, i) => i);
  const test = stratifiedSample(set, all, Math.ceil(set.count / 5), Rng.fromSeed(seed, "test-part"), "hold-out");
  const taken = new Set(test);
  return { train: all.filter((index) => !taken.has(index)), test };
}
