/** The fields of run configs, read from their schemas: for error messages and suggestions. */
import { z } from "zod";
import {
  anytimeGhnRunSchema,
  anytimeRunSchema,
  anytimeSearchRunSchema,
  anytimeTrainingRunSchema,
  cellTrainingRunSchema,
  ghnTrainingRunSchema,
  pipelineRunSchema,
  predictionRunSchema,
  type RunKind,
  searchRunSchema,
  studyRunSchema,
} from "./run-config.ts";

/** The part of JSON Schema that is used here. */
export interface FieldSchema {
  readonly type?: string;
  readonly title?: string;
  readonly description?: string;
  readonly unit?: string;
  readonly default?: unknown;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly items?: FieldSchema;
  readonly properties?: Readonly<Record<string, FieldSchema>>;
  readonly anyOf?: readonly FieldSchema[];
  readonly oneOf?: readonly FieldSchema[];
}

const SCHEMAS = {
  "ghn-training": ghnTrainingRunSchema,
  search: searchRunSchema,
  "cell-training": cellTrainingRunSchema,
  pipeline: pipelineRunSchema,
  prediction: predictionRunSchema,
  study: studyRunSchema,
  anytime: anytimeRunSchema,
  "anytime-ghn": anytimeGhnRunSchema,
  "anytime-search": anytimeSearchRunSchema,
  "anytime-training": anytimeTrainingRunSchema,
} as const satisfies Record<RunKind, z.ZodType>;

const cache = new Map<RunKind, FieldSchema>();

/** The schema of a run kind. */
function configSchemaOf(kind: RunKind): FieldSchema {
  let schema = cache.get(kind);
  if (schema === undefined) {
    schema = z.toJSONSchema(SCHEMAS[kind], { io: "input", unrepresentable: "any" }) as FieldSchema;
    cache.set(kind, schema);
  }
  return schema;
}

/** The schemas of a path: several if the config has alternatives, none if there is no such field. */
export function fieldsAt(kind: RunKind, path: readonly PropertyKey[]): FieldSchema[] {
  let level: FieldSchema[] = [configSchemaOf(kind)];
  for (const key of path) {
    level = level.flatMap(alternatives).flatMap((schema) => {
      if (schema.properties !== undefined) {
        const child = Object.hasOwn(schema.properties, key) ? schema.properties[String(key)] : undefined;
        return child === undefined ? [] : [child];
      }
      if (schema.items !== undefined && /^\d+$/.test(String(key))) return [schema.items];
      return [];
    });
  }
  return level.flatMap(alternatives);
}

/** The dotted paths of all fields with a value. List entries are not included. */
export function fieldPaths(kind: RunKind): string[] {
  const paths = new Set<string>();
  const walk = (schema: FieldSchema, prefix: string): void => {
    for (const option of alternatives(schema)) {
      if (option.properties === undefined) {
        if (prefix !== "") paths.add(prefix);
        continue;
      }
      for (const [key, child] of Object.entries(option.properties)) walk(child, prefix === "" ? key : `${prefix}.${key}`);
    }
  };
  walk(configSchemaOf(kind), "");
  return [...paths];
}

/** The dotted paths of all groups of fields. */
function groupPaths(kind: RunKind): string[] {
  return [
    ...new Set(
      fieldPaths(kind).flatMap((path) =>
        path
          .split(".")
          .slice(0, -1)
          .map((_, i, parts) => parts.slice(0, i + 1).join(".")),
      ),
    ),
  ];
}

/** The names of the fields of a group. */
export function fieldsOf(kind: RunKind, path: readonly PropertyKey[]): string[] {
  return [...new Set(fieldsAt(kind, path).flatMap((field) => Object.keys(field.properties ?? {})))];
}

/** Longer words are not mistyped names; comparing them would take long. */
const MAX_WORD = 120;

/** Suggestions for a mistyped path, best first; at most three. */
export function nearestFields(kind: RunKind, path: string): string[] {
  if (path.length > MAX_WORD) return [];
  const known = [...fieldPaths(kind), ...groupPaths(kind)];
  const last = lastKey(path);
  const ranked = known.map((candidate) => ({ candidate, distance: editDistance(path, candidate) })).sort((a, b) => a.distance - b.distance);
  const best = ranked[0];
  const inGroup = best !== undefined && (sameGroup(path, best.candidate) || best.distance <= 2);
  if (best !== undefined && inGroup && best.distance <= Math.max(1, Math.floor(last.length / 2))) return [best.candidate];
  const namesakes = known.filter((candidate) => lastKey(candidate).toLowerCase() === last.toLowerCase());
  if (namesakes.length > 0) return namesakes.slice(0, 3);
  // `op`, `layers`: not similar to any name, but perhaps part of one; fields of the same group come first.
  const holding = known.filter((candidate) => lastKey(candidate).toLowerCase().includes(last.toLowerCase()));
  const inSameGroup = holding.filter((candidate) => path.includes(".") && sameGroup(path, candidate));
  return (inSameGroup.length > 0 ? inSameGroup : holding).slice(0, 3);
}

