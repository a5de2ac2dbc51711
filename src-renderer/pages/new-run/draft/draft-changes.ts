import { diffConfigs, valueAt } from "../../../../src-shared/domain/config/config-diff.ts";
import { alignedVariants, variantsIn } from "./variants.ts";

/**
 * Changes against the run that a config was cloned from: paths of the config with the values of that run. Variants of a study are compared with their originals even after they were
 * moved; a new one is a single change at `variants.<index>`, and if some were removed or moved, `variants` holds the original names.
 */
export function changesFrom(origin: unknown, now: unknown): ReadonlyMap<string, unknown> {
  const before = variantsIn(valueAt(origin, "variants"));
  const variants = variantsIn(valueAt(now, "variants"));
  if (before.length === 0 || variants.length === 0) return new Map(diffConfigs(origin, now).map((change) => [change.path, change.before]));
  const aligned = alignedVariants(before, variants);
  const comparable = { ...(origin as object), variants: aligned.map((old, i) => old ?? variants[i]) };
  const changes = new Map(diffConfigs(comparable, now).map((change) => [change.path, change.before]));
  aligned.forEach((old, i) => {
    if (old === undefined) changes.set(`variants.${i}`, undefined);
  });
  const kept = aligned.filter((old) => old !== undefined);
  const inPlace = kept.length === before.length && kept.every((old, i) => old === before[i]);
  if (!inPlace)
    changes.set(
      "variants",
      before.map((variant) => variant["name"]),
    );
  return changes;
}
