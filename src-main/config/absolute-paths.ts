import type { RunConfig } from "../../src-shared/domain/config/run-config.ts";
import { userPath } from "../lib/user-path.ts";

/** The config with an absolute `dataset.path`, so that a run finds the same images from every working folder. */
export function withAbsolutePaths<Config extends RunConfig>(config: Config): Config {
  const { path } = config.dataset;
  return path === undefined || path === "" ? config : { ...config, dataset: { ...config.dataset, path: userPath(path) } };
}
