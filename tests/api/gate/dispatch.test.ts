import { describe, expect, test } from "vitest";
import { createGate } from "../../../src-main/api/gate/dispatch.ts";
import { measureValue } from "../../../src-main/api/gate/value-size.ts";
import { Rng } from "../../../src-main/engine/random.ts";
import { UserError } from "../../../src-main/lib/errors.ts";
import { CALLS } from "../../../src-shared/contract.ts";
import { handlersWith, recordingLog } from "../../hosts/support/host-support.ts";

const TOKEN = "very-secret-token-0123456789";

describe("the gate", () => {
  const log = recordingLog();
  let calls = 0;
  const gate = createGate<null>(
    handlersWith<null>({
      "runs.get": () => {
        calls++;
        throw new UserError("There is no run abc.", { code: "run-missing", remedy: "Choose another.", field: "runId" });
      },
      "runs.stop": () => {
        throw new Error(`connect failed with ${TOKEN}`);
      },
      "runs.kill": async () => {
        throw Object.assign(new Error("EACCES: permission denied, open '/a'"), { code: "EACCES", path: "/a" });
      },
      "runs.resume": () => {
        throw "text";
      },
      "logs.list": ({ limit }) => Array.from({ length: limit }, (_, id) => ({ id, runId: "r", time: "", level: "info" as const, text: "" })),
    }),
    { log, authorisePath: async (path) => path, maxBytes: 100_000, secrets: [TOKEN] },
  );

  test("parses the argument and fills in defaults", async () => {
    const answer = await gate("logs.list", { runId: "r1" }, null);
    expect(answer).toMatchObject({ ok: true });
    expect(answer.ok && (answer.value as unknown[]).length).toBe(500);
  });

  test.each([["no.such.call"], ["__proto__"], ["constructor"], ["toString"], [""], [42], [null], [undefined], [{ toString: () => "runs.get" }]])(
    "refuses the unknown call %j",
    async (name) => {
      expect(await gate(name, {}, null)).toMatchObject({ ok: false, error: { code: "call-unknown" } });
    },
  );

  test("refuses invalid arguments before any handler runs", async () => {
    const before = calls;
    for (const input of [
      undefined,
      null,
      1,
      "x",
      [],
      {},
      { runId: 5 },
      { runId: "../../etc" },
      { runId: "a", more: 1 },
      JSON.parse('{"runId":"a","__proto__":{"x":1}}'),
    ])
      expect(await gate("runs.get", input, null)).toMatchObject({ ok: false, error: { code: "call-invalid" } });
    expect(calls).toBe(before);
  });

  test("refuses oversized, cyclic, deep and foreign values", async () => {
    const cycle: Record<string, unknown> = {};
    cycle["self"] = cycle;
    let deep: unknown = 1;
    for (let i = 0; i < 100_000; i++) deep = [deep];
    expect(await gate("draft.save", { config: "x".repeat(200_000), name: "", clonedFrom: null }, null)).toMatchObject({
      ok: false,
      error: { code: "call-too-large" },
    });
    expect(await gate("draft.save", { config: new Array(1e9), name: "", clonedFrom: null }, null)).toMatchObject({
      ok: false,
      error: { code: "call-too-large" },
    });
    for (const bad of [cycle, deep, new Map(), new Date(0), () => 1, Symbol("x"), 10n])
      expect(await gate("draft.save", { config: bad, name: "", clonedFrom: null }, null)).toMatchObject({ ok: false, error: { code: "call-invalid" } });
  });

  test("user errors keep their messages; internal errors lose stack and secrets", async () => {
    expect(await gate("runs.get", { runId: "abc" }, null)).toEqual({
      ok: false,
      error: { code: "run-missing", message: "There is no run abc.", remedy: "Choose another.", detail: "Field: runId" },
    });
    const fault = await gate("runs.stop", { runId: "abc" }, null);
    expect(fault).toMatchObject({ ok: false, error: { code: "internal" } });
    expect(JSON.stringify(fault)).not.toContain(TOKEN);
    expect(JSON.stringify(fault)).not.toMatch(/dispatch\.test|\bat /);
    expect(log.lines.join("\n")).not.toContain(TOKEN);
    expect(await gate("runs.kill", { runId: "abc" }, null)).toMatchObject({
      ok: false,
      error: { code: "system-eacces", message: "GHN Studio does not have permission to read or write: /a." },
    });
    expect(await gate("runs.resume", { runId: "abc" }, null)).toMatchObject({ ok: false, error: { code: "internal" } });
  });

  test("a thousand random calls are all answered", async () => {
    const random = Rng.fromSeed(7, "dispatch");
    const names = [...Object.keys(CALLS), "x", "", "runs.", "hasOwnProperty"];
    const pick = <T>(list: readonly T[]): T => list[random.int(list.length)] as T;
    const value = (depth: number): unknown => {
      const kind = random.int(depth > 3 ? 6 : 8);
      if (kind === 6) return Array.from({ length: random.int(4) }, () => value(depth + 1));
      if (kind === 7)
        return Object.fromEntries(
          Array.from({ length: random.int(4) }, () => [pick(["runId", "runIds", "path", "config", "limit", "space", "__proto__"]), value(depth + 1)]),
        );
      return pick([null, undefined, Number.NaN, -1, 2 ** 53, "", "a", "../../..", "\0", true]);
    };
    for (let i = 0; i < 1000; i++) {
      const answer = await gate(pick(names), value(0), null);
      expect(typeof answer.ok).toBe("boolean");
      if (!answer.ok) expect(answer.error.message).not.toBe("");
    }
  });
});

test("sizes of plain values are close to their JSON", () => {
  const value = { a: [1, 2, 3], b: "text", c: { d: null } };
  const measured = measureValue(value, 1e6);
  expect(measured.ok && measured.bytes).toBeGreaterThan(20);
  expect(measured.ok && measured.bytes).toBeLessThan(200);
  expect(measureValue({ a: "x".repeat(50) }, 40)).toEqual({ ok: false, reason: "too-large" });
});
