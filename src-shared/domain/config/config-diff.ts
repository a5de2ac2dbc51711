import { isRecord } from "../is-record.ts";

/** Leaves of a config by dotted path. An array of plain values is one leaf; other arrays are indexed. */
export type FlatConfig = ReadonlyMap<string, unknown>;

export function flattenConfig(config: unknown): FlatConfig {
  const leaves = new Map<string, unknown>();
  walk(config, "", leaves);
  return leaves;
}

export interface ConfigDifference {
  readonly path: string;
  /** One value per config, in order; undefined if the config lacks the path. */
  readonly values: readonly unknown[];
  readonly differs: boolean;
}

/** All paths in order of first appearance, and whether the configs differ there. */
export function compareConfigs(configs: readonly unknown[]): ConfigDifference[] {
  const flat = configs.map(flattenConfig);
  const paths = [...new Set(flat.flatMap((leaves) => [...leaves.keys()]))];
  return paths.map((path) => {
    const values = flat.map((leaves) => leaves.get(path));
    return { path, values, differs: values.some((value) => !sameValue(value, values[0])) };
  });
}

export interface ConfigChange {
  readonly path: string;
  readonly kind: "added" | "removed" | "changed";
  readonly before: unknown;
  readonly after: unknown;
}

/** The changes between two configs. */
export function diffConfigs(before: unknown, after: unknown): ConfigChange[] {
  return compareConfigs([before, after])
    .filter((difference) => difference.differs)
    .map(({ path, values: [old, now] }) => ({ path, kind: old === undefined ? "added" : now === undefined ? "removed" : "changed", before: old, after: now }));
}

export function sameValue(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((value, i) => sameValue(value, b[i]));
  if (isRecord(a) && isRecord(b)) {
    const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
    return [...keys].every((key) => sameValue(a[key], b[key]));
  }
  return false;
}

/** The value at a dotted path; undefined if there is none. */
export function valueAt(config: unknown, path: string): unknown {
  let value: unknown = config;
  for (const part of path.split(".")) {
    if (Array.isArray(value)) value = value[Number(part)];
    else if (isRecord(value) && Object.hasOwn(value, part)) value = value[part];
    else return undefined;
  }
  return value;
}

/** A copy with the value at a dotted path replaced; undefined removes the key. */
export function withValueAt(config: unknown, path: string, value: unknown): unknown {
  const [head = "", ...rest] = path.split(".");
  if (Array.isArray(config)) {
    const copy = [...config];
    copy[Number(head)] = rest.length === 0 ? value : withValueAt(copy[Number(head)], rest.join("."), value);
    return copy;
  }
  const copy: Record<string, unknown> = isRecord(config) ? { ...config } : {};
  const next = rest.length === 0 ? value : withValueAt(valueAt(copy, head), rest.join("."), value);
  if (next === undefined) delete copy[head];
  // Defined, not assigned: a key such as __proto__ stays a key.
  else Object.defineProperty(copy, head, { value: next, enumerable: true, writable: true, configurable: true });
  return copy;
}

function walk(value: unknown, path: string, leaves: Map<string, unknown>): void {
  if (Array.isArray(value) && value.some((entry) => isRecord(entry) || Array.isArray(entry))) {
    value.forEach((entry, i) => {
      walk(entry, join(path, String(i)), leaves);
    });
    return;
  }
  if (isRecord(value)) {
    for (const [key, entry] of Object.entries(value)) if (entry !== undefined) walk(entry, join(path, key), leaves);
    return;
  }
  leaves.set(path, value);
}

function join(path: string, key: string): string {
  return path === "" ? key : `${path}.${key}`;
}
