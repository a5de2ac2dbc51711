import fc from "fast-check";
import { expect, it } from "vitest";
import { parseExpression } from "../../../src-shared/analysis/expression/expression.ts";
import { runQuerySchema } from "../../../src-shared/domain/records/run-history.ts";
import { older } from "../../runs/support/scripted.ts";
import { columns, newProject, newRun } from "../support/store-support.ts";

const literal = fc.oneof(
  fc.integer({ min: -2, max: 6 }).map(String),
  fc.constantFrom('"alpha"', '"digits"', '"x"', '"all"', "true", "false", "null", "50%", '"2026"', '"a"'),
);
const operand = fc.oneof(
  literal,
  fc.constantFrom(
    ...[
      "name",
      "kind",
      "status",
      "stage",
      "dataset",
      "datasetId",
      "seed",
      "tags",
      "notes",
      "starred",
      "activeSeconds",
      "createdAt",
      "finishedAt",
      "backend",
      "id",
    ],
    ...["config.seed", "config.ghn.sharing", "config.ghn.hiddenSize", "config.training.halveAt", "config.training.halveAt.0", "config.training.halveAt.length"],
    ...["config.missing", "config.ghn", "config.dataset.id.x"],
    ...['best("train/loss")', 'last("ghn/loss")', 'count("ghn/loss")', 'count("none")', 'has("x")'],
  ),
);
const comparison = fc.tuple(operand, fc.constantFrom("==", "!=", "<", "<=", ">", ">=", "~"), operand).map((parts) => parts.join(" "));
const { expression } = fc.letrec<{ expression: string }>((tie) => ({
  expression: fc.oneof(
    { maxDepth: 3 },
    comparison,
    operand,
    fc.tuple(tie("expression"), fc.constantFrom("and", "or"), tie("expression")).map(([left, word, right]) => `(${left}) ${word} (${right})`),
    tie("expression").map((inner) => `not (${inner})`),
  ),
}));

it("filters by any expression as if each run had been read whole", () => {
  const project = newProject();
  const { runs, metrics } = project.store;
  for (let i = 0; i < 12; i++) {
    const id = newRun(project, ["Alpha", "beta", "x"][i % 3] ?? "", { seed: i % 5, ...(i % 4 === 0 ? { dataset: { id: "cifar10" } } : {}) });
    runs.setTags(id, ["x", "Alpha", "deep"].slice(0, i % 4));
    runs.update(id, { status: i % 2 === 0 ? "completed" : "failed", starred: i % 3 === 0, activeSeconds: i, notes: i === 5 ? "alpha notes" : "" });
    if (i % 2 === 1) metrics.append(id, [columns("train/loss", [1, 2], (step) => i / step), columns("ghn/loss", [1], () => i % 3)]);
  }
  const all = runs.query(runQuerySchema.parse({})).rows;
  fc.assert(
    fc.property(expression, (text) => {
      const parsed = parseExpression(text);
      if (!parsed.ok) throw new Error(parsed.message);
      const whole = all.filter((run) => parsed.expression.test(run, runs.record(run.id)?.config ?? null));
      const found = runs.query(runQuerySchema.parse({ expression: text }));
      expect(found.rows.map(({ id }) => id)).toEqual(whole.map(({ id }) => id));
      expect(found.total).toBe(whole.length);
    }),
    { numRuns: 400 },
  );
});

it("filters a run from before shortBatch existed by the value that it was executed with", () => {
  const project = newProject();
  const id = project.store.runs.create({ name: "Older", config: older(), codeVersion: "1" });
  newRun(project);
  const rows = project.store.runs.query(runQuerySchema.parse({ expression: 'config.training.shortBatch == "keep"' })).rows;
  expect(rows.map((run) => run.id)).toEqual([id]);
});
