import { fieldPaths } from "../../../../src-shared/domain/config/config-fields.ts";
import type { RunKind } from "../../../../src-shared/domain/config/run-config.ts";

/** One section of the form. Its fields come from the schema; `basic` lists those shown first, the others are collapsed. */
export interface Section {
  readonly id: string;
  readonly title: string;
  /** Short description, in the terms of the paper. */
  readonly text: string;
  /** Groups of the config in this section, by dotted path; "" means fields outside any group. */
  readonly groups: readonly string[];
  readonly basic: readonly string[];
  /** Fields with a custom control. */
  readonly own?: readonly string[];
}

const CELL_TRAINING_BASICS = ["epochs", "batchSize", "learningRate", "repetitions"];

const DATASET: Section = {
  id: "dataset",
  title: "Dataset",
  text: "The training images are split once into training and validation images; validation images rank cells. Test images are used only for the final measurement.",
  groups: ["dataset"],
  basic: ["dataset.validationImages", "dataset.trainImages"],
  own: ["dataset.id", "dataset.path"],
};

const SPACE: Section = {
  id: "space",
  title: "Search space",
  text: "A cell is a random directed acyclic graph. Each node applies one operation to one or two earlier nodes; the outputs of all leaf nodes are concatenated.",
  groups: ["space"],
  basic: ["space.nodes", "space.maxInputs"],
  own: ["space.operations"],
};

const NETWORK: Section = {
  id: "network",
  title: "Network",
  text: "The network stacks blocks of the same cell; each reduction halves the resolution and doubles the channels.",
  groups: ["network"],
  basic: ["network.blocks", "network.initialChannels", "network.reductions"],
};

const GHN: Section = {
  id: "ghn",
  title: "Graph HyperNetwork",
  text: "The GHN passes messages along the computation graph and decodes the embedding of each node into its weights.",
  groups: ["ghn"],
  basic: ["ghn.generator", "ghn.propagation", "ghn.propagationSteps"],
};

const GHN_TRAINING: Section = {
  id: "training",
  title: "Train GHN",
  text: "Each step samples a random cell, generates its weights, and backpropagates the loss on one batch of images into the GHN.",
  groups: ["training"],
  basic: ["training.nodes", "training.epochs", "training.batchSize", "training.learningRate"],
};

const SEARCH: Section = {
  id: "search",
  title: "Search",
  text: "Cells are ranked by validation accuracy with generated weights; none of them is trained. The best form the shortlist (GHN Top).",
  groups: ["search"],
  basic: ["search.strategy", "search.samples", "search.validationImages", "search.shortlist", "search.randomBaseline"],
};

const RUN: Section = {
  id: "run",
  title: "Reproducibility and compute",
  text: "The same seed and config give the same numbers on the same backend. Each run records its backend.",
  groups: ["", "compute"],
  basic: ["seed", "compute.backend"],
  own: ["kind", "ghnRunId", "measureTest", "cells"],
};

const cellTraining = (id: string, title: string, text: string): Section => ({
  id,
  title,
  text,
  groups: [id],
  basic: CELL_TRAINING_BASICS.map((field) => `${id}.${field}`),
});

function withField(section: Section, field: string): Section {
  return { ...section, basic: [...section.basic, field] };
}

const STUDY_CELLS: Section = {
  id: "cells",
  title: "Cells",
  text: "All predictors are compared on one fixed set of distinct random cells, determined by the seed and the search space.",
  groups: ["cells"],
  basic: ["cells.count", "cells.seed"],
};

const PREDICTORS: Section = {
  id: "predictors",
  title: "Other predictors",
  text: "Baselines for the generators: zero-cost proxies of untrained networks, and validation accuracy after a few steps of SGD.",
  groups: ["predictors"],
  basic: ["predictors.proxies", "predictors.sgdSteps"],
};

const ANYTIME_SPACE: Section = {
  id: "space",
  title: "Search space",
  text: "A sequence of different cells. Every node has an operation, an image scale and optionally an exit; its inputs are concatenated and reduced by a 1×1 bottleneck.",
  groups: ["space", "network"],
  basic: ["space.exits", "space.scales", "space.maxInputs", "network.initialChannels"],
  own: ["space.operations", "space.nodes"],
};

const ANYTIME_GHN_TRAINING: Section = {
  ...GHN_TRAINING,
  text: "Each step samples a random network of random size, generates its weights, and backpropagates the losses of its exits into the GHN.",
  basic: ["training.randomNodes", "training.epochs", "training.batchSize", "training.learningRate"],
};

const ANYTIME_SEARCH: Section = {
  ...SEARCH,
  text: "Networks are ranked by the area under the curve of accuracy over multiply-adds, predicted with generated weights: the expected accuracy under an unknown budget.",
  basic: ["search.samples", "search.validationImages", "search.maxBudget", "search.shortlist", "search.randomBaseline"],
};

