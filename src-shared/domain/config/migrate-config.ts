/** Converts configs of earlier versions, as found in files and projects. Pure. */
import { isRecord } from "../is-record.ts";
import type { RunConfig } from "./run-config.ts";

/** A config with the fields of this version. Anything that is not an old config is returned unchanged. */
export function migrateConfig(config: unknown): unknown {
  if (!isRecord(config)) return config;
  const { variants } = config;
  return {
    ...config,
    ...("ghn" in config ? { ghn: migrateGhnConfig(config["ghn"]) } : {}),
    ...(Array.isArray(variants)
      ? {
          variants: variants.map((variant: unknown) =>
            isRecord(variant) && "ghn" in variant ? { ...variant, ghn: migrateGhnConfig(variant["ghn"]) } : variant,
          ),
        }
      : {}),
  };
}

/** `ghn` of a config: `shareParameters` has become `sharing`. Old configs let H see the image scale. */
export function migrateGhnConfig(ghn: unknown): unknown {
  if (!isRecord(ghn) || !("shareParameters" in ghn) || "sharing" in ghn) return ghn;
  const renamed = Object.entries(ghn).map(([key, value]): [string, unknown] => (key === "shareParameters" ? ["sharing", sharingOf(value)] : [key, value]));
  return { ...Object.fromEntries(renamed), scaleFeature: ghn["scaleFeature"] ?? true };
}

/** Without shared parameters, only the GNN was per block. Other values are left to the schema, which refuses them. */
function sharingOf(shareParameters: unknown): unknown {
  return shareParameters === true ? "all" : shareParameters === false ? "gnn" : shareParameters;
}

/** The config as earlier versions wrote it, if they had the same settings. Keys of checkpoints are made from it, so that old checkpoints can be resumed. */
export function inOldForm(config: RunConfig): unknown {
  // Supernets were trained by Adam, whose state does not fit: their checkpoints keep a key that no config has now.
  if (!("ghn" in config) || config.ghn.generator === "one-shot") return config;
  const { scaleFeature, ...ghn } = config.ghn;
  if (!scaleFeature || ghn.sharing === "none") return config;
  const renamed = Object.entries(ghn).map(([key, value]): [string, unknown] => (key === "sharing" ? ["shareParameters", value === "all"] : [key, value]));
  return { ...config, ghn: Object.fromEntries(renamed) };
}

/** Training settings in a config of any kind. */
const TRAININGS = ["training", "compare", "final", "truth"] as const;

/**
 * A stored config, or sections of one, with the settings that it was executed with. Configs that were frozen before `shortBatch` existed lack it and keep the short batch, but the schema
 * would fill in the default of new runs. Used wherever a stored config is shown or becomes a new run; stored configs themselves stay as they are, because checkpoints depend on them.
 */
export function explicit<Config>(config: Config): Config {
  if (!isRecord(config)) return config;
  const { predictors, variants } = config;
  return {
    ...config,
    ...Object.fromEntries(TRAININGS.flatMap((key) => (key in config ? [[key, withShortBatch(config[key])]] : []))),
    ...(isRecord(predictors) && "sgd" in predictors ? { predictors: { ...predictors, sgd: withShortBatch(predictors["sgd"]) } } : {}),
    ...(Array.isArray(variants)
      ? {
          variants: variants.map((variant: unknown) =>
            isRecord(variant) && "training" in variant ? { ...variant, training: withShortBatch(variant["training"]) } : variant,
          ),
        }
      : {}),
  };
}

function withShortBatch(training: unknown): unknown {
  return isRecord(training) && !("shortBatch" in training) ? { ...training, shortBatch: "keep" } : training;
}
