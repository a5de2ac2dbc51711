import { describe, expect, it } from "vitest";
import { checkRunConfig } from "../../src-shared/domain/config/check-config.ts";

const base = { kind: "pipeline", dataset: { id: "cifar10" } };

function messages(config: unknown, trainImages?: number): string[] {
  return checkRunConfig(config, trainImages === undefined ? {} : { trainImages }).map((problem) => `${problem.path}| ${problem.message}`);
}

describe("contradictions in a config", () => {
  it("finds nothing wrong with the paper's settings", () => {
    expect(messages(base)).toEqual([]);
  });

  it.each<[string, object, string]>([
    ["reductions beyond the last block", { network: { blocks: 4, reductions: [2, 6] } }, "network.reductions| network.reductions contains block 6"],
    ["reductions out of order", { network: { reductions: [12, 6] } }, "must be in ascending order (got [12, 6])"],
    ["more halvings than the image has pixels", { network: { blocks: 18, reductions: [1, 2, 3, 4, 5, 6] } }, "can be halved at most 5 times"],
    ["a shortlist longer than the search", { search: { samples: 5, shortlist: 10 } }, "search.shortlist keeps 10 cells, but only 5 are scored"],
    [
      "a lower limit above the upper",
      { search: { minParameters: 10, maxParameters: 5 } },
      "search.minParameters (10) is greater than search.maxParameters (5)",
    ],
    ["limits on multiply-adds the wrong way round", { search: { minMultiplyAdds: 10, maxMultiplyAdds: 5 } }, "search.minMultiplyAdds| "],
    ["a population that never fills", { search: { strategy: "evolution", samples: 20, shortlist: 2 } }, "the evolution strategy would never start"],
    [
      "a tournament above the population",
      { search: { strategy: "evolution", populationSize: 5 } },
      "search.tournamentSize (10) cannot exceed search.populationSize (5)",
    ],
    [
      "more cells than the space has",
      { space: { nodes: 1, operations: ["identity"], maxInputs: 1 }, search: { samples: 50 } },
      "the search space has at most 2 distinct cells",
    ],
    [
      "validation images that were not held out",
      { search: { validationImages: 6000 } },
      "search.validationImages is 6,000, but dataset.validationImages holds out only 5,000",
    ],
    ["all images held out", { dataset: { id: "digits", validationImages: 1500 } }, "Handwritten digits 8×8 has only 1,437 images"],
    ["a batch larger than the data", { dataset: { id: "cifar10", trainImages: 50 } }, "training.batchSize is 64, but only 50 images are left"],
    ["a warm-up longer than the training", { final: { epochs: 3, warmupEpochs: 5 } }, "final.warmupEpochs (5) must be shorter than final.epochs (3)"],
    ["Cutout over the whole image", { final: { augmentation: { cutout: 32 } } }, "masks the whole image of 32 × 32 pixels"],
    ["padding beyond the image", { compare: { augmentation: { cropPadding: 40 } } }, "can shift the whole image of 32 × 32 pixels out of view"],
    ["halvings of the learning rate out of order", { training: { halveAt: [0.7, 0.5] } }, "training.halveAt must be in ascending order"],
    ["an image folder without a path", { dataset: { id: "folder" } }, "dataset.path is missing"],
    ["an image size for a dataset that has its own", { dataset: { id: "cifar10", imageSize: 16 } }, "dataset.imageSize only applies to image folders"],
    ["streaming of a dataset that fits into memory", { dataset: { id: "cifar10", streamed: true } }, "dataset.streamed only applies to image folders"],
    ["streaming in a search", { dataset: { id: "folder", path: "x", streamed: true } }, "dataset.streamed only works for training cells from scratch"],
    [
      "colour jitter of images in memory",
      { compare: { augmentation: { colourJitter: 0.4 } } },
      "compare.augmentation.colourJitter needs images at their original size",
    ],
    [
      "a random crop of images in memory",
      { final: { augmentation: { smallestCrop: 0.08 } } },
      "final.augmentation.smallestCrop needs images at their original size",
    ],
    [
      "a budget where cells are not known",
      { network: { multiplyAddBudget: 600_000_000 } },
      "network.multiplyAddBudget only applies to runs that train a single cell",
    ],
    [
      "a budget for the final network",
      { finalNetwork: { multiplyAddBudget: 600_000_000 } },
      "finalNetwork.multiplyAddBudget only applies to runs that train a single cell",
    ],
    ["three halvings in the stem of a small image", { network: { stem: "stride8", reductions: [1, 2, 3] } }, "halves them 6 times"],
    ["an auxiliary head beyond the last block", { network: { auxiliaryAfter: 19 } }, "network.auxiliaryAfter is 19, but the network has only 18 blocks"],
    ["a final training that holds out more images than the search", { finalValidationImages: 6000 }, "finalValidationImages is 6,000, but"],
    ["a final network that does not fit", { finalNetwork: { blocks: 2 } }, "finalNetwork.reductions contains block 6 and 12"],
  ])("%s", (_, change, expected) => {
    expect(messages({ ...base, ...change }).join("\n")).toContain(expected);
  });

  it.each(["smash", "one-shot"])("a %s generator trained on fewer nodes than it ranks", (generator) => {
    const ghn = { generator };
    const expected = /^training\.nodes\| training\.nodes is 7, but .* for every node, so it must equal space\.nodes \(17\)\.$/;
    for (const kind of ["pipeline", "ghn-training"]) {
      expect(messages({ kind, dataset: base.dataset, ghn, space: { nodes: 17 } })).toEqual([expect.stringMatching(expected)]);
      expect(messages({ kind, dataset: base.dataset, ghn, space: { nodes: 17 }, training: { nodes: 17 } })).toEqual([]);
    }
    const study = { kind: "study", dataset: base.dataset, space: { nodes: 17 } };
    expect(messages({ ...study, variants: [{ name: "a" }, { name: "b", ghn }] })).toEqual([
      expect.stringContaining("variants.1.training.nodes| variants.1.training.nodes is 7, but"),
    ]);
    expect(messages({ ...study, variants: [{ name: "b", ghn, training: { nodes: 17 } }] })).toEqual([]);
  });

  it.each(["smash", "mlp", "one-shot"])("parameters per block for a %s generator", (generator) => {
    const config = { kind: "ghn-training", dataset: base.dataset, ghn: { generator, sharing: "none" }, space: { nodes: 7 } };
    expect(messages(config)).toEqual([expect.stringContaining('ghn.sharing| ghn.sharing is "none", but only graph hypernetworks')]);
  });

  it("a rank average uses only predictors that the study measures", () => {
    const study = { kind: "study", dataset: base.dataset, variants: [{ name: "GHN" }] };
    expect(messages({ ...study, rankAverage: "GHN, by loss + SWAP + SGD 10" })).toEqual([]);
    expect(messages({ ...study, rankAverage: "GHN + MLP" })).toEqual([
      expect.stringContaining("rankAverage names “MLP”, which this study does not measure. Join some of these by “+”: GHN;"),
    ]);
    expect(messages({ ...study, predictors: { proxies: false }, rankAverage: "parameters + SWAP" })).toEqual([
      expect.stringContaining("rankAverage names “SWAP”"),
    ]);
  });

  it("names the fields of a variant and leaves other words alone", () => {
    const study = { kind: "study", dataset: { id: "cifar10", trainImages: 50 }, predictors: { sgd: { batchSize: 10 } }, truth: { batchSize: 10 } };
    expect(messages({ ...study, variants: [{ name: "a" }] })).toEqual([
      "variants.0.training.batchSize| variants.0.training.batchSize is 64, but only 50 images are left for training. Set it to at most 50.",
    ]);
  });

  it("reports several problems at once, each with its path", () => {
    const found = messages({ ...base, search: { samples: 5, shortlist: 10, minParameters: 3, maxParameters: 2 } });
    expect(found.map((line) => line.split("|")[0])).toEqual(["search.shortlist", "search.minParameters"]);
  });

  it("uses the number of images at hand where it is known", () => {
    expect(messages(base, 4000).join("\n")).toContain("this dataset has only 4,000 images");
    expect(messages({ ...base, dataset: { id: "cifar10", validationImages: 1000 }, search: { validationImages: 500 } }, 10_000)).toEqual([]);
  });

  it("takes 224 pixels for streamed images, and one cell for a budget", () => {
    const streamed = {
      kind: "cell-training",
      dataset: { id: "folder", path: "x", streamed: true },
      network: { stem: "imagenet", blocks: 14, reductions: [1, 2, 6, 10], multiplyAddBudget: 600_000_000 },
      source: { from: "search", runId: "x", top: 1, random: 0 },
      training: { augmentation: { smallestCrop: 0.08, colourJitter: 0.4, cutout: 112 } },
    };
    expect(messages(streamed)).toEqual([]);
    expect(messages({ ...streamed, source: { ...streamed.source, top: 10 } }).join("\n")).toContain("sets F for a single cell, but this run trains 10 cells");
    expect(messages({ ...streamed, dataset: { ...streamed.dataset, imageSize: 16 } }).join("\n")).toContain("network halves them 5 times");
  });

  it("refuses a cell training that trains nothing", () => {
    expect(messages({ kind: "cell-training", dataset: { id: "cifar10" }, source: { from: "search", runId: "x", top: 0, random: 0 } })[0]).toContain(
      "There is no cell to train",
    );
  });
});

