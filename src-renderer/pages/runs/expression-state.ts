import { parseExpression } from "../../../src-shared/analysis/expression/expression.ts";

export type ExpressionState =
  | { readonly kind: "ok" }
  | { readonly kind: "invalid"; readonly message: string; readonly position: number }
  | { readonly kind: "unknown-metric"; readonly metric: string; readonly similar: string | null };

/** Validates a filter expression. `metricNames`: the metrics of the project, to report misspelt ones, which match no run. */
export function expressionState(text: string, metricNames: readonly string[]): ExpressionState {
  if (text.trim() === "") return { kind: "ok" };
  const parsed = parseExpression(text);
  if (!parsed.ok) return { kind: "invalid", message: parsed.message, position: parsed.position };
  const metric = parsed.expression.metrics.find((name) => !metricNames.includes(name));
  if (metric === undefined) return { kind: "ok" };
  const last = metric.split("/").at(-1) ?? metric;
  return { kind: "unknown-metric", metric, similar: metricNames.find((name) => last !== "" && name.includes(last)) ?? null };
}
