import { expect, test } from "vitest";
import { availableMemory, memoryLimit, processesThatFit } from "../../src-main/lib/memory.ts";

const GIB = 2 ** 30;

test("fewer processes run in parallel where memory is limited, but always one", () => {
  expect(processesThatFit(4, 64 * GIB)).toBe(4);
  expect(processesThatFit(4, 2.5 * GIB)).toBe(2);
  expect(processesThatFit(4, 0.2 * GIB)).toBe(1);
  expect(processesThatFit(1, 64 * GIB)).toBe(1);
});

test("free memory is part of the memory that this process may use", () => {
  expect(memoryLimit().bytes).toBeGreaterThan(0);
  expect(availableMemory()).toBeLessThanOrEqual(memoryLimit().bytes);
});
