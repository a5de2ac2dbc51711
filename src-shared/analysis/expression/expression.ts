import type { RunSummary } from "../../domain/records/run.ts";
import { FIGURE_IDS, figureValue, isFigureId } from "../figures/figure-list.ts";
import { ExpressionError, parseSyntax, type Syntax } from "./expression-parser.ts";

/** The fields of a run that expressions can use. */
export type ExpressionSubject = Pick<
  RunSummary,
  | "id"
  | "name"
  | "kind"
  | "status"
  | "stage"
  | "datasetId"
  | "seed"
  | "tags"
  | "notes"
  | "starred"
  | "activeSeconds"
  | "createdAt"
  | "startedAt"
  | "finishedAt"
  | "backend"
  | "device"
  | "metrics"
  | "figures"
>;

type Value = string | number | boolean | null | readonly string[];

const FIELDS = {
  id: (run) => run.id,
  name: (run) => run.name,
  kind: (run) => run.kind,
  status: (run) => run.status,
  stage: (run) => run.stage,
  dataset: (run) => run.datasetId,
  datasetId: (run) => run.datasetId,
  seed: (run) => run.seed,
  tags: (run) => run.tags,
  notes: (run) => run.notes,
  starred: (run) => run.starred,
  activeSeconds: (run) => run.activeSeconds,
  createdAt: (run) => run.createdAt,
  startedAt: (run) => run.startedAt,
  finishedAt: (run) => run.finishedAt,
  backend: (run) => run.backend,
  device: (run) => run.device,
} as const satisfies Readonly<Partial<Record<keyof ExpressionSubject | "dataset", (run: ExpressionSubject) => Value>>>;

const FUNCTIONS: Readonly<Record<string, (run: ExpressionSubject, argument: string) => Value>> = {
  last: (run, metric) => metricOf(run, metric)?.last ?? null,
  best: (run, metric) => metricOf(run, metric)?.best ?? null,
  count: (run, metric) => metricOf(run, metric)?.count ?? 0,
  has: (run, tag) => run.tags.includes(tag),
};

/** Names for completion and help. */
export const EXPRESSION_FIELDS: readonly string[] = [...Object.keys(FIELDS).filter((field) => field !== "datasetId"), ...FIGURE_IDS, "config.…"];
export const EXPRESSION_FUNCTIONS: readonly string[] = Object.keys(FUNCTIONS);

/** A parsed filter. */
export interface Expression {
  /** Fields of the run used by the filter, as in `ExpressionSubject`. */
  readonly fields: readonly (keyof ExpressionSubject)[];
  /** Metrics used by the filter. */
  readonly metrics: readonly string[];
  /** Sections of the config used by the filter: `training` for `config.training.epochs`. */
  readonly configSections: readonly string[];
  /** Settings used by the filter, as paths inside the config. */
  readonly settings: readonly string[];
  /** Whether a run matches; only what `fields`, `metrics` and `configSections` name is read. A missing value only matches `== null`. */
  test(run: ExpressionSubject, config: unknown): boolean;
}

export type ParsedExpression =
  | { readonly ok: true; readonly expression: Expression }
  | { readonly ok: false; readonly message: string; readonly position: number };

/** Parses an expression such as `best("train/validation-accuracy") > 90% and dataset == "cifar10"`. */
export function parseExpression(source: string): ParsedExpression {
  try {
    const syntax = parseSyntax(source);
    const metrics = new Set<string>();
    const fields = new Set<keyof ExpressionSubject>();
    const sections = new Set<string>();
    const settings = new Set<string>();
    visit(syntax, (node) => {
      if (node.type === "field") {
        const [field, section] = checkField(node);
        if (field === "config") {
          sections.add(section);
          settings.add(node.path.slice(1).join("."));
        } else fields.add(field);
      }
      if (node.type === "call") {
        if (!Object.hasOwn(FUNCTIONS, node.name))
          throw new ExpressionError(`Unknown function ${node.name}. Available: ${EXPRESSION_FUNCTIONS.join(", ")}.`, node.position);
        if (node.name === "has") fields.add("tags");
        else metrics.add(node.argument);
      }
    });
    return {
      ok: true,
      expression: {
        fields: [...fields],
        metrics: [...metrics],
        configSections: [...sections],
        settings: [...settings],
        test: (run, config) => isTrue(evaluate(syntax, run, config)),
      },
    };
  } catch (error) {
    if (error instanceof ExpressionError) return { ok: false, message: error.message, position: error.position };
    throw error;
  }
}

