/**
 * Grammar of filter expressions:
 *
 *   expression = term { "or" term }          comparison = operand [ operator operand ]
 *   term       = factor { "and" factor }     operator   = "==" "=" "!=" "<" "<=" ">" ">=" "~"
 *   factor     = "not" factor | comparison   operand    = number [ "%" ] | text | true | false | null
 *                                                       | field | function "(" text ")" | "(" expression ")"
 */

import { printable } from "../../domain/printable.ts";

export type Operator = "==" | "!=" | "<" | "<=" | ">" | ">=" | "~";

export type Syntax =
  | { readonly type: "or" | "and"; readonly left: Syntax; readonly right: Syntax }
  | { readonly type: "not"; readonly operand: Syntax }
  | { readonly type: "compare"; readonly operator: Operator; readonly left: Syntax; readonly right: Syntax }
  | { readonly type: "constant"; readonly value: string | number | boolean | null }
  | { readonly type: "field"; readonly path: readonly string[]; readonly position: number }
  | { readonly type: "call"; readonly name: string; readonly argument: string; readonly position: number };

/** A syntax error; `position` counts characters from 0. */
export class ExpressionError extends Error {
  readonly position: number;

  constructor(message: string, position: number) {
    super(printable(message));
    this.name = "ExpressionError";
    this.position = position;
  }
}

interface Token {
  readonly type: "number" | "text" | "word" | "symbol" | "end";
  readonly text: string;
  readonly position: number;
}

const MAX_LENGTH = 2000;
const MAX_DEPTH = 100;
const PATTERN =
  /\s*(?:(\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?)|("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|([A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z0-9_]+)*)|(==|!=|<=|>=|[<>=~()%-]))/y;

function tokenise(source: string): Token[] {
  if (source.length > MAX_LENGTH) throw new ExpressionError(`The expression is longer than ${MAX_LENGTH} characters.`, MAX_LENGTH);
  const tokens: Token[] = [];
  PATTERN.lastIndex = 0;
  while (true) {
    const start = PATTERN.lastIndex;
    const rest = source.slice(start);
    if (rest.trim() === "") break;
    const position = start + rest.length - rest.trimStart().length;
    const match = PATTERN.exec(source);
    if (match === null) {
      const character = source[position] ?? "";
      throw new ExpressionError(character === '"' || character === "'" ? "The closing quote is missing." : `Unexpected character ${character}.`, position);
    }
    const [, number, text, word, symbol] = match;
    if (number !== undefined) tokens.push({ type: "number", text: number, position });
    else if (text !== undefined) tokens.push({ type: "text", text: text.slice(1, -1).replace(/\\(.)/g, "$1"), position });
    else if (word !== undefined) tokens.push({ type: "word", text: word, position });
    else tokens.push({ type: "symbol", text: symbol ?? "", position });
  }
  tokens.push({ type: "end", text: "", position: source.length });
  return tokens;
}

/**
 * Parses a filter expression by recursive descent. Expressions are never executed as code.
 * @throws ExpressionError
 */
export function parseSyntax(source: string): Syntax {
  const tokens = tokenise(source);
  let next = 0;
  let depth = 0;
  const peek = (): Token => tokens[next] ?? { type: "end", text: "", position: source.length };
  const take = (): Token => {
    const token = peek();
    next += 1;
    return token;
  };
  const isWord = (text: string): boolean => peek().type === "word" && peek().text.toLowerCase() === text;
  const isSymbol = (text: string): boolean => peek().type === "symbol" && peek().text === text;

  function expression(): Syntax {
    depth += 1;
    if (depth > MAX_DEPTH) throw new ExpressionError("The expression is nested too deeply.", peek().position);
    let left = conjunction();
    while (isWord("or")) {
      take();
      left = { type: "or", left, right: conjunction() };
    }
    depth -= 1;
    return left;
  }

  function conjunction(): Syntax {
    let left = negation();
    while (isWord("and")) {
      take();
      left = { type: "and", left, right: negation() };
    }
    return left;
  }

  function negation(): Syntax {
    let count = 0;
    while (isWord("not")) {
      take();
      count += 1;
    }
    const operand = comparison();
    return count % 2 === 1 ? { type: "not", operand } : operand;
  }

  function comparison(): Syntax {
    const left = operand();
    const token = peek();
    if (token.type !== "symbol" || !["==", "=", "!=", "<", "<=", ">", ">=", "~"].includes(token.text)) return left;
    take();
    const operator = (token.text === "=" ? "==" : token.text) as Operator;
    const right = operand();
    const after = peek();
    if (after.type === "symbol" && ["==", "=", "!=", "<", "<=", ">", ">=", "~"].includes(after.text))
      throw new ExpressionError("Comparisons cannot be chained. Join them with and.", after.position);
    return { type: "compare", operator, left, right };
  }

  function operand(): Syntax {
    const token = take();
    if (token.type === "number") return { type: "constant", value: numberOf(token) };
    if (token.type === "text") return { type: "constant", value: token.text };
    if (token.type === "symbol" && token.text === "-") {
      const number = take();
      if (number.type !== "number") throw new ExpressionError("Expected a number after the minus sign.", number.position);
      return { type: "constant", value: -numberOf(number) };
    }
    if (token.type === "symbol" && token.text === "(") {
      const inner = expression();
      close(token);
      return inner;
    }
    if (token.type === "word") return wordOperand(token);
    throw new ExpressionError(
      token.type === "end" ? "Unexpected end: expected a field, a value or a function." : `Expected a field, a value or a function, but found ${token.text}.`,
      token.position,
    );
  }

  function numberOf(token: Token): number {
    if (!isSymbol("%")) return Number(token.text);
    take();
    return Number(token.text) / 100;
  }

  function wordOperand(token: Token): Syntax {
    const lower = token.text.toLowerCase();
    if (lower === "true" || lower === "false") return { type: "constant", value: lower === "true" };
    if (lower === "null" || lower === "none") return { type: "constant", value: null };
    if (["and", "or", "not"].includes(lower)) throw new ExpressionError(`Expected a comparison before ${token.text}.`, token.position);
    if (!isSymbol("(")) return { type: "field", path: token.text.split("."), position: token.position };
    const bracket = take();
    const argument = take();
    if (argument.type !== "text") throw new ExpressionError(`${token.text} expects a name in quotes.`, argument.position);
    close(bracket);
    return { type: "call", name: token.text, argument: argument.text, position: token.position };
  }

  function close(open: Token): void {
    const token = take();
    if (token.type !== "symbol" || token.text !== ")")
      throw new ExpressionError(`The parenthesis at character ${open.position + 1} is not closed.`, token.position);
  }

  const syntax = expression();
  const rest = peek();
  if (rest.type !== "end") throw new ExpressionError(`Expected an operator, "and" or "or" before ${rest.text}.`, rest.position);
  return syntax;
}
