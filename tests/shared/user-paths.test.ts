/** Paths in calls: every one is marked, so that the gate checks it (src-shared/domain/user-paths.ts). */
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { CALLS, type CallName } from "../../src-shared/contract.ts";
import { textFields, USER_PATH, userPathFields, userPathsIn, withPaths } from "../../src-shared/domain/user-paths.ts";

const names = Object.keys(CALLS) as CallName[];

describe("every call of the contract", () => {
  test.each(names)("%s marks each of its texts that could be a path", (name) => {
    const marked = new Set(userPathFields(CALLS[name].input));
    const suspicious = textFields(CALLS[name].input).filter((field) => /(^|\.)(path|folder|file|root|directory|\w*(Path|Folder|File))$/.test(field));
    // Neither is opened: one is compared with remembered folders, the other only pre-fills a native dialog.
    const exempt = new Set(name === "project.forget" ? ["folder"] : name === "system.choose" ? ["defaultPath"] : []);
    expect(suspicious.filter((field) => !marked.has(field) && !exempt.has(field))).toEqual([]);
  });

  test("these have paths", () => {
    expect(names.filter((name) => userPathFields(CALLS[name].input).length > 0).sort()).toEqual([
      "anytime.sample",
      "cells.describe",
      "cells.histogram",
      "cells.sample",
      "datasets.describe",
      "datasets.import",
      "datasets.preview",
      "export.write",
      "project.create",
      "project.open",
      "runs.create",
      "system.browse",
      "system.download",
      "system.makeFolder",
      "system.reveal",
    ]);
  });
});

describe("paths in a value", () => {
  const path = z.string().max(100).meta(USER_PATH);
  const schema = z.strictObject({
    list: z.array(z.strictObject({ from: path, name: z.string() })),
    byName: z.record(z.string(), path),
    either: z.discriminatedUnion("kind", [z.strictObject({ kind: z.literal("a"), at: path.optional() }), z.strictObject({ kind: z.literal("b") })]),
    pair: z.tuple([z.number(), path.nullable()]).default([1, "/default"]),
  });

  test("are found under arrays, records, unions, tuples and wrappers, and replaced without changing the original", () => {
    const value = schema.parse({ list: [{ from: "/a", name: "/not" }], byName: { x: "/b" }, either: { kind: "a", at: "/c" } });
    const found = userPathsIn(schema, value);
    expect(found.map((entry) => entry.path).sort()).toEqual(["/a", "/b", "/c", "/default"]);
    const before = structuredClone(value);
    const replaced = withPaths(
      value,
      found.map((entry) => ({ ...entry, path: `/real${entry.path}` })),
    );
    expect(replaced).toEqual({
      list: [{ from: "/real/a", name: "/not" }],
      byName: { x: "/real/b" },
      either: { kind: "a", at: "/real/c" },
      pair: [1, "/real/default"],
    });
    expect(value).toEqual(before);
  });

  test("that are empty or absent need no check", () => {
    expect(userPathsIn(z.strictObject({ at: path.optional() }), {})).toEqual([]);
    expect(userPathsIn(z.strictObject({ at: path }), { at: "" })).toEqual([]);
  });

  test("cannot hide behind a kind of schema that the walk does not know", () => {
    expect(() => userPathFields(z.strictObject({ at: z.map(z.string(), path) }))).toThrow(/map/);
  });
});
