/** Values that break programs: texts, numbers and JSON of the wrong kind, and valid values with some of them put in. */
import fc from "fast-check";

/** Texts that terminals, paths, prototypes, spreadsheets and pages take for more than text. */
const HOSTILE_TEXTS: readonly string[] = [
  "",
  " ",
  "__proto__",
  "constructor",
  "prototype",
  "toString",
  "hasOwnProperty",
  "\u001b]0;title\u0007\u001b[2J",
  "line\r\nbreak",
  "a\u0000b",
  "\u202Etxt.exe",
  "\uD800",
  "\uFEFF",
  "../../etc/passwd",
  "/dev/zero",
  "C:\\Windows\\NUL",
  "%s%n",
  "=cmd|'/c calc'!A1",
  "'; DROP TABLE runs; --",
  "<img src=x onerror=alert(1)>",
  "-1",
  "1e400",
  "NaN",
  "神".repeat(80),
  "x".repeat(20_000),
];

export const text: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(...HOSTILE_TEXTS),
  fc.string({ maxLength: 30 }),
  fc.string({ unit: "binary", maxLength: 10 }),
);

const numbers: fc.Arbitrary<number> = fc.oneof(
  fc.constantFrom(0, -0, -1, 1, 0.5, 2 ** 31, 2 ** 32, 2 ** 53, -(2 ** 53), 1e300, Number.MAX_VALUE, Number.MIN_VALUE),
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
);

const plain: fc.Arbitrary<unknown> = fc.oneof(fc.constantFrom(null, true, false), numbers, text);

/** An object with own keys of any name, `__proto__` too. */
function objectOf(entries: readonly (readonly [string, unknown])[]): unknown {
  const result: Record<string, unknown> = {};
  for (const [key, value] of entries) Object.defineProperty(result, key, { value, enumerable: true, writable: true, configurable: true });
  return result;
}

/** Any JSON value, of moderate size. */
export const json: fc.Arbitrary<unknown> = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    plain,
    fc.array(tie("value"), { maxLength: 4 }),
    fc.array(fc.tuple(text, tie("value")), { maxLength: 4 }).map(objectOf),
  ),
})).value;

interface Edit {
  readonly at: number;
  readonly type: "replace" | "remove" | "add" | "deepen" | "repeat";
  readonly key: string;
  readonly value: unknown;
  readonly times: number;
}

const edit: fc.Arbitrary<Edit> = fc.record({
  at: fc.nat(),
  type: fc.constantFrom("replace" as const, "replace" as const, "remove" as const, "add" as const, "deepen" as const, "repeat" as const),
  key: text,
  value: fc.oneof({ weight: 3, arbitrary: plain }, { weight: 1, arbitrary: json }),
  times: fc.constantFrom(2, 10, 100, 1000),
});

/** Values with up to four edits each: a field replaced, removed, added, wrapped in lists or repeated. */
export function damagedJson(valid: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  return fc.oneof(
    { weight: 8, arbitrary: fc.tuple(valid, fc.array(edit, { minLength: 1, maxLength: 4 })).map(([value, edits]) => edits.reduce(applyEdit, value)) },
    { weight: 1, arbitrary: json },
  );
}

interface Place {
  readonly holder: object;
  readonly key: string | number;
}

function applyEdit(value: unknown, { at, type, key, value: replacement, times }: Edit): unknown {
  const root = { value: structuredClone(value) };
  const places: Place[] = [{ holder: root, key: "value" }];
  for (const place of places) {
    if (places.length > 2000) break;
    const inner = read(place);
    if (Array.isArray(inner)) for (let i = 0; i < Math.min(inner.length, 50); i++) places.push({ holder: inner, key: i });
    else if (typeof inner === "object" && inner !== null) for (const name of Object.keys(inner).slice(0, 50)) places.push({ holder: inner, key: name });
  }
  const place = places[at % places.length] ?? { holder: root, key: "value" };
  const found = read(place);
  switch (type) {
    case "replace":
      write(place, replacement);
      break;
    case "remove":
      if (Array.isArray(place.holder)) place.holder.splice(Number(place.key), 1);
      else if (place.holder !== root) Reflect.deleteProperty(place.holder, place.key);
      break;
    case "add":
      if (Array.isArray(found)) found.push(replacement);
      else if (typeof found === "object" && found !== null) write({ holder: found, key }, replacement);
      break;
    case "deepen": {
      // Deeper values have tests of their own: copying them here would overflow the stack.
      let deep: unknown = found;
      for (let i = 0; i < Math.min(times, 200); i++) deep = i % 2 === 0 ? [deep] : { value: deep };
      write(place, deep);
      break;
    }
    case "repeat":
      write(
        place,
        Array.isArray(found)
          ? Array.from({ length: times }, (_, i) => found[i % Math.max(1, found.length)] ?? null)
          : Array.from({ length: times }, () => found),
      );
      break;
  }
  return root.value;
}

function read({ holder, key }: Place): unknown {
  return Object.getOwnPropertyDescriptor(holder, key)?.value;
}

function write({ holder, key }: Place, value: unknown): void {
  Object.defineProperty(holder, key, { value, enumerable: true, writable: true, configurable: true });
}
