#!/usr/bin/env node
/** The command `ghn-studio`. */
import path from "node:path";
import { launch, root } from "./launch.mjs";

launch(path.join(root, "src-main/launcher/cli.ts"), process.argv.slice(2));
