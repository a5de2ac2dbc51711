import { codeIn } from "../../src-shared/web-session.ts";

/**
 * The code of the one-time link that this page was opened with; null if it was not. Taken out of the address before the router and the history see it, so this
 * module must be imported first.
 */
export const linkCode: string | null = take();

function take(): string | null {
  const code = codeIn(globalThis.location?.hash ?? "");
  if (code !== null) history.replaceState(null, "", location.pathname + location.search);
  return code;
}
