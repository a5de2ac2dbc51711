import { expect, expectTypeOf, test } from "vitest";
import type { Handlers } from "../../src-main/api/gate/dispatch.ts";
import type { StudioEvent } from "../../src-main/api/services/session.ts";
import { CALLS, type CallName, EVENT_NAMES, type EventName } from "../../src-shared/contract.ts";

test("every call has a handler type and every event a name: nothing is missing on either side", () => {
  expectTypeOf<keyof Handlers<unknown>>().toEqualTypeOf<CallName>();
  expectTypeOf<(typeof EVENT_NAMES)[number]>().toEqualTypeOf<EventName>();
  expectTypeOf<StudioEvent["name"]>().toEqualTypeOf<EventName>();
  expect(new Set(EVENT_NAMES).size).toBe(EVENT_NAMES.length);
});

test("every argument is a closed schema: fields that nobody knows are refused", () => {
  for (const [name, { input }] of Object.entries(CALLS)) {
    const parsed = input.safeParse({ "no such field": 1 });
    expect(parsed.success, name).toBe(false);
    expect(
      parsed.error?.issues.some((issue) => issue.code === "unrecognized_keys"),
      name,
    ).toBe(true);
  }
});
