/** The gate that every call passes, whatever the host: known name, bounded size, validated argument, authorised paths, mapped errors. */
import type { z } from "zod";
import { CALLS, type CallName, type CallOutput, type CallParsed, type WireError } from "../../../src-shared/contract.ts";
import { printable } from "../../../src-shared/domain/printable.ts";
import { userPathsIn, withPaths } from "../../../src-shared/domain/user-paths.ts";
import type { Logger } from "../../lib/logger.ts";
import { measureValue } from "./value-size.ts";
import { toWireError } from "./wire-error.ts";

/** One function per call of the contract; a missing one is a type error. `context` identifies the caller. */
export type Handlers<Context> = {
  readonly [Name in CallName]: (input: CallParsed<Name>, context: Context) => CallOutput<Name> | Promise<CallOutput<Name>>;
};

/** Handlers of some of the calls: what one module provides. */
export type HandlersOf<Context, Names extends CallName> = Pick<Handlers<Context>, Names>;

export type GateAnswer = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly error: WireError };

/** Answers every call; never rejects. */
export type Gate<Context> = (name: unknown, input: unknown, context: Context) => Promise<GateAnswer>;

export interface GateOptions<Context> {
  readonly log: Logger;
  /** Checks and resolves a path. @throws UserError when the caller may not use it */
  readonly authorisePath: (path: string, context: Context) => Promise<string>;
  /** Maximum size of an argument in bytes; 8 MB by default. */
  readonly maxBytes?: number;
  /** Texts to remove from errors, such as the token of the web host. */
  readonly secrets?: readonly string[];
}

export const MAX_CALL_BYTES = 8 * 2 ** 20;
/** Slower calls are logged, in ms. */
const SLOW_MS = 2000;

/** True for the name of a call, and not for an inherited property. */
function isCallName(name: unknown): name is CallName {
  return typeof name === "string" && Object.hasOwn(CALLS, name);
}

/** Creates the gate over the handlers. */
export function createGate<Context>(handlers: Handlers<Context>, options: GateOptions<Context>): Gate<Context> {
  const maxBytes = options.maxBytes ?? MAX_CALL_BYTES;
  const refuse = (error: WireError): GateAnswer => {
    options.log.warning(`Call refused: ${error.message}`);
    return { ok: false, error };
  };
  return async (name, input, context) => {
    if (!isCallName(name))
      return refuse({ code: "call-unknown", message: `There is no call ${label(name)}.`, remedy: "Reload the window: it may be older than the program." });
    const size = measureValue(input, maxBytes);
    if (!size.ok) {
      if (size.reason === "too-large")
        return refuse({
          code: "call-too-large",
          message: `The argument of ${name} is larger than ${Math.round(maxBytes / 2 ** 20)} MB.`,
          remedy: "Send less data at a time.",
        });
      return refuse({ code: "call-invalid", message: `The argument of ${name} is not plain data.`, remedy: "Reload the window and try again." });
    }
    const began = performance.now();
    try {
      const parsed = CALLS[name].input.safeParse(input);
      if (!parsed.success) {
        const issues = parsed.error.issues.slice(0, 5).map((issue) => presentable(`${issue.path.map(String).join(".") || "argument"}: ${issue.message}`));
        return refuse({
          code: "call-invalid",
          message: `The argument of ${name} is not valid: ${issues[0] ?? ""}.`,
          remedy: "Correct the value and try again.",
          detail: issues.join("\n"),
        });
      }
      // The compiler cannot infer that one name selects both the schema and the handler.
      const handler = handlers[name] as (input: unknown, context: Context) => unknown;
      const data = await withAuthorisedPaths(CALLS[name].input, parsed.data, (path) => options.authorisePath(path, context));
      return { ok: true, value: await handler(data, context) };
    } catch (thrown) {
      return { ok: false, error: toWireError(thrown, name, options.log, options.secrets ?? []) };
    } finally {
      const ms = performance.now() - began;
      if (ms > SLOW_MS) options.log.info(`The call ${name} took ${Math.round(ms)} ms.`);
    }
  };
}

/**
 * The value with every path that its schema marks checked and resolved.
 * @throws the error of `authorise` for the first path that is refused
 */
async function withAuthorisedPaths<Value>(schema: z.ZodType, value: Value, authorise: (path: string) => Promise<string>): Promise<Value> {
  const paths = userPathsIn(schema, value);
  if (paths.length === 0) return value;
  return withPaths(value, await Promise.all(paths.map(async ({ keys, path }) => ({ keys, path: await authorise(path) }))));
}

/** Keys and values of the argument are quoted: cut, and without control characters. */
function presentable(text: string): string {
  return printable(text.length > 300 ? `${text.slice(0, 300)}…` : text);
}

function label(name: unknown): string {
  return typeof name === "string" ? printable(JSON.stringify(name.slice(0, 80))) : `of type ${typeof name}`;
}
