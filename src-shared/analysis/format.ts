/** Formatting for people. A narrow no-break space separates a number and its unit; see {@link plainSpaces}. */
const SPACE = "\u202f";
/** Placeholder for a missing value. */
export const NO_VALUE = "–";

type Maybe = number | null | undefined;

const plainNumber = new Intl.NumberFormat("en-GB", { maximumFractionDigits: 0 });

/** 1,234,567 with separators. */
export function whole(value: Maybe): string {
  return isMissing(value) ? NO_VALUE : plainNumber.format(value);
}

/** 4.68 M, 569 M, 1.2 k: three significant figures. */
export function count(value: Maybe): string {
  if (isMissing(value)) return NO_VALUE;
  const size = Math.abs(value);
  for (const [limit, unit] of [
    [1e12, "T"],
    [1e9, "G"],
    [1e6, "M"],
    [1e3, "k"],
  ] as const) {
    if (size >= limit * 0.9995) return `${significant(value / limit, 3)}${SPACE}${unit}`;
  }
  return significant(value, 3);
}

/** A fraction in [0, 1] as 94.32 %. */
export function percent(value: Maybe, digits = 2): string {
  return isMissing(value) ? NO_VALUE : `${(value * 100).toFixed(digits)}${SPACE}%`;
}

/** Mean and deviation of fractions as 94.32 ± 0.21 %, without a deviation just the mean. */
export function percentWithDeviation(mean: Maybe, deviation: Maybe, digits = 2): string {
  if (isMissing(mean)) return NO_VALUE;
  return isMissing(deviation) ? percent(mean, digits) : `${(mean * 100).toFixed(digits)} ± ${(deviation * 100).toFixed(digits)}${SPACE}%`;
}

/** Sizes in powers of ten: 12 B, 1.25 MB. */
export function bytes(value: Maybe): string {
  if (isMissing(value)) return NO_VALUE;
  if (value < 1000) return `${Math.round(value)}${SPACE}B`;
  for (const [limit, unit] of [
    [1e12, "TB"],
    [1e9, "GB"],
    [1e6, "MB"],
    [1e3, "kB"],
  ] as const) {
    if (value >= limit * 0.9995) return `${significant(value / limit, 3)}${SPACE}${unit}`;
  }
  return NO_VALUE;
}

/** 4 s, 3 min 20 s, 2 h 05 min, 3 d 4 h. */
export function duration(seconds: Maybe): string {
  if (isMissing(seconds)) return NO_VALUE;
  if (seconds < 0.9995) return `${Math.round(seconds * 1000)}${SPACE}ms`;
  if (seconds < 10) return `${seconds.toFixed(1)}${SPACE}s`;
  const total = Math.round(seconds);
  if (total < 60) return `${total}${SPACE}s`;
  const minutes = Math.floor(total / 60);
  if (minutes < 60) return `${minutes}${SPACE}min ${String(total % 60).padStart(2, "0")}${SPACE}s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours}${SPACE}h ${String(minutes % 60).padStart(2, "0")}${SPACE}min`;
  return `${Math.floor(hours / 24)}${SPACE}d ${hours % 24}${SPACE}h`;
}

/** Up to `digits` significant figures; very small and large values in powers of ten. */
export function significant(value: Maybe, digits = 4): string {
  if (isMissing(value)) return NO_VALUE;
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size < 1e-4 || size >= 1e7)
    return value
      .toExponential(Math.max(0, digits - 1))
      .replace("e-", "e−")
      .replace("e+", "e");
  // Rounding may add a digit before the point: 0.9996 becomes 1.00.
  const decimals = Math.max(0, digits - 1 - Math.floor(Math.log10(Number(size.toPrecision(digits)))));
  const text = value.toFixed(Math.min(decimals, 12));
  return text.startsWith("-") ? `−${text.slice(1)}` : text;
}

/** Correlation coefficients and similar: fixed decimals and a true minus sign, omitted for zero. */
export function coefficient(value: Maybe, digits = 2): string {
  if (isMissing(value)) return NO_VALUE;
  const text = value.toFixed(digits);
  return Number(text) === 0 ? text.replace("-", "") : text.replace("-", "−");
}

/** As {@link coefficient}, with a plus sign for positive values; for differences. */
export function signedCoefficient(value: Maybe, digits = 2): string {
  const text = coefficient(value, digits);
  return !isMissing(value) && Number(value.toFixed(digits)) > 0 ? `+${text}` : text;
}

/** A config value in one line. */
export function configValue(value: unknown): string {
  if (value === undefined || value === null || value === "") return NO_VALUE;
  if (typeof value === "boolean") return value ? "on" : "off";
  if (typeof value === "number") return Number.isInteger(value) && Math.abs(value) >= 10_000 ? whole(value) : String(value).replace(/^-/, "−");
  if (Array.isArray(value)) return value.length === 0 ? "none" : value.map(configValue).join(", ");
  if (typeof value === "object") return JSON.stringify(value);
  return String(value);
}

/** Replaces no-break spaces by ordinary ones, for terminals and machine-readable files. */
export function plainSpaces(text: string): string {
  return text.replaceAll(/[\u202f\u00a0]/g, " ");
}

export function isMissing(value: Maybe): value is null | undefined {
  return value === null || value === undefined || !Number.isFinite(value);
}
