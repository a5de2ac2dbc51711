import { describe, expect, it } from "vitest";
import { completionAt } from "../../../../src-renderer/pages/runs/expression-completion.ts";
import { expressionState } from "../../../../src-renderer/pages/runs/expression-state.ts";
import { EXPRESSION_FIELDS } from "../../../../src-shared/analysis/expression/expression.ts";

const METRICS = ["train/validation-accuracy", "ghn/loss"];

describe("completion of an expression", () => {
  const names = { metrics: METRICS, tags: ["paper", "draft"] };
  const items = (text: string, caret = text.length): readonly string[] => completionAt(text, caret, names).items;

  it("offers fields, figures and functions that the grammar knows", () => {
    expect(items("test")).toEqual(["testAccuracy", "testArea"]);
    expect(items("seed == 1 and bes")).toContain('best("');
    expect(items("creat")).toEqual(["createdAt"]);
    for (const field of EXPRESSION_FIELDS.filter((name) => name !== "config.…")) expect(expressionState(`${field} == 1`, METRICS).kind, field).toBe("ok");
  });

  it("offers settings after config, and the metrics and tags of the project in quotes", () => {
    expect(items("config.training.ep")[0]).toBe("config.training.epochs");
    expect(items("config.learningR")).toContain("config.training.learningRate");
    expect(items('best("')).toEqual(['train/validation-accuracy")', 'ghn/loss")']);
    expect(items('last("loss")', 10)).toEqual(["ghn/loss"]);
    expect(items('has("pa')).toEqual(['paper")']);
  });

  it("replaces the word before the caret and leaves texts alone", () => {
    expect(completionAt("seed == 1 and stat", 18, names)).toEqual({ from: 14, to: 18, items: ["status"] });
    expect(items('name == "se')).toEqual([]);
    expect(items("seed ")).toEqual([]);
  });

  it("offers nothing for complete names, keywords and numbers", () => {
    for (const text of ["seed == 1 and", "seed == 1 or", "NOT", "starred == true", "starred == null", "id", "testArea", "config.training.epochs", "seed == 5e"])
      expect(items(text), text).toEqual([]);
    // The name of a function is complete only with its parenthesis.
    expect(items("best")[0]).toMatch(/^best/);
    expect(items("best")).toContain('best("');
    expect(items("config.").length).toBeGreaterThan(0);
  });
});

describe("a filter expression", () => {
  it("is fine when empty or valid", () => {
    expect(expressionState(" ", METRICS)).toEqual({ kind: "ok" });
    expect(expressionState('best("ghn/loss") < 1 and dataset == "digits"', METRICS)).toEqual({ kind: "ok" });
  });

  it("warns about settings that no kind of run has", () => {
    expect(expressionState("config.trainig.epochs > 10", METRICS)).toEqual({ kind: "unknown-setting", path: "trainig.epochs", similar: "training.epochs" });
    expect(expressionState("config.training.epochs > 10 and config.space.operations.0 == null", METRICS)).toEqual({ kind: "ok" });
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
