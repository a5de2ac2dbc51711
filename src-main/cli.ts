#!/usr/bin/env node
/** Headless entry point: the services of the window on a terminal. */
import { enableCompileCache } from "node:module";
import { join } from "node:path";
import { userCacheFolder } from "./config/folders.ts";

// Caching compiled code between commands halves the start-up time.
enableCompileCache(join(userCacheFolder(), "compiled"));
const { main } = await import("./cli/main.ts");
await main(process.argv);