const SECTIONS: Readonly<Record<RunKind, readonly Section[]>> = {
  "ghn-training": [DATASET, SPACE, NETWORK, GHN, GHN_TRAINING, RUN],
  search: [
    { id: "source", title: "GHN", text: "The trained Graph HyperNetwork that generates the weights of every cell.", groups: [], basic: [], own: ["ghnRunId"] },
    DATASET,
    SPACE,
    NETWORK,
    SEARCH,
    RUN,
  ],
  "cell-training": [
    { id: "source", title: "Cells", text: "Select the cells to train from scratch.", groups: [], basic: [], own: ["source"] },
    DATASET,
    NETWORK,
    withField(cellTraining("training", "Training from scratch", "SGD with a cosine learning-rate schedule, as in the paper."), "measureTest"),
    RUN,
  ],
  pipeline: [
    DATASET,
    SPACE,
    NETWORK,
    GHN,
    GHN_TRAINING,
    SEARCH,
    withField(
      cellTraining(
        "compare",
        "Train shortlist",
        "The shortlist and a set of random cells are trained from scratch with a short protocol, to compare scores with trained accuracy.",
      ),
      "compareTest",
    ),
    {
      ...withField(cellTraining("final", "Train winner", "The best cell is fully trained, optionally several times (GHN Top-Best)."), "finalValidationImages"),
      own: ["finalNetwork"],
    },
    { ...RUN, own: [...(RUN.own ?? []), "compareTest", "finalValidationImages"] },
  ],
  prediction: [DATASET, SPACE, NETWORK, STUDY_CELLS, PREDICTORS, RUN],
  study: [
    DATASET,
    SPACE,
    NETWORK,
    STUDY_CELLS,
    {
      id: "variants",
      title: "Generators",
      text: "The variants to compare. Each variant is trained once per seed and then scores the same cells.",
      groups: [],
      basic: ["title", "seeds", "validationImages"],
      own: ["variants"],
    },
    withField(PREDICTORS, "rankAverage"),
    {
      ...cellTraining(
        "truth",
        "Ground truth",
        "How the cells are trained from scratch to obtain the accuracies that predictors should predict. Earlier trainings with the same protocol are reused.",
      ),
      basic: ["noiseCells", "truthRuns", ...CELL_TRAINING_BASICS.map((field) => `truth.${field}`)],
    },
    // Fields outside any group are shown in the section where they belong.
    { ...RUN, own: [...(RUN.own ?? []), "title", "seeds", "validationImages", "variants", "noiseCells", "truthRuns", "rankAverage"] },
  ],
  anytime: [
    DATASET,
    ANYTIME_SPACE,
    GHN,
    ANYTIME_GHN_TRAINING,
    ANYTIME_SEARCH,
    {
      ...cellTraining(
        "final",
        "Train networks",
        "The winner, random networks and references are trained with the same protocol, on the sum of the losses of their exits.",
      ),
      basic: ["winners", "randomPicks", ...CELL_TRAINING_BASICS.map((field) => `final.${field}`), "final.multiplyAddBudget", "final.maxBudget"],
      own: ["references"],
    },
    { ...RUN, own: [...(RUN.own ?? []), "winners", "randomPicks", "references"] },
  ],
  "anytime-ghn": [DATASET, ANYTIME_SPACE, GHN, ANYTIME_GHN_TRAINING, RUN],
  "anytime-search": [
    { id: "source", title: "GHN", text: "The GHN that generates the weights.", groups: [], basic: [], own: ["ghnRunId"] },
    DATASET,
    ANYTIME_SPACE,
    ANYTIME_SEARCH,
    RUN,
  ],
  "anytime-training": [
    {
      id: "source",
      title: "Networks",
      text: "Select the networks to train from scratch, and reference networks for comparison.",
      groups: [],
      basic: [],
      own: ["source", "references"],
    },
    DATASET,
    { ...NETWORK, text: "Channels per node at full resolution; doubled at each smaller scale.", basic: ["network.initialChannels"] },
    {
      ...withField(cellTraining("training", "Training", "SGD with Nesterov momentum on the sum of the losses of all exits, as for MSDNet."), "measureTest"),
    },
    RUN,
  ],
};

export function sectionsOf(kind: RunKind): readonly Section[] {
  return SECTIONS[kind];
}

/** The fields of a section: those always shown, in order, and the collapsed ones. */
export function fieldsOfSection(kind: RunKind, section: Section): { readonly basic: readonly string[]; readonly advanced: readonly string[] } {
  const inside = fieldPaths(kind).filter(
    (path) => (section.groups.some((group) => belongs(path, group)) || section.basic.includes(path)) && !(section.own ?? []).includes(path),
  );
  const basic = section.basic.filter((path) => inside.includes(path));
  return { basic, advanced: inside.filter((path) => !basic.includes(path)) };
}

/** The section that contains a path, for the markers in the outline. */
export function sectionOfPath(kind: RunKind, path: string): Section | undefined {
  return SECTIONS[kind].find(
    (section) =>
      section.basic.some((basic) => path === basic || path.startsWith(`${basic}.`)) ||
      (section.own ?? []).some((own) => path === own || path.startsWith(`${own}.`)) ||
      section.groups.some((group) => path === group || belongs(path, group)),
  );
}

function belongs(path: string, group: string): boolean {
  return group === "" ? !path.includes(".") : path.startsWith(`${group}.`);
}
