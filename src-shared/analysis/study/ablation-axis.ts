/** The axis of an ablation plot: the numeric setting that the variants differ in, with one line per value of another setting. Pure. */
import type { VariantFacts } from "./study.ts";

export interface AblationAxis {
  /** Title of the numeric setting, for example "Propagation steps T". */
  readonly title: string;
  readonly lines: readonly { readonly name: string; readonly points: readonly { readonly x: number; readonly variant: string }[] }[];
}

/** The axis of an ablation; null unless the variants differ in exactly one numeric and at most one other setting. */
export function ablationAxis(variants: readonly VariantFacts[]): AblationAxis | null {
  const titles = [...new Set(variants.flatMap(({ settings }) => Object.keys(settings)))].filter(
    (title) => new Set(variants.map(({ settings }) => settings[title])).size > 1,
  );
  const isNumber = (title: string): boolean => variants.every(({ settings }) => typeof settings[title] === "number");
  const numbers = titles.filter(isNumber);
  const others = titles.filter((title) => !isNumber(title));
  const [title] = numbers;
  const [other] = others;
  if (title === undefined || numbers.length > 1 || others.length > 1) return null;
  const lines = new Map<string, { x: number; variant: string }[]>();
  for (const { name, settings } of variants) {
    const line = other === undefined ? "" : wordOf(other, settings[other]);
    lines.set(line, [...(lines.get(line) ?? []), { x: Number(settings[title]), variant: name }]);
  }
  return { title, lines: [...lines].map(([name, points]) => ({ name, points: points.sort((a, b) => a.x - b.x) })) };
}

function wordOf(title: string, value: string | number | boolean | undefined): string {
  return typeof value === "boolean" ? `${title}: ${value ? "yes" : "no"}` : String(value ?? "");
}
