import type { ConfigProblem } from "../../../../src-shared/domain/config/check-config.ts";
import { sameValue, valueAt, withValueAt } from "../../../../src-shared/domain/config/config-diff.ts";
import { fieldsOf } from "../../../../src-shared/domain/config/config-fields.ts";

/** A variant of a study while it is edited: any field may hold what does not parse yet. */
export type EditedVariant = Readonly<Record<string, unknown>>;

/** Stands for the number of a variant in paths that mean all of them: `variants.*.training.epochs`. */
export const ALL = "*";

export const variantPath = (variant: number | typeof ALL, path: string): string => `variants.${variant}.${path}`;

/** Every setting of a variant by dotted path inside it, in the order of the schema: `ghn.generator`, …, `training.augmentation.cutout`. Its name is none. */
export function variantFields(): string[] {
  const walk = (path: string): string[] => {
    const inside = fieldsOf("study", ["variants", "0", ...path.split(".")]);
    return inside.length === 0 ? [path] : inside.flatMap((key) => walk(`${path}.${key}`));
  };
  return ["ghn", "training"].flatMap(walk);
}

/** The variants of an edited config; entries that are no objects become empty. */
export function variantsIn(value: unknown): readonly EditedVariant[] {
  return Array.isArray(value) ? value.map((entry: unknown) => (typeof entry === "object" && entry !== null ? { ...entry } : {})) : [];
}

export function nameOf(variant: EditedVariant | undefined, index: number): string {
  const name = variant?.["name"];
  return typeof name === "string" && name.trim() !== "" ? name : `Variant ${index + 1}`;
}

/** Settings in which the variants are not all alike. */
export function differingFields(variants: readonly EditedVariant[], fields: readonly string[] = variantFields()): string[] {
  return fields.filter((path) => variants.some((variant) => !sameValue(valueAt(variant, path), valueAt(variants[0], path))));
}

/** Settings in which a variant is not as the first one. */
export function differencesFromFirst(variants: readonly EditedVariant[], index: number, fields: readonly string[] = variantFields()): string[] {
  return fields.filter((path) => !sameValue(valueAt(variants[index], path), valueAt(variants[0], path)));
}

/** The name of a copy, which no variant has: “GHN copy”, “GHN copy 2”. A number alone would read as a setting: T = 2. */
export function copyName(variants: readonly EditedVariant[], name: string): string {
  const taken = new Set(variants.map((variant) => variant["name"]));
  const stem = `${name.replace(/ copy(?: \d+)?$/, "").slice(0, 70)} copy`;
  if (!taken.has(stem)) return stem;
  for (let number = 2; ; number++) if (!taken.has(`${stem} ${number}`)) return `${stem} ${number}`;
}

/** With a copy of a variant right behind it, under a name of its own. */
export function withCopy(variants: readonly EditedVariant[], index: number): EditedVariant[] {
  const original = variants[index];
  if (original === undefined) return [...variants];
  return [...variants.slice(0, index + 1), { ...structuredClone(original), name: copyName(variants, nameOf(original, index)) }, ...variants.slice(index + 1)];
}

/** With the entry at `from` moved to `to`; unchanged where there is no such place. */
export function moved<Entry>(list: readonly Entry[], from: number, to: number): Entry[] {
  const entry = list[from];
  if (entry === undefined || to < 0 || to >= list.length) return [...list];
  const rest = list.filter((_, i) => i !== from);
  return [...rest.slice(0, to), entry, ...rest.slice(to)];
}

/** With one setting the same in all variants. */
export function withInAll(variants: readonly EditedVariant[], path: string, value: unknown): EditedVariant[] {
  return variants.map((variant) => withValueAt(variant, path, value) as EditedVariant);
}

/** Problems of variants by place: common ones (`ALL`) are those that every variant has at a setting in which all agree. */
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

/** Problems as a list tells them: what is wrong in all variants alike is said once. */
export function gatheredProblems(problems: readonly ConfigProblem[], variants: readonly EditedVariant[]): ConfigProblem[] {
  const common = problemsByVariant(problems, variants).get(ALL) ?? new Map<string, string>();
  if (common.size === 0) return [...problems];
  return problems.flatMap((problem) => {
    const [, index = "", inside = ""] = /^variants\.(\d+)\.(.+)$/.exec(problem.path) ?? [];
    if (!common.has(inside)) return [problem];
    return index === "0" ? [{ path: variantPath(ALL, inside), message: problem.message.replaceAll("variants.0.", `variants.${ALL}.`) }] : [];
  });
}

/** The setting that a path inside a variant is about: entries of a list belong to it. Null for none, as the name. */
export function settingOf(path: string, fields: readonly string[] = variantFields()): string | null {
  return fields.find((field) => path === field || path.startsWith(`${field}.`)) ?? null;
}

/**
 * The variants of the run that a config was cloned from, each at the place of the variant that it became, so that they can be compared one by one: by name, else by place.
 * Undefined at the places of new ones.
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
