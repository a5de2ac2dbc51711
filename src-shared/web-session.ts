/** What pages and the web host agree on. */

/** Header with the token. Not `Authorization`, which proxies such as JupyterHub interpret. */
export const TOKEN_HEADER = "x-ghn-studio-token";
/** The subprotocol of event connections. The page offers a second one, which is its token, because it cannot set headers. */
export const EVENT_PROTOCOL = "ghn-studio";
/** Code with which a host that stops closes event connections. */
export const CLOSE_STOPPED = 1001;

/**
 * A one-time link. The code is in the fragment, which browsers do not send to servers, so no proxy logs it.
 * @param base address of the page, with a slash at the end
 */
export function linkTo(base: string, code: string): string {
  return `${base}#code=${code}`;
}

/** The one-time code in a link, or in text pasted by a user; null if there is none. */
export function codeIn(text: string): string | null {
  return /(?:^|#code=)([\w-]{43})$/.exec(text.trim())?.[1] ?? null;
}
