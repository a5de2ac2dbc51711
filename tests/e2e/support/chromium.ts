/** Finds the Chromium for the end-to-end tests. */
import { existsSync } from "node:fs";
import { type Browser, chromium } from "playwright-core";

const PLACES = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/** Path of the browser: `GHN_STUDIO_CHROMIUM`, or a common location; null if there is none. */
function chromiumPath(): string | null {
  const named = process.env["GHN_STUDIO_CHROMIUM"];
  if (named !== undefined && named !== "") return existsSync(named) ? named : null;
  return PLACES.find((path) => existsSync(path)) ?? null;
}

/** Reason why the tests cannot run; null if they can. */
export function whyNoBrowser(): string | null {
  return chromiumPath() === null
    ? `no Chromium: install it (apt-get install chromium), or name one in GHN_STUDIO_CHROMIUM${process.env["GHN_STUDIO_CHROMIUM"] ? ` (now ${process.env["GHN_STUDIO_CHROMIUM"]}, which is not there)` : ""}`
    : null;
}

export function launchBrowser(args: readonly string[] = []): Promise<Browser> {
  return chromium.launch({ executablePath: chromiumPath() ?? "chromium", args: ["--no-sandbox", "--disable-dev-shm-usage", ...args] });
}
