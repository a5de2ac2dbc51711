/** Random values that a zod schema accepts, or nearly: limits between fields (refinements) are not known here. */
import fc from "fast-check";
import { z } from "zod";
import { json, text } from "./hostile.ts";

/** The part of JSON Schema that zod writes. */
interface Schema {
  readonly type?: string;
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
  readonly pattern?: string;
  readonly format?: string;
  readonly items?: Schema;
  readonly prefixItems?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: Schema | boolean;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
  readonly $ref?: string;
}

/** Longest list that is drawn, whatever the schema allows. */
const MAX_ITEMS = 6;

export interface FromSchemaOptions {
  /** Other values for some fields, by name: ids that exist, paths within a folder. */
  readonly fields?: Readonly<Record<string, fc.Arbitrary<unknown>>>;
}

export function fromSchema(schema: z.ZodType, { fields = {} }: FromSchemaOptions = {}): fc.Arbitrary<unknown> {
  return build(z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }) as Schema, fields);
}

function build(schema: Schema, fields: Readonly<Record<string, fc.Arbitrary<unknown>>>): fc.Arbitrary<unknown> {
  const again = (part: Schema): fc.Arbitrary<unknown> => build(part, fields);
  if (schema.$ref !== undefined) return json;
  if ("const" in schema) return fc.constant(schema.const);
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  const options = schema.anyOf ?? schema.oneOf;
  if (options !== undefined && options.length > 0) return fc.oneof(...options.map(again));
  if (schema.allOf?.[0] !== undefined) return again({ ...schema.allOf[0], ...schema, allOf: [] });
  switch (schema.type) {
    case "null":
      return fc.constant(null);
    case "boolean":
      return fc.boolean();
    case "integer":
    case "number":
      return number(schema);
    case "string":
      return string(schema);
    case "array":
      if (schema.prefixItems !== undefined) return fc.tuple(...schema.prefixItems.map(again));
      return fc.array(again(schema.items ?? {}), {
        minLength: Math.min(schema.minItems ?? 0, 50),
        maxLength: Math.max(Math.min(schema.maxItems ?? MAX_ITEMS, MAX_ITEMS), schema.minItems ?? 0),
      });
    case "object":
      return object(schema, fields);
    default:
      return json;
  }
}

function number({ type, minimum, maximum, exclusiveMinimum, exclusiveMaximum }: Schema): fc.Arbitrary<number> {
  const low = Math.max(minimum ?? exclusiveMinimum ?? -1e6, Number.MIN_SAFE_INTEGER);
  const high = Math.min(maximum ?? exclusiveMaximum ?? 1e6, Number.MAX_SAFE_INTEGER);
  const small = Math.min(high, Math.max(low, 0) + 20);
  if (type === "integer") {
    const [from, to] = [Math.ceil(low), Math.floor(high)];
    return fc.oneof(
      { weight: 4, arbitrary: fc.integer({ min: from, max: Math.max(from, Math.floor(small)) }) },
      fc.constantFrom(from, to),
      fc.integer({ min: from, max: to }),
    );
  }
  return fc.oneof(fc.double({ min: low, max: high, noNaN: true }), fc.constantFrom(low, high, (low + high) / 2));
}

function string({ pattern, format, minLength = 0, maxLength = 10_000 }: Schema): fc.Arbitrary<string> {
  if (format === "uri") return fc.webUrl({ validSchemes: ["https"] });
  if (pattern !== undefined) return fc.stringMatching(new RegExp(pattern), { maxLength: Math.min(maxLength, 40) });
  const most = Math.min(maxLength, 40);
  return fc.oneof(
    { weight: 3, arbitrary: fc.string({ minLength: Math.min(minLength, most), maxLength: most }) },
    { weight: 1, arbitrary: text.filter(({ length }) => length >= minLength && length <= maxLength) },
  );
}

function object(
  { properties = {}, required = [], additionalProperties }: Schema,
  fields: Readonly<Record<string, fc.Arbitrary<unknown>>>,
): fc.Arbitrary<unknown> {
  const named = Object.entries(properties).map(([key, part]) => {
    const known = fields[key];
    const value = known === undefined ? build(part, fields) : fc.oneof({ weight: 4, arbitrary: known }, { weight: 1, arbitrary: build(part, fields) });
    return [key, value] as const;
  });
  if (named.length > 0) return fc.record(Object.fromEntries(named), { requiredKeys: required.filter((key) => Object.hasOwn(properties, key)) });
  if (typeof additionalProperties !== "object") return fc.constant({});
  return fc.dictionary(text, build(additionalProperties, fields), { maxKeys: 4 });
}
