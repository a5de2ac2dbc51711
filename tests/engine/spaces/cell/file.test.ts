import { describe, expect, it } from "vitest";
import { cellFileText, parseCellFile } from "../../../../src-main/engine/spaces/cell/file.ts";
import { UserError } from "../../../../src-main/lib/errors.ts";

const cell = {
  nodes: [
    { operation: "sepConv3x3" as const, inputs: [0, 1] },
    { operation: "identity" as const, inputs: [0] },
  ],
};

function errorOf(text: string): UserError {
  try {
    parseCellFile(text, "cells/mine.json");
  } catch (error) {
    if (error instanceof UserError) return error;
    throw error;
  }
  throw new Error("It was accepted.");
}

/** A file with these fields besides its format. */
const fileWith = (fields: object): string => JSON.stringify({ format: "ghn-studio-cell", version: 1, name: "mine", ...fields });
const cellWith = (...nodes: object[]): string => fileWith({ normal: { nodes } });

describe("reading cells", () => {
  it("gives back what was written", () => {
    expect(parseCellFile(cellFileText({ normal: cell, reduction: cell }, { name: "Mine", source: "here" }), "x")).toMatchObject({
      name: "Mine",
      source: "here",
      normal: cell,
      reduction: cell,
    });
  });

  it.each([
    ["no JSON", "{nodes", "cell-json", undefined],
    ["another value", "[1, 2]", "cell-invalid", undefined],
    ["a foreign file", '{"format": "other"}', "cell-invalid", "format"],
    ["a newer file", '{"format": "ghn-studio-cell", "version": 9}', "cell-newer", "version"],
    ["no node", cellWith(), "cell-invalid", "normal.nodes"],
    ["an unknown operation", cellWith({ operation: "conv9x9", inputs: [0] }), "cell-invalid", "normal.nodes.0.operation"],
    ["a cycle", cellWith({ operation: "identity", inputs: [2] }), "cell-invalid", "normal.nodes.0.inputs.0"],
    ["an input twice", cellWith({ operation: "identity", inputs: [0, 0] }), "cell-invalid", "normal.nodes.0.inputs.1"],
    ["an output that is not there", fileWith({ normal: { nodes: [{ operation: "identity", inputs: [0] }], output: [3] } }), "cell-invalid", "normal.output.0"],
    ["an output twice", fileWith({ normal: { nodes: [{ operation: "identity", inputs: [0] }], output: [2, 2] } }), "cell-invalid", "normal.output.1"],
    ["an unknown field", fileWith({ normal: cell, evil: 1 }), "cell-invalid", undefined],
    ["too many nodes", cellWith(...Array.from({ length: 65 }, () => ({ operation: "identity", inputs: [0] }))), "cell-invalid", "normal.nodes"],
  ])("refuses %s with the field at fault", (_, text, code, field) => {
    const error = errorOf(text);
    expect(error.code).toBe(code);
    if (field !== undefined) expect(error.field).toBe(field);
    expect(error.message).toContain("mine.json");
    expect(error.message).toMatch(/\.$/);
    expect(error.remedy).toMatch(/\.$/);
  });

  it("refuses files that are too large or nested too deeply, immediately", () => {
    expect(errorOf(" ".repeat(1_000_001)).code).toBe("cell-too-large");
    const start = performance.now();
    expect(errorOf(`{"nodes": ${"[".repeat(400_000)}`).code).toBe("json-deep");
    expect(performance.now() - start).toBeLessThan(2000);
  });
});
