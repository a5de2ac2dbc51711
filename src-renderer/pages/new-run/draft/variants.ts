import type { ConfigProblem } from "../../../../src-shared/domain/config/check-config.ts";
import { sameValue, valueAt, withValueAt } from "../../../../src-shared/domain/config/config-diff.ts";
import { fieldsOf } from "../../../../src-shared/domain/config/config-fields.ts";

/** A variant of a study being edited; any field may hold an invalid value. */
export type EditedVariant = Readonly<Record<string, unknown>>;

/** Placeholder for the index in paths that refer to all variants: `variants.*.training.epochs`. */
export const ALL = "*";

export const variantPath = (variant: number | typeof ALL, path: string): string => `variants.${variant}.${path}`;

/** Every setting of a variant by dotted path, in schema order: `ghn.generator`, …, `training.augmentation.cutout`. The name is not a setting. */
export function variantFields(): string[] {
  const walk = (path: string): string[] => {
    const inside = fieldsOf("study", ["variants", "0", ...path.split(".")]);
    return inside.length === 0 ? [path] : inside.flatMap((key) => walk(`${path}.${key}`));
  };
  return ["ghn", "training"].flatMap(walk);
}

/** The variants of an edited config; entries that are not objects become empty. */
export function variantsIn(value: unknown): readonly EditedVariant[] {
  return Array.isArray(value) ? value.map((entry: unknown) => (typeof entry === "object" && entry !== null ? { ...entry } : {})) : [];
}

export function nameOf(variant: EditedVariant | undefined, index: number): string {
  const name = variant?.["name"];
  return typeof name === "string" && name.trim() !== "" ? name : `Variant ${index + 1}`;
}

/** Settings that are not the same in all variants. */
export function differingFields(variants: readonly EditedVariant[], fields: readonly string[] = variantFields()): string[] {
  return fields.filter((path) => variants.some((variant) => !sameValue(valueAt(variant, path), valueAt(variants[0], path))));
}

/** Settings in which a variant differs from the first. */
export function differencesFromFirst(variants: readonly EditedVariant[], index: number, fields: readonly string[] = variantFields()): string[] {
  return fields.filter((path) => !sameValue(valueAt(variants[index], path), valueAt(variants[0], path)));
}

/** An unused name for a copy: “GHN copy”, “GHN copy 2”. A number alone would read as a setting, such as T = 2. */
export function copyName(variants: readonly EditedVariant[], name: string): string {
  const taken = new Set(variants.map((variant) => variant["name"]));
  const stem = `${name.replace(/ copy(?: \d+)?$/, "").slice(0, 70)} copy`;
  if (!taken.has(stem)) return stem;
  for (let number = 2; ; number++) if (!taken.has(`${stem} ${number}`)) return `${stem} ${number}`;
}

/** Duplicates a variant, placing the copy after it under a new name. */
export function withCopy(variants: readonly EditedVariant[], index: number): EditedVariant[] {
  const original = variants[index];
  if (original === undefined) return [...variants];
  return [...variants.slice(0, index + 1), { ...structuredClone(original), name: copyName(variants, nameOf(original, index)) }, ...variants.slice(index + 1)];
}

/** Moves the entry at `from` to `to`; unchanged if there is no such index. */
export function moved<Entry>(list: readonly Entry[], from: number, to: number): Entry[] {
  const entry = list[from];
  if (entry === undefined || to < 0 || to >= list.length) return [...list];
  const rest = list.filter((_, i) => i !== from);
  return [...rest.slice(0, to), entry, ...rest.slice(to)];
}

/** Sets one setting to the same value in all variants. */
export function withInAll(variants: readonly EditedVariant[], path: string, value: unknown): EditedVariant[] {
  return variants.map((variant) => withValueAt(variant, path, value) as EditedVariant);
}

/** Problems of variants by index; common problems (`ALL`) affect a setting that is the same in all variants. */
export function problemsByVariant(
  problems: readonly ConfigProblem[],
  variants: readonly EditedVariant[],
): ReadonlyMap<number | typeof ALL, ReadonlyMap<string, string>> {
  const own = new Map<number | typeof ALL, Map<string, string>>(variants.map((_, i) => [i, new Map<string, string>()]));
  for (const { path, message } of problems) {
    const [, index = "", inside = ""] = /^variants\.(\d+)\.(.+)$/.exec(path) ?? [];
    const list = own.get(Number(index));
    if (index !== "" && list !== undefined && !list.has(inside)) list.set(inside, message);
  }
  const differing = new Set(differingFields(variants));
  const common = new Map<string, string>();
  for (const [path, message] of own.get(0) ?? []) {
    const field = settingOf(path);
    if (variants.length > 1 && field !== null && !differing.has(field) && variants.every((_, i) => own.get(i)?.has(path) === true)) common.set(path, message);
  }
  for (const path of common.keys()) for (const list of own.values()) list.delete(path);
  return own.set(ALL, common);
}

/** Problems for display in a list: a problem common to all variants is listed once. */
export function gatheredProblems(problems: readonly ConfigProblem[], variants: readonly EditedVariant[]): ConfigProblem[] {
  const common = problemsByVariant(problems, variants).get(ALL) ?? new Map<string, string>();
  if (common.size === 0) return [...problems];
  return problems.flatMap((problem) => {
    const [, index = "", inside = ""] = /^variants\.(\d+)\.(.+)$/.exec(problem.path) ?? [];
    if (!common.has(inside)) return [problem];
    return index === "0" ? [{ path: variantPath(ALL, inside), message: problem.message.replaceAll("variants.0.", `variants.${ALL}.`) }] : [];
  });
}

/** The setting that a path inside a variant belongs to, e.g. the list of a list entry. Null if none, as for the name. */
export function settingOf(path: string, fields: readonly string[] = variantFields()): string | null {
  return fields.find((field) => path === field || path.startsWith(`${field}.`)) ?? null;
}

/**
 * The variants of the cloned run, aligned with the edited variants for comparison: matched by name, else by index.
 * Undefined at the indices of new variants.
 */
export function alignedVariants(before: readonly EditedVariant[], now: readonly EditedVariant[]): (EditedVariant | undefined)[] {
  const left = new Set(before);
  const byName = now.map((variant) => {
    const twin = [...left].find((old) => old["name"] === variant["name"]);
    if (twin !== undefined) left.delete(twin);
    return twin;
  });
  return byName.map((twin, i) => {
    const old = before[i];
    if (twin !== undefined || old === undefined || !left.has(old)) return twin;
    left.delete(old);
    return old;
  });
}
