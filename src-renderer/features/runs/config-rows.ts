import { flattenConfig, sameValue, valueAt } from "../../../src-shared/domain/config/config-diff.ts";
import { fieldsAt } from "../../../src-shared/domain/config/config-fields.ts";
import { type RunConfig, runConfigSchema } from "../../../src-shared/domain/config/run-config.ts";
import { factTitle } from "./run-facts.ts";

export interface ConfigRow {
  readonly path: string;
  readonly title: string;
  readonly description: string;
  readonly value: unknown;
  /** Default of the schema; undefined if there is none. */
  readonly defaultValue: unknown;
  readonly changed: boolean;
}

export interface ConfigGroup {
  readonly title: string;
  readonly rows: readonly ConfigRow[];
}

const GROUP_TITLES: Readonly<Record<string, string>> = {
  "": "Run",
  dataset: "Dataset",
  network: "Network",
  finalNetwork: "Final network",
  space: "Search space",
  ghn: "Graph HyperNetwork",
  training: "Training",
  "training.augmentation": "Augmentation",
  search: "Search",
  compute: "Compute",
  compare: "Train shortlist",
  "compare.augmentation": "Augmentation (train shortlist)",
  final: "Train winner",
  "final.augmentation": "Augmentation (train winner)",
  source: "Cells to train",
  cells: "Study cells",
  predictors: "Other predictors",
  "predictors.sgd": "Short training",
  truth: "Ground truth",
  "truth.augmentation": "Augmentation (ground truth)",
};

const required: Readonly<Record<RunConfig["kind"], object>> = {
  "ghn-training": {},
  search: { ghnRunId: "x" },
  "cell-training": { source: { from: "search", runId: "x", top: 0, random: 0 } },
  pipeline: {},
  prediction: {},
  study: { variants: [{ name: "x" }] },
  anytime: {},
  "anytime-ghn": {},
  "anytime-search": { ghnRunId: "x" },
  "anytime-training": { source: { from: "search", runId: "x", top: 0, random: 0 } },
};

/** The config with all defaults, to tell which settings were changed. */
function defaultConfig(kind: RunConfig["kind"]): RunConfig {
  return runConfigSchema.parse({ kind, ...required[kind] });
}

export function fieldTitle(kind: RunConfig["kind"], path: string): { title: string; description: string } {
  const schema = fieldsAt(kind, path.split("."))[0];
  return { title: schema?.title ?? factTitle(path.split(".").at(-1) ?? path), description: schema?.description ?? "" };
}

/** Settings of a config in groups, titled as in the schema. */
export function configGroups(config: RunConfig): ConfigGroup[] {
  const defaults = defaultConfig(config.kind);
  const groups = new Map<string, ConfigRow[]>();
  for (const [path, value] of flattenConfig(config)) {
    if (path === "kind") continue;
    const group = groupOf(path);
    const standard = group === "source" || path === "ghnRunId" ? undefined : valueAt(defaults, path);
    const row: ConfigRow = { path, ...fieldTitle(config.kind, path), value, defaultValue: standard, changed: !sameValue(value, standard) };
    groups.set(group, [...(groups.get(group) ?? []), row]);
  }
  return [...groups].map(([key, rows]) => ({ title: GROUP_TITLES[key] ?? factTitle(key), rows }));
}

function groupOf(path: string): string {
  const parts = path.split(".");
  if (parts.length === 1) return "";
  const two = parts.slice(0, 2).join(".");
  return parts.length > 2 && GROUP_TITLES[two] !== undefined ? two : (parts[0] ?? "");
}
