import { join } from "node:path";
import { userConfigFolder } from "../config/folders.ts";
import { fileLogger } from "../lib/log-file.ts";
import type { Logger } from "../lib/logger.ts";

/** The log file of hosts. */
export function studioLog(): Logger {
  return fileLogger(join(userConfigFolder(), "logs", "studio.log"));
}
