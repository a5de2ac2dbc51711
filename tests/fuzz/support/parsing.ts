/** Reads one value from outside as the product does, and checks that it is read or refused as it should be. */
import { expect } from "vitest";
import { faultOfRefusal, pollution } from "../../../scripts/campaign/fuzz/refusal.ts";
import { isUserError } from "../../../src-main/lib/errors.ts";

/** Time that a parser may take for one input, in milliseconds; generous, because the cores are shared. */
const LIMIT_MS = 10_000;

/** The result, or null if the input was refused in words. Fails for every other error, for slowness and for polluted prototypes. */
export async function parsed<Result>(parse: () => Result | Promise<Result>): Promise<Result | null> {
  const began = performance.now();
  try {
    return await parse();
  } catch (error) {
    if (!isUserError(error)) throw error;
    expect(faultOfRefusal(error)).toBeNull();
    return null;
  } finally {
    expect(pollution()).toEqual([]);
    expect(performance.now() - began).toBeLessThan(LIMIT_MS);
  }
}
