import { fieldPaths } from "../../../../src-shared/domain/config/config-fields.ts";
import type { RunKind } from "../../../../src-shared/domain/config/run-config.ts";

/** One part of the form. Its fields come from the schema: `basic` only says which come first; all others are folded. */
export interface Section {
  readonly id: string;
  readonly title: string;
  /** What it is about, in the paper's words. */
  readonly text: string;
  /** Groups of the config that belong here, by dotted path; "" stands for fields outside any group. */
  readonly groups: readonly string[];
  readonly basic: readonly string[];
  /** Fields that a control of their own takes care of. */
  readonly own?: readonly string[];
}

const CELL_TRAINING_BASICS = ["epochs", "batchSize", "learningRate", "repetitions"];

const DATASET: Section = {
  id: "dataset",
  title: "Images",
  text: "The images are split once: most train, the ones held back rank cells, and the test images are looked at only in the last measurement.",
  groups: ["dataset"],
  basic: ["dataset.validationImages", "dataset.trainImages"],
  own: ["dataset.id", "dataset.path"],
};

const SPACE: Section = {
  id: "space",
  title: "Search space",
  text: "A cell is a random directed acyclic graph. Each node applies one operation to one or two earlier nodes; the leaves are concatenated.",
  groups: ["space"],
  basic: ["space.nodes", "space.maxInputs"],
  own: ["space.operations"],
};

const NETWORK: Section = {
  id: "network",
  title: "Network",
  text: "Blocks of the same cell are stacked; at each reduction the image is halved and the channels are doubled.",
  groups: ["network"],
  basic: ["network.blocks", "network.initialChannels", "network.reductions"],
};

const GHN: Section = {
  id: "ghn",
  title: "Graph HyperNetwork",
  text: "The GHN passes messages along the graph of a network and turns the embedding of each node into that node's weights.",
  groups: ["ghn"],
  basic: ["ghn.generator", "ghn.propagation", "ghn.propagationSteps"],
};

const GHN_TRAINING: Section = {
  id: "training",
  title: "Training the GHN",
  text: "At each step a random cell is drawn, its weights are generated, and the loss of one batch of images is carried back into the GHN.",
  groups: ["training"],
  basic: ["training.nodes", "training.epochs", "training.batchSize", "training.learningRate"],
};

const SEARCH: Section = {
  id: "search",
  title: "Search",
  text: "Cells are ranked by their validation accuracy with generated weights; none of them is trained. The best make up the shortlist (GHN Top).",
  groups: ["search"],
  basic: ["search.strategy", "search.samples", "search.validationImages", "search.shortlist", "search.randomBaseline"],
};

const RUN: Section = {
  id: "run",
  title: "Reproduction and computing",
  text: "The same seed and config on the same backend give the same numbers. Every run names the backend it used.",
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
  text: "All predictors are compared on one fixed set of distinct random cells; the same seed and space give the same cells in every run.",
  groups: ["cells"],
  basic: ["cells.count", "cells.seed"],
};

const PREDICTORS: Section = {
  id: "predictors",
  title: "Other predictors",
  text: "What a generator has to beat: zero-cost proxies of untrained networks, and validation accuracy after a few steps of SGD.",
  groups: ["predictors"],
  basic: ["predictors.proxies", "predictors.sgdSteps"],
};

const ANYTIME_SPACE: Section = {
  id: "space",
  title: "Search space",
  text: "Different cells one after the other. Every node has an operation, an image scale and perhaps an exit; it concatenates its inputs behind a 1×1 bottleneck.",
  groups: ["space", "network"],
  basic: ["space.exits", "space.scales", "space.maxInputs", "network.initialChannels"],
  own: ["space.operations", "space.nodes"],
};

const ANYTIME_GHN_TRAINING: Section = {
  ...GHN_TRAINING,
  text: "At each step a random network of random size is drawn, its weights are generated, and the losses of its exits are carried back into the GHN.",
  basic: ["training.randomNodes", "training.epochs", "training.batchSize", "training.learningRate"],
};

