/** The one gate for every call, whichever host it came through: known name, bounded size, parsed argument, mapped error. */
import type { z } from "zod";
import { CALLS, type CallName, type CallOutput, type CallParsed, type WireError } from "../../../src-shared/contract.ts";
import { userPathsIn, withPaths } from "../../../src-shared/domain/user-paths.ts";
import type { Logger } from "../../lib/logger.ts";
import { measureValue } from "./value-size.ts";
import { toWireError } from "./wire-error.ts";

/** One function for each call of the contract; a missing one is a type error. `context` says who called. */
export type Handlers<Context> = {
  readonly [Name in CallName]: (input: CallParsed<Name>, context: Context) => CallOutput<Name> | Promise<CallOutput<Name>>;
};

/** The handlers of some calls only: what one module of the api offers. */
export type HandlersOf<Context, Names extends CallName> = Pick<Handlers<Context>, Names>;

export type GateAnswer = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly error: WireError };

/** Answers every call; never rejects. */
export type Gate<Context> = (name: unknown, input: unknown, context: Context) => Promise<GateAnswer>;

export interface GateOptions<Context> {
  readonly log: Logger;
  /** The path as it may be used. @throws UserError when the caller may not use it */
  readonly authorisePath: (path: string, context: Context) => Promise<string>;
  /** Largest argument in bytes, as it would travel; 8 MB unless given. */
  readonly maxBytes?: number;
  /** Texts that must never leave the process in an error, such as the token of the web host. */
  readonly secrets?: readonly string[];
}

export const MAX_CALL_BYTES = 8 * 2 ** 20;
/** A call that takes longer is noted in the log, in ms. */
const SLOW_MS = 2000;

/** True for the name of a call in the contract, and for nothing that a prototype would add. */
export function isCallName(name: unknown): name is CallName {
  return typeof name === "string" && Object.hasOwn(CALLS, name);
}

/** Builds the gate over the handlers of a studio. */
export function createGate<Context>(handlers: Handlers<Context>, options: GateOptions<Context>): Gate<Context> {
  const maxBytes = options.maxBytes ?? MAX_CALL_BYTES;
  const refuse = (error: WireError): GateAnswer => {
    options.log.warning(`Call refused: ${error.message}`);
    return { ok: false, error };
  };
  return async (name, input, context) => {
    if (!isCallName(name))
      return refuse({ code: "call-unknown", message: `There is no call ${label(name)}.`, remedy: "Reload the window; it may be older than the program." });
    const size = measureValue(input, maxBytes);
    if (!size.ok) {
      if (size.reason === "too-large")
        return refuse({
          code: "call-too-large",
          message: `The argument of ${name} is larger than ${Math.round(maxBytes / 2 ** 20)} MB.`,
          remedy: "Send less at once.",
        });
      return refuse({ code: "call-invalid", message: `The argument of ${name} is not plain data.`, remedy: "Reload the window and try again." });
    }
    const began = performance.now();
    try {
      const parsed = CALLS[name].input.safeParse(input);
      if (!parsed.success) {
        const issues = parsed.error.issues.slice(0, 5).map((issue) => `${issue.path.map(String).join(".") || "argument"}: ${issue.message}`);
        return refuse({
          code: "call-invalid",
          message: `The call ${name} was given something that does not fit: ${issues[0] ?? ""}.`,
          remedy: "Correct the value and try again.",
          detail: issues.join("\n"),
        });
      }
      // The compiler cannot follow that one name selects both the schema and the handler.
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
 * A value with every path that its schema marks checked, and replaced by the path as it may be used.
 * @throws what `authorise` throws for the first path that may not be used
 */
export async function withAuthorisedPaths<Value>(schema: z.ZodType, value: Value, authorise: (path: string) => Promise<string>): Promise<Value> {
  const paths = userPathsIn(schema, value);
  if (paths.length === 0) return value;
  return withPaths(value, await Promise.all(paths.map(async ({ keys, path }) => ({ keys, path: await authorise(path) }))));
}

function label(name: unknown): string {
  return typeof name === "string" ? JSON.stringify(name.slice(0, 80)) : `of type ${typeof name}`;
}
