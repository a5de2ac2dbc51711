import fc from "fast-check";
import { isUserError } from "../../../src-main/lib/errors.ts";

/** Cases per property: few and always the same in the test suite, more and other ones with the environment variable `GHN_FUZZ_RUNS`. */
export function fuzzRuns(few: number): { readonly numRuns: number; readonly endOnFailure?: boolean; readonly seed?: number } {
  const asked = Number(process.env["GHN_FUZZ_RUNS"] ?? "");
  return asked > 0 ? { numRuns: asked, endOnFailure: true } : { numRuns: few, seed: 20_261_129 };
}

/** Time for a property; long fuzzing gets an hour. */
export const FUZZ_TIMEOUT = process.env["GHN_FUZZ_RUNS"] === undefined ? 60_000 : 3_600_000;

type Change =
  | { readonly type: "set"; readonly at: number; readonly value: number }
  | { readonly type: "word"; readonly at: number; readonly value: number; readonly little: boolean }
  | { readonly type: "cut"; readonly at: number }
  | { readonly type: "remove"; readonly at: number; readonly length: number }
  | { readonly type: "insert"; readonly at: number; readonly bytes: Uint8Array };

const change: fc.Arbitrary<Change> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ type: fc.constant("set" as const), at: fc.nat(), value: fc.nat(255) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      type: fc.constant("word" as const),
      at: fc.nat(200),
      value: fc.oneof(fc.constantFrom(0, 1, 0x7fffffff, 0x80000000, 0xffffffff), fc.nat(100_000), fc.nat(0xffffffff)),
      little: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constant("cut" as const), at: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant("remove" as const), at: fc.nat(), length: fc.nat(64) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant("insert" as const), at: fc.nat(), bytes: fc.uint8Array({ maxLength: 64 }) }) },
);

/** The bytes of a valid file with up to eight changes, or any bytes. */
export function damaged(valid: Uint8Array): fc.Arbitrary<Uint8Array> {
  return fc.oneof(
    { weight: 8, arbitrary: fc.array(change, { maxLength: 8 }).map((changes) => changes.reduce(apply, valid)) },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 400 }) },
  );
}

function apply(bytes: Uint8Array, step: Change): Uint8Array {
  if (bytes.length === 0) return bytes;
  const at = step.at % bytes.length;
  switch (step.type) {
    case "set": {
      const out = bytes.slice();
      out[at] = step.value;
      return out;
    }
    case "word": {
      const out = bytes.slice();
      if (at + 4 <= out.length) new DataView(out.buffer).setUint32(at, step.value, step.little);
      return out;
    }
    case "cut":
      return bytes.slice(0, at);
    case "remove":
      return Uint8Array.from([...bytes.subarray(0, at), ...bytes.subarray(at + step.length)]);
    case "insert":
      return Uint8Array.from([...bytes.subarray(0, at), ...step.bytes, ...bytes.subarray(at)]);
  }
}

/** The result of a reader, or null if it refused its input in words. Every other error is a fault of the reader. */
export async function orRefused<Result>(read: () => Result | Promise<Result>): Promise<Result | null> {
  try {
    return await read();
  } catch (error) {
    if (isUserError(error) && error.message.endsWith(".") && error.remedy.endsWith(".")) return null;
    throw error;
  }
}
