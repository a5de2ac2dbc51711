import { Command } from "commander";
import { loadConfig } from "../../config/load-config.ts";
import type { Io } from "../output/io.ts";
import { type RunOptions, runConfig, setsOf, withRunOptions } from "../supervise/execute-config.ts";

/** `ghn-studio run`: runs a preset or a config file in this process. */
export function runPresetCommand(io: Io): Command {
  return withRunOptions(new Command("run"))
    .description("run a preset (demo, quick, paper-cifar10, imagenet-mobile …) or a config file to completion")
    .argument("<preset|config.json>", "preset name or JSON config file")
    .action(async (source: string, options: RunOptions) => {
      const { config, name } = await loadConfig(source, setsOf(options));
      await runConfig(io, config, name, options);
    });
}
