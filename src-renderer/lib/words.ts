import type { RunKind } from "../../src-shared/domain/config/run-config.ts";
import type { RunStatus } from "../../src-shared/domain/records/run.ts";

/** Names of things, in the paper's words, in one place. */
export const KIND_TITLES: Readonly<Record<RunKind, string>> = {
  pipeline: "Pipeline",
  "ghn-training": "GHN training",
  search: "Search",
  "cell-training": "Cell training",
  prediction: "Predictors",
  study: "Study",
  anytime: "Anytime prediction",
  "anytime-ghn": "GHN training (anytime)",
  "anytime-search": "Search (anytime)",
  "anytime-training": "Training (anytime)",
};

export const KIND_DESCRIPTIONS: Readonly<Record<RunKind, string>> = {
  pipeline:
    "The whole path: train a GHN, rank random cells with generated weights (GHN Top), train the shortlist beside random cells, train the best to the end (GHN Top-Best).",
  "ghn-training": "Train a Graph HyperNetwork on random cells, so that it generates weights for cells it has never seen.",
  search: "Rank cells by their validation accuracy with weights from a trained GHN. No cell is trained.",
  "cell-training": "Train cells from scratch: the shortlist of a search, the best of an earlier training, or your own.",
  prediction: "Measure predictors that need no hypernetwork on a fixed set of random cells: zero-cost proxies and short trainings.",
  study: "Train several weight generators with several seeds, let each rank the same cells, train those cells from scratch and compare, with intervals.",
  anytime:
    "The second search space: a GHN for networks with several exits, ranking by the area under the accuracy curve, training of the winner beside MSDNet.",
  "anytime-ghn": "Train a Graph HyperNetwork on networks with several exits and image scales.",
  "anytime-search": "Rank networks with several exits by the area under the curve that a GHN predicts.",
  "anytime-training": "Train networks with several exits from scratch, and MSDNet and a residual network beside them.",
};

/** Each kind in one line, for lists. */
export const KIND_LINES: Readonly<Record<RunKind, string>> = {
  pipeline: "The whole path: GHN, search, training of the best",
  "ghn-training": "Train a hypernetwork on random cells",
  search: "Rank cells with weights of a trained GHN",
  "cell-training": "Train chosen cells from scratch",
  study: "Compare weight generators on the same cells",
  prediction: "Measure proxies and short trainings on random cells",
  anytime: "The whole path for networks with several exits",
  "anytime-ghn": "Train a hypernetwork on networks with exits",
  "anytime-search": "Rank networks by the area under their curve",
  "anytime-training": "Train networks with exits, references beside them",
};

/** The kinds as they are offered: the whole path of each group first. */
export const KIND_GROUPS: readonly { readonly title: string; readonly kinds: readonly RunKind[] }[] = [
  { title: "Cells on images", kinds: ["pipeline", "ghn-training", "search", "cell-training"] },
  { title: "Studies", kinds: ["study", "prediction"] },
  { title: "Anytime prediction", kinds: ["anytime", "anytime-ghn", "anytime-search", "anytime-training"] },
];

export const STATUS_TITLES: Readonly<Record<RunStatus, string>> = {
  queued: "Queued",
  running: "Running",
  stopping: "Stopping",
  stopped: "Stopped",
  interrupted: "Interrupted",
  failed: "Failed",
  completed: "Completed",
};

export const DATASET_TITLES: Readonly<Record<string, string>> = {
  digits: "Digits",
  cifar10: "CIFAR-10",
  cifar100: "CIFAR-100",
  mnist: "MNIST",
  "fashion-mnist": "Fashion-MNIST",
  kmnist: "Kuzushiji-MNIST",
  folder: "Image folder",
};

export const ROLE_TITLES: Readonly<Record<"shortlist" | "random" | "none", string>> = {
  shortlist: "Shortlist",
  random: "Random",
  none: "",
};

export const STAGE_TITLES: Readonly<Record<string, string>> = {
  ghn: "1 · Train GHN",
  "ghn-training": "1 · Train GHN",
  search: "2 · Search (GHN Top)",
  compare: "3 · Train shortlist",
  final: "4 · Train the best (GHN Top-Best)",
};

export function stageTitle(stage: string | null): string {
  return stage === null ? "" : (STAGE_TITLES[stage] ?? stage);
}