describe("fields that do not parse", () => {
  it("asks for the kind, with a suggestion", () => {
    expect(messages({ seed: 1 })[0]).toContain(
      "kind is required and must be one of ghn-training, search, cell-training, pipeline, prediction, study, anytime, anytime-ghn, anytime-search, anytime-training.",
    );
    expect(messages({ kind: "pipline" })[0]).toContain('Did you mean "pipeline"?');
  });

  it("names an unknown operation, and an operation listed twice", () => {
    expect(messages({ ...base, space: { operations: ["identity", "conv2x2"] } })[0]).toContain("space.operations.1");
    expect(messages({ ...base, space: { operations: ["identity", "identity"] } })[0]).toContain("Each operation may be listed only once.");
  });

  it("names what is impossible in a cell", () => {
    const withCell = (normal: unknown): unknown => ({
      kind: "cell-training",
      dataset: { id: "cifar10" },
      source: { from: "cells", cells: [{ name: "one", architecture: { normal } }] },
    });
    expect(messages(withCell({ nodes: [{ operation: "conv1x1", inputs: [2] }] }))[0]).toContain("which does not come before it");
    expect(messages(withCell({ nodes: [{ operation: "conv1x1", inputs: [0, 0] }] }))[0]).toContain("lists input 0 twice");
    expect(messages(withCell({ nodes: [{ operation: "conv1x1", inputs: [0] }], output: [7] }))[0]).toContain("The output lists node 7");
    expect(messages(withCell({ nodes: [] }))[0]).toContain("source.cells.0.architecture.normal.nodes");
  });

  it("asks for a required field", () => {
    expect(messages({ kind: "search", dataset: { id: "cifar10" } })[0]).toContain("ghnRunId is required");
  });
});
