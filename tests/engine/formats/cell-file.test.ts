import { describe, expect, it } from "vitest";
import { parseCells } from "../../../src-main/engine/cells/cell-file.ts";
import { cellFileText } from "../../../src-main/engine/formats/cell-file.ts";
import { UserError } from "../../../src-main/lib/errors.ts";

const cell = {
  nodes: [
    { operation: "sepConv3x3" as const, inputs: [0, 1] },
    { operation: "identity" as const, inputs: [0] },
  ],
};

function errorOf(text: string): UserError {
  try {
    parseCells(text, "cells/mine.json");
  } catch (error) {
    if (error instanceof UserError) return error;
    throw error;
  }
  throw new Error("It was accepted.");
}

describe("reading cells", () => {
  it("takes cell files, bare cells and pairs of cells", () => {
    expect(parseCells(cellFileText({ normal: cell, reduction: cell }, { name: "Mine", source: "here" }), "x")).toMatchObject({
      name: "Mine",
      source: "here",
      normal: cell,
      reduction: cell,
    });
    expect(parseCells(JSON.stringify(cell), "cells/mine.json")).toEqual({ format: "ghn-studio-cell", version: 1, name: "mine", normal: cell });
    expect(parseCells(JSON.stringify({ normal: cell, reduction: cell }), "mine")).toMatchObject({ name: "mine", normal: cell, reduction: cell });
  });

  it.each([
    ["no JSON", "{nodes", "cell-json", undefined],
    ["another value", "[1, 2]", "cell-invalid", undefined],
    ["a foreign file", '{"format": "other"}', "cell-invalid", "format"],
    ["a newer file", '{"format": "ghn-studio-cell", "version": 9}', "cell-newer", "version"],
    ["no node", '{"nodes": []}', "cell-invalid", "nodes"],
    ["an unknown operation", '{"nodes": [{"operation": "conv9x9", "inputs": [0]}]}', "cell-invalid", "nodes.0.operation"],
    ["a cycle", '{"nodes": [{"operation": "identity", "inputs": [2]}]}', "cell-invalid", "nodes.0.inputs.0"],
    ["an input twice", '{"normal": {"nodes": [{"operation": "identity", "inputs": [0, 0]}]}}', "cell-invalid", "normal.nodes.0.inputs.1"],
    ["an output that is not there", '{"nodes": [{"operation": "identity", "inputs": [0]}], "output": [3]}', "cell-invalid", "output.0"],
    ["an output twice", '{"nodes": [{"operation": "identity", "inputs": [0]}], "output": [2, 2]}', "cell-invalid", "output.1"],
    ["an unknown field", '{"nodes": [{"operation": "identity", "inputs": [0]}], "evil": 1}', "cell-invalid", undefined],
    ["too many nodes", JSON.stringify({ nodes: Array.from({ length: 65 }, () => ({ operation: "identity", inputs: [0] })) }), "cell-invalid", "nodes"],
  ])("refuses %s with the field at fault", (_, text, code, field) => {
    const error = errorOf(text);
    expect(error.code).toBe(code);
    if (field !== undefined) expect(error.field).toBe(field);
    expect(error.message).toContain("mine.json");
    expect(error.message).toMatch(/\.$/);
    expect(error.remedy).toMatch(/\.$/);
  });

  it("refuses what is too large or nested beyond reason, at once", () => {
    expect(errorOf(" ".repeat(1_000_001)).code).toBe("cell-too-large");
    const start = performance.now();
    expect(errorOf(`{"nodes": ${"[".repeat(400_000)}`).code).toBe("cell-json");
    expect(performance.now() - start).toBeLessThan(2000);
  });
});
