/**
 * Paths sent by a window. A schema marks them with `.meta(USER_PATH)`, and the gate of the API checks every marked string of every call before a handler sees it,
 * so that a new call cannot forget the check.
 */
import type { z } from "zod";
import { isRecord } from "./is-record.ts";

/** Marks a schema whose string is a path on this machine that will be read or written. */
export const USER_PATH = { userPath: true } as const;

/** Location of a marked string in a value: the keys that lead to it. */
export interface UserPath {
  readonly keys: readonly PropertyKey[];
  readonly path: string;
}

/**
 * Every non-empty string of a value that its schema marks as a path. Alternatives of a union are all searched.
 * @param value parsed by the schema
 * @throws Error for a kind of schema that this walk does not know: extend it before using that kind in the contract
 */
export function userPathsIn(schema: z.ZodType, value: unknown): readonly UserPath[] {
  const found = new Map<string, UserPath>();
  visit(schema, value, [], (keys, inner, at) => {
    if (marked(inner) && typeof at === "string" && at !== "") found.set(JSON.stringify(keys), { keys, path: at });
  });
  return [...found.values()];
}

/** All marked places of a schema, independent of a value, such as `runs.0.folder`. */
export function userPathFields(schema: z.ZodType): readonly string[] {
  const found = new Set<string>();
  visit(schema, undefined, [], (keys, inner) => {
    if (marked(inner)) found.add(keys.map(String).join("."));
  });
  return [...found];
}

/** All places of a schema that take free text, marked or not, for a test that no path is left unmarked. */
export function textFields(schema: z.ZodType): readonly string[] {
  const found = new Set<string>();
  visit(schema, undefined, [], (keys, inner) => {
    if (definitionOf(inner).type === "string") found.add(keys.map(String).join("."));
  });
  return [...found];
}

/** A copy of a value with the string at each place replaced. */
export function withPaths<Value>(value: Value, replaced: readonly UserPath[]): Value {
  let result: unknown = value;
  for (const { keys, path } of replaced) result = replaceAt(result, keys, path);
  return result as Value;
}

function replaceAt(value: unknown, keys: readonly PropertyKey[], text: string): unknown {
  const [key, ...rest] = keys;
  if (key === undefined) return text;
  if (Array.isArray(value)) return value.map((entry, index) => (index === key ? replaceAt(entry, rest, text) : entry));
  const record = value as Readonly<Record<PropertyKey, unknown>>;
  return { ...record, [key]: replaceAt(record[key], rest, text) };
}

function marked(schema: z.ZodType): boolean {
  return schema.meta()?.["userPath"] === true;
}

type Definition = { readonly type: string } & Readonly<Record<string, unknown>>;

function definitionOf(schema: z.ZodType): Definition {
  return schema.def as unknown as Definition;
}

/** Types without parts. `lazy` is plain JSON, the only recursive schema of the contract, and contains no marks; a transform is code. */
const LEAVES = new Set(["string", "number", "boolean", "null", "undefined", "literal", "enum", "any", "unknown", "never", "custom", "lazy", "transform"]);
const WRAPPERS = new Set(["optional", "nullable", "default", "prefault", "readonly", "catch", "nonoptional"]);
/** Placeholder for any index or name when only the schema is walked. */
const ANY = "*";

type Visitor = (keys: readonly PropertyKey[], schema: z.ZodType, value: unknown) => void;

function visit(schema: z.ZodType, value: unknown, keys: readonly PropertyKey[], see: Visitor): void {
  see(keys, schema, value);
  for (const child of childrenOf(schema, value)) visit(child.schema, child.value, "key" in child ? [...keys, child.key] : keys, see);
}

interface Child {
  readonly schema: z.ZodType;
  readonly value: unknown;
  /** Absent if the child describes the same value. */
  readonly key?: PropertyKey;
}

function childrenOf(schema: z.ZodType, value: unknown): readonly Child[] {
  const definition = definitionOf(schema);
  const { type } = definition;
  const same = (...names: readonly string[]): Child[] => names.map((name) => ({ schema: definition[name] as z.ZodType, value }));
  if (LEAVES.has(type)) return [];
  if (WRAPPERS.has(type)) return same("innerType");
  switch (type) {
    case "object": {
      const record = isRecord(value) ? value : undefined;
      return Object.entries(definition["shape"] as Readonly<Record<string, z.ZodType>>).map(([key, field]) => ({ schema: field, value: record?.[key], key }));
    }
    case "array": {
      const element = definition["element"] as z.ZodType;
      return Array.isArray(value)
        ? value.map((entry: unknown, key) => ({ schema: element, value: entry, key }))
        : [{ schema: element, value: undefined, key: ANY }];
    }
    case "tuple": {
      const entries: readonly unknown[] = Array.isArray(value) ? value : [];
      return (definition["items"] as readonly z.ZodType[]).map((item, key) => ({ schema: item, value: entries[key], key }));
    }
    case "record": {
      const entry = definition["valueType"] as z.ZodType;
      return isRecord(value)
        ? Object.entries(value).map(([key, inner]) => ({ schema: entry, value: inner, key }))
        : [{ schema: entry, value: undefined, key: ANY }];
    }
    case "union":
      return (definition["options"] as readonly z.ZodType[]).map((option) => ({ schema: option, value }));
    case "intersection":
      return same("left", "right");
    case "pipe":
      return same("in", "out");
    default:
      throw new Error(`The walk over schemas does not know the kind "${type}".`);
  }
}
