import { describe, expect, it } from "vitest";
import { type ExpressionSubject, parseExpression } from "../../../../src-shared/analysis/expression/expression.ts";

const RUN: ExpressionSubject = {
  id: "abc",
  name: "GHN on CIFAR",
  kind: "ghn-training",
  status: "completed",
  stage: null,
  datasetId: "cifar10",
  seed: 3,
  tags: ["paper", "N7"],
  notes: "",
  starred: true,
  activeSeconds: 120.5,
  createdAt: "2026-01-02T00:00:00.000Z",
  startedAt: null,
  finishedAt: null,
  backend: "wasm",
  device: "CPU",
  figures: { testAccuracy: { mean: 0.97, deviation: 0.01, n: 3 }, rankCorrelation: { value: 0.6, interval: null, n: 9 }, winner: "Cell 7" },
  metrics: { "train/validation-accuracy": { last: 0.8, best: 0.91, bestStep: 5, count: 7 }, "ghn/loss": { last: 0.5, best: 0.4, bestStep: 1, count: 2 } },
};
const CONFIG = { training: { learningRate: 0.001, epochs: 200, halveAt: [0.5, 0.75] }, ghn: { shareParameters: true }, compute: {} };

function test(source: string): boolean {
  const parsed = parseExpression(source);
  if (!parsed.ok) throw new Error(`${parsed.message} at ${parsed.position}`);
  return parsed.expression.test(RUN, CONFIG);
}

describe("filter expressions", () => {
  it.each([
    'best("train/validation-accuracy") > 0.9 and dataset == "cifar10"',
    "best('train/validation-accuracy') >= 91%",
    'last("ghn/loss") = .5',
    'count("ghn/loss") == 2',
    "seed != 4",
    "seed > 2 and seed < 4 and seed >= 3 and seed <= 3",
    "seed > -1",
    "activeSeconds > 1.2e2",
    'name ~ "cifar"',
    'tags ~ "pap"',
    'tags == "n7"',
    'has("paper") and not has("x")',
    "starred",
    "starred == true",
    "not not starred",
    'status == "failed" or status == "COMPLETED"',
    'kind == "search" and seed == 3 or starred',
    'not (kind == "search" and seed == 3)',
    "config.training.learningRate == 0.001",
    "config.training.epochs == 200",
    "config.ghn.shareParameters",
    'config.training.halveAt ~ "0.75"',
    "config.training.halveAt.1 == 0.75",
    "config.compute.gpu == null",
    'last("unknown") == null',
    "stage == null",
    'testAccuracy > 96% and rankCorrelation < 0.7 and winner == "cell 7"',
    "validationAccuracy == null",
    'createdAt >= "2026-01-01"',
  ])("%s is true", (source) => expect(test(source)).toBe(true));

  it.each([
    'best("unknown") > 0',
    'best("unknown") < 1',
    'not (best("train/validation-accuracy") > 0.5)',
    'dataset == "cifar"',
    "name > 3",
    'kind == "search" and (seed == 3 or starred)',
    "config.constructor == null and false",
    "config.training.toString",
    'last("constructor") != null',
    'notes ~ "x"',
    'stage ~ "ghn"',
  ])("%s is false", (source) => expect(test(source)).toBe(false));

  it.each([
    ["seed >", 6, "Unexpected end"],
    ["seed > 1 dataset", 9, "before dataset"],
    ["colour == 1", 0, "Unknown field colour"],
    ["seed == cifar10", 8, "Text must be in quotes"],
    ["config == 1", 0, "Expected a field after config"],
    ['median("x") > 1', 0, "Unknown function median"],
    ["best(3) > 1", 5, "name in quotes"],
    ['best("x" > 1', 9, "not closed"],
    ["(seed == 1", 10, "not closed"],
    ['name == "abc', 8, "closing quote"],
    ["seed # 1", 5, "Unexpected character #"],
    ["1 < seed < 3", 9, "cannot be chained"],
    ["and seed", 0, "Expected a comparison before and"],
    ["seed == -x", 9, "Expected a number"],
    ["", 0, "Unexpected end"],
    [")", 0, "but found )"],
    ["(".repeat(500), 101 - 1, "too deeply"],
    ["1 ".repeat(1500), 2000, "longer than"],
  ])("%s is wrong at its place", (source, position, message) => {
    const parsed = parseExpression(source);
    expect(parsed).toMatchObject({ ok: false, position });
    expect(parsed.ok ? "" : parsed.message).toContain(message);
  });

  it("tells which metrics it looks at and whether it needs configs", () => {
    const parsed = parseExpression('best("a") > last("b") and has("c") and config.training.epochs > 1');
    expect(parsed.ok && parsed.expression).toMatchObject({ fields: ["tags"], metrics: ["a", "b"], configSections: ["training"] });
    const plain = parseExpression("seed == 1");
    expect(plain.ok && plain.expression).toMatchObject({ fields: ["seed"], metrics: [], configSections: [] });
  });
});
