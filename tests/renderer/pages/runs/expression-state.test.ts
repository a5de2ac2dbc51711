import { describe, expect, it } from "vitest";
import { expressionState } from "../../../../src-renderer/pages/runs/expression-state.ts";

const METRICS = ["train/validation-accuracy", "ghn/loss"];

describe("a filter expression", () => {
  it("is fine when empty or valid", () => {
    expect(expressionState(" ", METRICS)).toEqual({ kind: "ok" });
    expect(expressionState('best("ghn/loss") < 1 and dataset == "digits"', METRICS)).toEqual({ kind: "ok" });
  });

  it("reports errors with their position", () => {
    expect(expressionState("seed >", METRICS)).toMatchObject({ kind: "invalid", position: 6 });
    expect(expressionState("created > 1", METRICS)).toMatchObject({ kind: "invalid", position: 0, message: expect.stringContaining("createdAt") });
  });

  it("warns about metrics that no run has, and suggests similar ones", () => {
    expect(expressionState('best("validation-accuracy") > 0.9', METRICS)).toEqual({
      kind: "unknown-metric",
      metric: "validation-accuracy",
      similar: "train/validation-accuracy",
    });
    expect(expressionState('last("nonsense") > 0', METRICS)).toEqual({ kind: "unknown-metric", metric: "nonsense", similar: null });
  });
});
