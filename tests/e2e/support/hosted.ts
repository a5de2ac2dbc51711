/** A web host in this process with temporary folders, and a browser to open it in. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { type Served, startServe } from "../../../src-main/hosts/web/serve.ts";
import { launchBrowser } from "./chromium.ts";
import { buildPage } from "./serve.ts";

type ServeOptions = Parameters<typeof startServe>[0];

export interface Hosted {
  /** Folder that the host may read and write; settings are in it. */
  readonly folder: string;
  readonly browser: Browser;
  readonly served: Served;
  close(): Promise<void>;
}

/** Prepares the folder, e.g. with a project, and then starts the host and the browser. @param prepare returns options of the host */
export async function hostStudio(prepare: (folder: string) => ServeOptions): Promise<Hosted> {
  buildPage();
  const before = process.env["GHN_STUDIO_DATA"];
  const folder = mkdtempSync(join(tmpdir(), "ghn-e2e-"));
  process.env["GHN_STUDIO_DATA"] = join(folder, "settings");
  const forget = (): void => {
    if (before === undefined) delete process.env["GHN_STUDIO_DATA"];
    else process.env["GHN_STUDIO_DATA"] = before;
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const [served, browser] = await Promise.all([startServe({ roots: [folder], port: 0, ...prepare(folder) }), launchBrowser()]);
    return {
      folder,
      browser,
      served,
      close: async () => {
        await browser.close();
        await served.close();
        forget();
      },
    };
  } catch (error) {
    forget();
    throw error;
  }
}
