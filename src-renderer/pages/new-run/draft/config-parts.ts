import {
  anytimeRunSchema,
  cellTrainingRunSchema,
  cellTrainingSchema,
  ghnTrainingRunSchema,
  pipelineRunSchema,
  type RunKind,
  studyRunSchema,
} from "../../../../src-shared/domain/config/run-config.ts";

/** A config being edited; any field may hold an invalid value. */
export type EditedConfig = Readonly<Record<string, unknown>> & { readonly kind: RunKind };

/** Parts of configs by meaning; the `training` of two kinds need not be the same. */
interface Parts {
  readonly shared: Readonly<Record<string, unknown>>;
  readonly space: unknown;
  readonly ghn: unknown;
  readonly ghnTraining: unknown;
  readonly search: unknown;
  /** Given cells of a search. */
  readonly cells: unknown;
  readonly compare: unknown;
  readonly final: unknown;
  /** Optional fields that only pipelines have. */
  readonly pipeline: Readonly<Record<string, unknown>>;
  readonly ghnRunId: unknown;
  readonly source: unknown;
  readonly measureTest: unknown;
  /** All settings of the anytime space, whose networks have a different structure. */
  readonly anytime: Readonly<Record<string, unknown>>;
  /** Parts that only predictions and studies have. */
  readonly study: Readonly<Record<string, unknown>>;
}

function studyParts({
  cells,
  predictors,
  title,
  variants,
  seeds,
  validationImages,
  truth,
  noiseCells,
  rankAverage,
  truthRuns,
}: Readonly<Record<string, unknown>>): Parts["study"] {
  return Object.fromEntries(
    Object.entries({ cells, predictors, title, variants, seeds, validationImages, truth, noiseCells, truthRuns, rankAverage }).filter(
      ([, value]) => value !== undefined,
    ),
  );
}

function pipelineParts({ compareTest, finalNetwork, finalValidationImages }: Readonly<Record<string, unknown>>): Parts["pipeline"] {
  return Object.fromEntries(Object.entries({ compareTest, finalNetwork, finalValidationImages }).filter(([, value]) => value !== undefined));
}

function anytimeParts(config: Readonly<Record<string, unknown>>): Parts["anytime"] {
  const { network, space, ghn, training, search, winners, randomPicks, references, final, source, measureTest, ghnRunId } = config;
  return Object.fromEntries(
    Object.entries({ network, space, ghn, training, search, winners, randomPicks, references, final, source, measureTest, ghnRunId }).filter(
      ([, value]) => value !== undefined,
    ),
  );
}

const defaults = pipelineRunSchema.parse({ kind: "pipeline" });
const NO_PARTS: Parts = {
  shared: { seed: defaults.seed, dataset: defaults.dataset, network: defaults.network, compute: defaults.compute, checkpointEvery: defaults.checkpointEvery },
  space: defaults.space,
  ghn: defaults.ghn,
  ghnTraining: ghnTrainingRunSchema.parse({ kind: "ghn-training" }).training,
  search: defaults.search,
  cells: undefined,
  compare: cellTrainingSchema.parse({}),
  final: defaults.final,
  pipeline: pipelineParts(defaults),
  ghnRunId: "",
  source: { from: "search", runId: "", top: 10, random: 10 },
  measureTest: cellTrainingRunSchema.shape.measureTest.parse(undefined),
  anytime: anytimeParts({
    ...anytimeRunSchema.parse({ kind: "anytime" }),
    source: { from: "search", runId: "", top: 1, random: 1 },
    measureTest: true,
    ghnRunId: "",
  }),
  study: studyParts(studyRunSchema.parse({ kind: "study", variants: [{ name: "GHN" }] })),
};

/** Keeps the settings of one kind of run while another kind is selected. */
export class PartsBox {
  private parts: Parts = NO_PARTS;

  /** Stores the parts of a config. */
  keep(config: EditedConfig): void {
    if (config.kind.startsWith("anytime")) {
      this.keepAnytime(config);
      return;
    }
    const { seed, dataset, network, compute, checkpointEvery } = config;
    const shared = { seed, dataset, network, compute, checkpointEvery };
    const own: Partial<Parts> =
      config.kind === "ghn-training"
        ? { space: config.space, ghn: config.ghn, ghnTraining: config.training }
        : config.kind === "search"
          ? { space: config.space, search: config.search, ghnRunId: config.ghnRunId, cells: config.cells }
          : config.kind === "cell-training"
            ? { compare: config.training, source: config.source, measureTest: config.measureTest }
            : config.kind === "prediction" || config.kind === "study"
              ? { space: config.space, study: { ...this.parts.study, ...studyParts(config) } }
              : {
                  space: config.space,
                  ghn: config.ghn,
                  ghnTraining: config.training,
                  search: config.search,
                  compare: config.compare,
                  final: config.final,
                  pipeline: pipelineParts(config),
                };
    this.parts = { ...this.parts, ...own, shared };
  }

  private keepAnytime(config: EditedConfig): void {
    const { seed, dataset, compute, checkpointEvery } = config;
    // The training of an anytime-training run corresponds to the final one of an anytime experiment.
    const own = config.kind === "anytime-training" ? { ...anytimeParts({ ...config, training: undefined }), final: config.training } : anytimeParts(config);
    this.parts = { ...this.parts, shared: { ...this.parts.shared, seed, dataset, compute, checkpointEvery }, anytime: { ...this.parts.anytime, ...own } };
  }

  /** The config of a kind, assembled from the stored parts. */
  as(kind: RunKind): EditedConfig {
    const { shared, space, ghn, ghnTraining, search, cells, compare, final, pipeline, ghnRunId, source, measureTest, study, anytime } = this.parts;
    const { network: _, ...sharedByAll } = shared;
    const anytimeShared = { ...sharedByAll, network: anytime["network"] };
    const { space: anytimeSpace, ghn: anytimeGhn, training: anytimeTraining, search: anytimeSearch, references, final: anytimeFinal } = anytime;
    switch (kind) {
      case "ghn-training":
        return { kind, ...shared, space, ghn, training: ghnTraining };
      case "search":
        return { kind, ...shared, ghnRunId, space, search, ...(cells === undefined ? {} : { cells }) };
      case "cell-training":
        return { kind, ...shared, source, training: compare, measureTest };
      case "pipeline":
        return { kind, ...shared, space, ghn, training: ghnTraining, search, compare, final, ...pipeline };
      case "prediction":
        return { kind, ...shared, space, cells: study["cells"], predictors: study["predictors"] };
      case "study":
        return { kind, ...shared, space, ...study };
      case "anytime":
        return {
          kind,
          ...anytimeShared,
          space: anytimeSpace,
          ghn: anytimeGhn,
          training: anytimeTraining,
          search: anytimeSearch,
          winners: anytime["winners"],
          randomPicks: anytime["randomPicks"],
          references,
          final: anytimeFinal,
        };
      case "anytime-ghn":
        return { kind, ...anytimeShared, space: anytimeSpace, ghn: anytimeGhn, training: anytimeTraining };
      case "anytime-search":
        return { kind, ...anytimeShared, ghnRunId: anytime["ghnRunId"], space: anytimeSpace, search: anytimeSearch };
      case "anytime-training":
        return { kind, ...anytimeShared, source: anytime["source"], references, training: anytimeFinal, measureTest: anytime["measureTest"] };
    }
  }
}
