import { bytes, count, duration, NO_VALUE, percent, significant } from "../../lib/format.ts";

/** "bestValidationAccuracy" and "best-validation-accuracy" as "Best validation accuracy"; other text is unchanged. */
export function factTitle(key: string): string {
  const words = key.includes(" ")
    ? key
    : key
        .replaceAll(/([a-z0-9])([A-Z])/g, "$1 $2")
        .replaceAll(/[-_/]/g, " ")
        .toLowerCase()
        .replace(/\bghn\b/g, "GHN");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** Formats a fact; the unit is derived from its name. */
export function factValue(key: string, value: string | number | boolean | null): string {
  if (value === null) return NO_VALUE;
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (typeof value === "string") return value;
  const name = key.toLowerCase();
  if (/accuracy|score/.test(name) && value >= 0 && value <= 1) return percent(value);
  if (/seconds$/.test(name)) return duration(value);
  if (/bytes$/.test(name)) return bytes(value);
  if (/parameters|multiply/.test(name)) return count(value);
  return Number.isInteger(value) ? value.toLocaleString("en-GB") : significant(value, 4);
}
