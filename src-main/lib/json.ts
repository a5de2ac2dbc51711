import { UserError } from "./errors.ts";

/** Deeper than any config, cell or manifest. Code that walks values recursively can rely on it. */
const MAX_JSON_DEPTH = 64;

/**
 * Parses JSON whose nesting is bounded, so that no later step can exhaust the stack.
 * @param where names the text in messages, for example a file
 * @throws UserError `json-deep`; SyntaxError when it is not JSON
 */
export function parseJson(text: string, where = "The JSON"): unknown {
  if (isTooDeep(text))
    throw new UserError(`${where} is nested more than ${MAX_JSON_DEPTH} levels deep.`, {
      code: "json-deep",
      remedy: "No file of GHN Studio is nested this deeply; check that this is the right one.",
    });
  return JSON.parse(text) as unknown;
}

/** Whether brackets outside of strings are nested too deeply. Linear in the length, without recursion. */
function isTooDeep(text: string): boolean {
  let depth = 0;
  let inString = false;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (inString) {
      if (code === 0x5c) i += 1;
      else if (code === 0x22) inString = false;
    } else if (code === 0x22) inString = true;
    else if (code === 0x7b || code === 0x5b) {
      depth += 1;
      if (depth > MAX_JSON_DEPTH) return true;
    } else if (code === 0x7d || code === 0x5d) depth -= 1;
  }
  return false;
}
