import { parseExpression } from "../../../src-shared/analysis/expression/expression.ts";
import { nearestFields } from "../../../src-shared/domain/config/config-fields.ts";
import { configPaths } from "./expression-completion.ts";

export type ExpressionState =
  | { readonly kind: "ok" }
  | { readonly kind: "invalid"; readonly message: string; readonly position: number }
  | { readonly kind: "unknown-metric"; readonly metric: string; readonly similar: string | null }
  | { readonly kind: "unknown-setting"; readonly path: string; readonly similar: string | null };

/** Validates a filter expression. `metricNames`: the metrics of the project, to report misspelt ones, which match no run. */
export function expressionState(text: string, metricNames: readonly string[]): ExpressionState {
  if (text.trim() === "") return { kind: "ok" };
  const parsed = parseExpression(text);
  if (!parsed.ok) return { kind: "invalid", message: parsed.message, position: parsed.position };
  const metric = parsed.expression.metrics.find((name) => !metricNames.includes(name));
  if (metric === undefined) return unknownSetting(parsed.expression.settings) ?? { kind: "ok" };
  const last = metric.split("/").at(-1) ?? metric;
  return { kind: "unknown-metric", metric, similar: metricNames.find((name) => last !== "" && name.includes(last)) ?? null };
}

/** A setting that no kind of run has. Entries of lists, and groups of settings, count as known. */
function unknownSetting(settings: readonly string[]): ExpressionState | null {
  const path = settings.find((one) => !configPaths().some((known) => one === known || known.startsWith(`${one}.`) || one.startsWith(`${known}.`)));
  return path === undefined ? null : { kind: "unknown-setting", path, similar: nearestFields("pipeline", path)[0] ?? null };
}