/** What a field reads: a field of the run, or a section of the config. */
function checkField(node: Extract<Syntax, { type: "field" }>): readonly ["config", string] | readonly [keyof ExpressionSubject] {
  const [head = "", section] = node.path;
  if (head === "config") {
    if (section === undefined) throw new ExpressionError("Expected a field after config, for example config.training.epochs.", node.position);
    return ["config", section];
  }
  if (node.path.length === 1 && isFigureId(head)) return ["figures"];
  if (node.path.length > 1 || !isField(head))
    throw new ExpressionError(`Unknown field ${node.path.join(".")}. Available: ${EXPRESSION_FIELDS.join(", ")}. Text must be in quotes.`, node.position);
  return [head === "dataset" ? "datasetId" : head];
}

function isField(name: string): name is keyof typeof FIELDS {
  return Object.hasOwn(FIELDS, name);
}

function visit(node: Syntax, look: (node: Syntax) => void): void {
  look(node);
  if (node.type === "or" || node.type === "and" || node.type === "compare") {
    visit(node.left, look);
    visit(node.right, look);
  } else if (node.type === "not") visit(node.operand, look);
}

function evaluate(node: Syntax, run: ExpressionSubject, config: unknown): Value {
  switch (node.type) {
    case "or":
      return isTrue(evaluate(node.left, run, config)) || isTrue(evaluate(node.right, run, config));
    case "and":
      return isTrue(evaluate(node.left, run, config)) && isTrue(evaluate(node.right, run, config));
    case "not":
      return !isTrue(evaluate(node.operand, run, config));
    case "constant":
      return node.value;
    case "field":
      return fieldValue(node.path, run, config);
    case "call":
      return FUNCTIONS[node.name]?.(run, node.argument) ?? null;
    case "compare":
      return compare(node.operator, evaluate(node.left, run, config), evaluate(node.right, run, config));
  }
}

function fieldValue([head = "", ...rest]: readonly string[], run: ExpressionSubject, config: unknown): Value {
  if (head === "config") return configValue(config, rest);
  return isField(head) ? FIELDS[head](run) : isFigureId(head) ? figureValue(run.figures, head) : null;
}

function compare(operator: Extract<Syntax, { type: "compare" }>["operator"], left: Value, right: Value): boolean {
  if (operator === "~") return textsOf(left).some((text) => textsOf(right).some((part) => text.toLowerCase().includes(part.toLowerCase())));
  if (operator === "==" || operator === "!=") return same(left, right) === (operator === "==");
  if (left === null || right === null || Array.isArray(left) || Array.isArray(right) || typeof left !== typeof right) return false;
  if (operator === "<") return left < right;
  if (operator === "<=") return left <= right;
  if (operator === ">") return left > right;
  return left >= right;
}

/** Texts are compared case-insensitively; a list equals any text that it contains. */
function same(left: Value, right: Value): boolean {
  if (isList(left) || isList(right)) return textsOf(left).some((a) => textsOf(right).some((b) => a.toLowerCase() === b.toLowerCase()));
  if (typeof left === "string" && typeof right === "string") return left.toLowerCase() === right.toLowerCase();
  return left === right;
}

function isList(value: Value): value is readonly string[] {
  return Array.isArray(value);
}

function textsOf(value: Value): readonly string[] {
  if (value === null) return [];
  return isList(value) ? value : [String(value)];
}

function isTrue(value: Value): boolean {
  return isList(value) ? value.length > 0 : Boolean(value);
}

function metricOf(run: ExpressionSubject, name: string): { readonly last: number; readonly best: number; readonly count: number } | null {
  return Object.hasOwn(run.metrics, name) ? (run.metrics[name] ?? null) : null;
}

/** A plain value of the config; null if it is missing. Only own properties are read. */
function configValue(config: unknown, path: readonly string[]): Value {
  let value: unknown = config;
  for (const key of path) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return null;
    value = (value as Record<string, unknown>)[key];
  }
  if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") return value;
  return Array.isArray(value) && value.every((item) => typeof item !== "object") ? value.map(String) : null;
}
