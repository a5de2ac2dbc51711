/** `app://studio/`: serves the built page with the same headers as the web host. */
import { SECURITY_HEADERS } from "../page/security-headers.ts";
import { readStaticFile } from "../page/static-files.ts";
import type { Electron } from "./electron-like.ts";
import { APP_HOST, APP_SCHEME } from "./security.ts";

/** Must be registered before the application is ready. Standard and secure, so that the page has an origin; nothing bypasses its CSP. */
export const APP_SCHEME_PRIVILEGES: Electron.CustomScheme = {
  scheme: APP_SCHEME,
  privileges: { standard: true, secure: true, supportFetchAPI: true, stream: false, bypassCSP: false, allowServiceWorkers: false, corsEnabled: false },
};

/** Serves files in `rendererFolder`, and 404 for anything else. */
export function appProtocolHandler(rendererFolder: string): (request: Request) => Promise<Response> {
  return async (request) => {
    const url = URL.parse(request.url);
    if (url === null || url.host !== APP_HOST || request.method !== "GET") return refusal(404);
    const file = await readStaticFile(rendererFolder, url.pathname);
    if (file === null) return refusal(404);
    return new Response(Uint8Array.from(file.body), {
      status: 200,
      headers: { ...SECURITY_HEADERS, "content-type": file.type, "cache-control": file.immutable ? "max-age=31536000, immutable" : "no-store" },
    });
  };
}

function refusal(status: number): Response {
  return new Response("Page not found.", { status, headers: { ...SECURITY_HEADERS, "content-type": "text/plain; charset=utf-8" } });
}
