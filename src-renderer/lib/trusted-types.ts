/**
 * The page's content security policy only lets trusted types reach HTML and script addresses. Vue and DOMPurify have policies of their own; this is the default
 * policy for the libraries that have none. It must be installed before anything else runs.
 */

/** The part of the API that is used; TypeScript does not declare it. */
interface TrustedTypes {
  createPolicy(
    name: string,
    rules: { readonly createHTML: (html: string) => string | null; readonly createScriptURL: (url: string) => string | null },
  ): unknown;
}

/** Null refuses a value. */
export function allowedHtml(html: string): string | null {
  // Charts clear their element this way.
  return html === "" ? html : null;
}

/**
 * @param url address of a script or worker
 * @param page address of the page
 */
export function allowedScript(url: string, page: string): string | null {
  const parsed = URL.parse(url, page);
  // The layout of cells runs in a worker, whose file is part of the build.
  return parsed?.href.startsWith(new URL("assets/", page).href) === true && /\.js$/.test(parsed.pathname) ? url : null;
}

const { trustedTypes } = globalThis as { readonly trustedTypes?: TrustedTypes };
trustedTypes?.createPolicy("default", { createHTML: allowedHtml, createScriptURL: (url) => allowedScript(url, document.baseURI) });
