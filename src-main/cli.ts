#!/usr/bin/env node
/** Headless entry point: the services of the window on a terminal. */
import { enableCompileCache } from "node:module";
import { join } from "node:path";
import { userCacheFolder } from "./config/folders.ts";
import { makeFolder } from "./lib/make-folder.ts";

// Caching compiled code between commands halves the start-up time.
try {
  const compiled = join(userCacheFolder(), "compiled");
  // Node would create it too, but runs forever where that is not possible.
  makeFolder(compiled);
  enableCompileCache(compiled);
} catch {
  // Without a cache, commands only start more slowly.
}
const { main } = await import("./cli/main.ts");
await main(process.argv);
