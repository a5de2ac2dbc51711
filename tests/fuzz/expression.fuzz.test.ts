/** Fuzzing of filter expressions. */
import fc from "fast-check";
import { expect, it } from "vitest";
import { json, text } from "../../scripts/campaign/fuzz/hostile.ts";
import { faultOfRefusal, pollution } from "../../scripts/campaign/fuzz/refusal.ts";
import { type ExpressionSubject, parseExpression } from "../../src-shared/analysis/expression/expression.ts";
import { FUZZ_TIMEOUT, fuzzRuns } from "./support/fuzz.ts";

const subject: ExpressionSubject = {
  id: "abc",
  name: "A run",
  kind: "search",
  status: "completed",
  stage: null,
  datasetId: "digits",
  seed: 1,
  tags: ["a", "B"],
  notes: "",
  starred: false,
  activeSeconds: 2,
  createdAt: "2026-01-01T00:00:00.000Z",
  startedAt: null,
  finishedAt: null,
  backend: "wasm",
  device: "CPU",
  metrics: { "ghn/loss": { last: 1, best: 0.5, bestStep: 3, count: 4, lastStep: 4 } },
} as unknown as ExpressionSubject;

const word = fc.oneof(
  fc.constantFrom(
    "and",
    "or",
    "not",
    "(",
    ")",
    "==",
    "!=",
    "<",
    ">=",
    "~",
    "=",
    "-",
    "%",
    "name",
    "seed",
    "tags",
    "config.a.b",
    "config.__proto__.x",
    "constructor",
    "__proto__",
    "config",
  ),
  fc.constantFrom('best("ghn/loss")', "has('a')", "toString('a')", '"text"', "'it\\'s'", '"open', "1", "1.5e3", "1e", ".5", "..", "true", "null", "90%"),
  text.map((value) => JSON.stringify(value)),
  text,
);
const soup = fc.oneof(
  fc.array(word, { maxLength: 12 }).map((words) => words.join(" ")),
  fc.array(word, { maxLength: 12 }).map((words) => words.join("")),
  text,
);

/** Parses and evaluates; checks what holds for every text. */
function evaluate(source: string, config: unknown): boolean | null {
  const began = performance.now();
  const result = parseExpression(source);
  try {
    if (result.ok) {
      const matches = result.expression.test(subject, config);
      expect(typeof matches).toBe("boolean");
      return matches;
    }
    expect(result.message).toMatch(/[.?]$/);
    expect(result.message.length).toBeLessThan(500);
    expect(faultOfRefusal(result)).toBeNull();
    expect(result.position).toBeGreaterThanOrEqual(0);
    expect(result.position).toBeLessThanOrEqual(source.length);
    return null;
  } finally {
    expect(pollution()).toEqual([]);
    expect(performance.now() - began).toBeLessThan(500);
  }
}

it("any text is an expression or is refused at a position within it", { timeout: FUZZ_TIMEOUT }, () => {
  let accepted = 0;
  fc.assert(
    fc.property(soup, json, (source, config) => {
      const matches = evaluate(source, config);
      if (matches === null) return;
      accepted++;
      // Parentheses and double negation change nothing.
      if (source.length < 1000 && source.trim() !== "") {
        expect(evaluate(`(${source})`, config)).toBe(matches);
        expect(evaluate(`not (not (${source}))`, config)).toBe(matches);
      }
    }),
    fuzzRuns(3000),
  );
  expect(accepted).toBeGreaterThan(50);
});

it.each<[string, string]>([
  ["parentheses", "(".repeat(2000)],
  ["closed parentheses", `${"(".repeat(900)}1${")".repeat(900)}`],
  ["negations", `${"not ".repeat(499)}1`],
  ["alternatives", `1${" or 1".repeat(390)}`],
  ["comparisons", `1${"==1".repeat(600)}`],
  ["digits", "1".repeat(2000)],
  ["digits and a letter", `${"1".repeat(1999)}x`],
  ["points", "a.".repeat(1000)],
  ["backslashes in an open text", `"${"\\".repeat(1999)}`],
  ["escaped quotes", `"${'\\"'.repeat(990)}`],
  ["spaces", `${" ".repeat(1998)}!`],
  ["too long", "1".repeat(5_000_000)],
])("hostile expressions take no time: %s", (_, source) => {
  evaluate(source, {});
});
