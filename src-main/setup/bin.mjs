#!/usr/bin/env node
/** The command `ghn-studio`. */
import path from "node:path";
import { launch, root } from "./launch.mjs";

launch(path.join(root, "src-main/setup/cli.ts"), process.argv.slice(2));
