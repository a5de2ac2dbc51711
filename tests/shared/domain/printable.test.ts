import { expect, it } from "vitest";
import { printable, printableJson } from "../../../src-shared/domain/printable.ts";

const ESCAPE = String.fromCharCode(27);

it("escapes control characters, but keeps line breaks and, if requested, colours", () => {
  const name = `a${ESCAPE}]0;title${String.fromCharCode(7)}b${String.fromCharCode(0x9b)}2Jc\rd\u202ee`;
  expect(printable(name)).toBe("a\\x1b]0;title\\x07b\\x9b2Jc\\x0dd\\x202ee");
  expect(printable(`one\ttwo\n${ESCAPE}[1mbold${ESCAPE}[22m`, true)).toBe(`one\ttwo\n${ESCAPE}[1mbold${ESCAPE}[22m`);
  expect(printable(`${ESCAPE}[1mbold`)).toBe("\\x1b[1mbold");
  expect(printable(`${ESCAPE}[2J${ESCAPE}[31m`, true)).toBe(`\\x1b[2J${ESCAPE}[31m`);
});

it("keeps the value of JSON", () => {
  const value = { name: `x${String.fromCharCode(0x9b)}2J\u202e\u007f` };
  const json = printableJson(JSON.stringify(value));
  expect(json).toBe('{"name":"x\\u009b2J\\u202e\\u007f"}');
  expect(JSON.parse(json)).toEqual(value);
});
