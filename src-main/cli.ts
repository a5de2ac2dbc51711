#!/usr/bin/env node
/** Headless entry: the same services as in the window, from a terminal. */
import { enableCompileCache } from "node:module";
import { join } from "node:path";
import { userCacheFolder } from "./config/folders.ts";

// Compiled code is kept between commands, which halves the time to the first word.
enableCompileCache(join(userCacheFolder(), "compiled"));
const { main } = await import("./cli/main.ts");
await main(process.argv);