/** What a field accepts: "a whole number from 1 to 60". */
export function describeField(schemas: readonly FieldSchema[]): string {
  const words = [...new Set(schemas.map(describeOne))];
  return words.length === 0 ? "something else" : words.join(" or ");
}

function describeOne(schema: FieldSchema): string {
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum !== undefined) return schema.enum.length === 1 ? String(schema.enum[0]) : `one of ${schema.enum.map(String).join(", ")}`;
  switch (schema.type) {
    case "integer":
      return `a whole number${rangeWords(schema)}`;
    case "number":
      return `a number${rangeWords(schema)}`;
    case "boolean":
      return "true or false";
    case "string":
      return schema.maxLength === undefined ? "text" : `text of at most ${figure(schema.maxLength)} characters`;
    case "array":
      return schema.items === undefined ? "a list" : `a list of ${[...new Set(alternatives(schema.items).map(describeEntries))].join(" or ")}`;
    case "object":
      return `an object with the fields ${Object.keys(schema.properties ?? {}).join(", ")}`;
    default:
      return "something else";
  }
}

/** The entries of a list in the plural: "whole numbers from 0 to 60". */
function describeEntries(schema: FieldSchema): string {
  if (schema.const !== undefined || schema.enum !== undefined) return `values, each ${describeOne(schema)}`;
  return describeOne(schema)
    .replace(/^a whole number/, "whole numbers")
    .replace(/^a number/, "numbers")
    .replace(/^an object/, "objects")
    .replace(/^a list/, "lists");
}

/** " from 1 to 60", " above 0 and at most 1", " of at least 1". Bounds of safe integers are omitted. */
function rangeWords({ minimum, maximum, exclusiveMinimum, exclusiveMaximum }: FieldSchema): string {
  const low = minimum !== undefined && minimum > Number.MIN_SAFE_INTEGER ? minimum : undefined;
  const high = maximum !== undefined && maximum < Number.MAX_SAFE_INTEGER ? maximum : undefined;
  if (low !== undefined && high !== undefined) return ` from ${figure(low)} to ${figure(high)}`;
  const parts = [
    exclusiveMinimum === undefined ? (low === undefined ? "" : `of at least ${figure(low)}`) : `above ${figure(exclusiveMinimum)}`,
    exclusiveMaximum === undefined ? (high === undefined ? "" : `at most ${figure(high)}`) : `below ${figure(exclusiveMaximum)}`,
  ].filter((part) => part !== "");
  return parts.length === 0 ? "" : ` ${parts.join(" and ")}`;
}

/** Formats a number for sentences: 5,000. */
export function figure(value: number): string {
  return value.toLocaleString("en", { maximumFractionDigits: 20 });
}

/** Case-insensitive edit distance in which a transposition counts once (optimal string alignment). */
function editDistance(a: string, b: string): number {
  const left = a.toLowerCase();
  const right = b.toLowerCase();
  let before: number[] = [];
  let row = Array.from({ length: right.length + 1 }, (_, j) => j);
  for (let i = 1; i <= left.length; i++) {
    const next = [i];
    for (let j = 1; j <= right.length; j++) {
      const change = (row[j - 1] ?? 0) + (left[i - 1] === right[j - 1] ? 0 : 1);
      const transposed = i > 1 && j > 1 && left[i - 1] === right[j - 2] && left[i - 2] === right[j - 1] ? (before[j - 2] ?? 0) + 1 : Infinity;
      next.push(Math.min(change, transposed, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    before = row;
    row = next;
  }
  return row[right.length] ?? 0;
}

/** The most similar word of a list, if any is similar enough. */
export function nearestWord(written: string, words: readonly string[]): string | undefined {
  if (written.length > MAX_WORD) return undefined;
  const ranked = words.map((word) => ({ word, distance: editDistance(written, word) })).sort((a, b) => a.distance - b.distance);
  const best = ranked[0];
  if (best !== undefined && best.distance <= Math.max(1, Math.floor(written.length / 2.5))) return best.word;
  return words.find((word) => written.length > 1 && word.toLowerCase().startsWith(written.toLowerCase()));
}

function alternatives(schema: FieldSchema): readonly FieldSchema[] {
  return (schema.anyOf ?? schema.oneOf)?.flatMap(alternatives) ?? [schema];
}

function lastKey(path: string): string {
  return path.slice(path.lastIndexOf(".") + 1);
}

function sameGroup(a: string, b: string): boolean {
  return a.slice(0, Math.max(0, a.lastIndexOf("."))) === b.slice(0, Math.max(0, b.lastIndexOf(".")));
}