const ANYTIME_SEARCH: Section = {
  ...SEARCH,
  text: "Networks are ranked by the area under the curve of accuracy over multiply-adds that generated weights predict: the expected accuracy under a budget nobody knows.",
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
    { id: "source", title: "Cells", text: "Which cells are trained from scratch.", groups: [], basic: [], own: ["source"] },
    DATASET,
    NETWORK,
    withField(
      cellTraining("training", "Training from scratch", "Stochastic gradient descent with one period of a cosine, as the paper trains its networks."),
      "measureTest",
    ),
    RUN,
  ],
  pipeline: [
    DATASET,
    SPACE,
    NETWORK,
    GHN,
    GHN_TRAINING,
    SEARCH,
    cellTraining(
      "compare",
      "Training the shortlist",
      "The shortlist and the random cells are trained from scratch with one short protocol, so that scores can be compared with accuracies.",
    ),
    {
      ...cellTraining("final", "Training the best", "The best of them is trained to the end, several times where you ask for it (GHN Top-Best)."),
      own: ["finalNetwork"],
    },
    RUN,
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
      text: "What is compared: each variant is trained once with each seed, then it scores the same cells.",
      groups: [],
      basic: ["title", "seeds", "validationImages"],
      own: ["variants"],
    },
    PREDICTORS,
    {
      ...cellTraining(
        "truth",
        "Truth",
        "How the cells are trained from scratch, to know what a predictor should have said. What was trained before with the same protocol is used again.",
      ),
      basic: ["noiseCells", "truthRuns", ...CELL_TRAINING_BASICS.map((field) => `truth.${field}`)],
    },
    // What stands outside of any group is shown where it belongs.
    { ...RUN, own: [...(RUN.own ?? []), "title", "seeds", "validationImages", "variants", "noiseCells", "truthRuns"] },
  ],
  anytime: [
    DATASET,
    ANYTIME_SPACE,
    GHN,
    ANYTIME_GHN_TRAINING,
    ANYTIME_SEARCH,
    {
      ...cellTraining("final", "Training", "Winner, random picks and references are trained under one protocol, with the sum of the losses of their exits."),
      basic: ["winners", "randomPicks", ...CELL_TRAINING_BASICS.map((field) => `final.${field}`), "final.multiplyAddBudget", "final.maxBudget"],
      own: ["references"],
    },
    { ...RUN, own: [...(RUN.own ?? []), "winners", "randomPicks", "references"] },
  ],
  "anytime-ghn": [DATASET, ANYTIME_SPACE, GHN, ANYTIME_GHN_TRAINING, RUN],
  "anytime-search": [
    { id: "source", title: "GHN", text: "The GHN of the anytime space that generates the weights.", groups: [], basic: [], own: ["ghnRunId"] },
    DATASET,
    ANYTIME_SPACE,
    ANYTIME_SEARCH,
    RUN,
  ],
  "anytime-training": [
    {
      id: "source",
      title: "Networks",
      text: "Which networks are trained from scratch, and the references beside them.",
      groups: [],
      basic: [],
      own: ["source", "references"],
    },
    DATASET,
    { ...NETWORK, text: "Channels of every node at full size; doubled at each smaller scale.", basic: ["network.initialChannels"] },
    {
      ...withField(
        cellTraining("training", "Training", "SGD with Nesterov momentum and the sum of the losses of all exits, as MSDNet is trained."),
        "measureTest",
      ),
    },
    RUN,
  ],
};

export function sectionsOf(kind: RunKind): readonly Section[] {
  return SECTIONS[kind];
}

/** The fields of a section: those shown at once, in order, and the folded ones. */
export function fieldsOfSection(kind: RunKind, section: Section): { readonly basic: readonly string[]; readonly advanced: readonly string[] } {
  const inside = fieldPaths(kind).filter(
    (path) => (section.groups.some((group) => belongs(path, group)) || section.basic.includes(path)) && !(section.own ?? []).includes(path),
  );
  const basic = section.basic.filter((path) => inside.includes(path));
  return { basic, advanced: inside.filter((path) => !basic.includes(path)) };
}

/** The section that a path is in, for marks in the outline. */
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
