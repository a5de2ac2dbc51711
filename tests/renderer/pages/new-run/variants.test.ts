/** Editing the variants of a study: differences, copies, order, problems, and changes since cloning. */
import { describe, expect, it } from "vitest";
import { PartsBox } from "../../../../src-renderer/pages/new-run/draft/config-parts.ts";
import { changesFrom } from "../../../../src-renderer/pages/new-run/draft/draft-changes.ts";
import { fitToDataset } from "../../../../src-renderer/pages/new-run/draft/fit-dataset.ts";
import {
  ALL,
  copyName,
  differencesFromFirst,
  differingFields,
  type EditedVariant,
  gatheredProblems,
  moved,
  problemsByVariant,
  variantFields,
  withCopy,
  withInAll,
} from "../../../../src-renderer/pages/new-run/draft/variants.ts";
import { inWords, pathWords, unchosen } from "../../../../src-renderer/pages/new-run/fields/field-words.ts";
import { placesOf } from "../../../../src-renderer/pages/new-run/fields/reveal.ts";
import { sectionOfPath } from "../../../../src-renderer/pages/new-run/fields/sections.ts";
import { checkRunConfig } from "../../../../src-shared/domain/config/check-config.ts";
import { valueAt, withValueAt } from "../../../../src-shared/domain/config/config-diff.ts";
import { studyVariantSchema } from "../../../../src-shared/domain/config/run-config.ts";

const variant = (name: string, steps = 5, epochs = 200): EditedVariant =>
  studyVariantSchema.parse({ name, ghn: { propagationSteps: steps }, training: { epochs } });
const names = (variants: readonly EditedVariant[]): unknown[] => variants.map((entry) => entry["name"]);
const studyOf = (variants: readonly EditedVariant[]): unknown => ({
  ...new PartsBox().as("study"),
  dataset: { id: "cifar10", validationImages: 5000 },
  variants,
});

describe("settings of a variant", () => {
  it("cover the generator and its training, including augmentation", () => {
    const fields = variantFields();
    expect(fields.slice(0, 2)).toEqual(["ghn.generator", "ghn.hiddenSize"]);
    expect(fields).toContain("training.halveAt");
    expect(fields).toContain("training.augmentation.cutout");
    expect(fields).not.toContain("name");
    for (const path of fields) expect(valueAt(variant("GHN"), path), path).toBeDefined();
  });

  it("differ if any variant differs from the first", () => {
    const variants = [variant("A"), variant("B", 1), variant("C", 5, 20)];
    expect(differingFields(variants)).toEqual(["ghn.propagationSteps", "training.epochs"]);
    expect(differencesFromFirst(variants, 0)).toEqual([]);
    expect(differencesFromFirst(variants, 1)).toEqual(["ghn.propagationSteps"]);
    expect(differencesFromFirst(variants, 2)).toEqual(["training.epochs"]);
    expect(differingFields([variant("A"), variant("B")])).toEqual([]);
  });

  it("can be set in all variants at once, which removes the difference", () => {
    const variants = withInAll([variant("A"), variant("B", 1)], "ghn.propagationSteps", 2);
    expect(differingFields(variants)).toEqual([]);
    expect(variants.map((entry) => valueAt(entry, "ghn.propagationSteps"))).toEqual([2, 2]);
  });
});

describe("the list of variants", () => {
  it("inserts a copy after the original under an unused name", () => {
    const copied = withCopy([variant("A", 1), variant("B")], 0);
    expect(names(copied)).toEqual(["A", "A copy", "B"]);
    expect(differencesFromFirst(copied, 1)).toEqual([]);
    expect(names(withCopy(copied, 1))).toEqual(["A", "A copy", "A copy 2", "B"]);
    expect(copyName([variant("x".repeat(80))], "x".repeat(80)).length).toBeLessThanOrEqual(80);
  });

  it("moves one entry and keeps the order of the rest", () => {
    expect(moved(["a", "b", "c"], 2, 0)).toEqual(["c", "a", "b"]);
    expect(moved(["a", "b", "c"], 0, 1)).toEqual(["b", "a", "c"]);
    expect(moved(["a", "b", "c"], 0, 3)).toEqual(["a", "b", "c"]);
  });
});

describe("problems of variants", () => {
  it("belong to their variant, or to all if the setting is common", () => {
    const both = withInAll([variant("A", 1), variant("B", 2)], "training.batchSize", 0);
    const common = problemsByVariant(checkRunConfig(studyOf(both)), both);
    expect([...(common.get(ALL)?.keys() ?? [])]).toEqual(["training.batchSize"]);
    expect(common.get(0)?.size).toBe(0);
    const second = [variant("A", 1), withValueAt(variant("A", 2), "training.batchSize", 0) as EditedVariant];
    const own = problemsByVariant(checkRunConfig(studyOf(second)), second);
    expect(own.get(ALL)?.size).toBe(0);
    expect([...(own.get(1)?.keys() ?? [])]).toEqual(["training.batchSize"]);
  });

  it("are listed once if all variants have them", () => {
    const both = withInAll([variant("A", 1), variant("B", 2)], "training.batchSize", 0);
    const [problem, ...others] = gatheredProblems(checkRunConfig({ ...(studyOf(both) as object), noiseCells: -1 }), both);
    expect(problem?.path).toBe("variants.*.training.batchSize");
    expect(inWords(problem?.message ?? "", "study")).toMatch(/^“Batch size” of all variants must be a whole number/);
    expect(others.map(({ path }) => path)).toEqual(["noiseCells"]);
    expect(sectionOfPath("study", problem?.path ?? "")?.id).toBe("variants");
  });

  it("name the variant in the list of problems, but not next to the field", () => {
    const wrong = [variant("A"), withValueAt(variant("B"), "training.batchSize", 0) as EditedVariant];
    const [problem] = checkRunConfig(studyOf(wrong));
    expect(problem?.path).toBe("variants.1.training.batchSize");
    expect(inWords(problem?.message ?? "", "study")).toMatch(/^“Batch size” of variant 2 must be a whole number/);
    expect(inWords(problem?.message ?? "", "study", true)).toMatch(/^“Batch size” must be/);
    const twins = checkRunConfig(studyOf([variant("A"), variant("A")])).find(({ path }) => path === "variants.1.name");
    expect(inWords(twins?.message ?? "", "study")).toMatch(/^“Name” of variant 2 is “A”, the same as “Name” of variant 1\./);
    expect(unchosen("variants.0.name", "")).toBe("Give the variant a name.");
  });

  it("can be located", () => {
    expect(sectionOfPath("study", "variants.1.training.batchSize")?.id).toBe("variants");
    expect(sectionOfPath("anytime", "references.0.exits")?.id).toBe("final");
    expect(sectionOfPath("anytime", "space.nodes.2")?.id).toBe("space");
    expect(sectionOfPath("study", "seeds.1")?.id).toBe("variants");
    expect(placesOf("variants.1.training.batchSize").slice(0, 2)).toEqual(["variants.1.training.batchSize", "variants.*.training.batchSize"]);
    expect(placesOf("seeds.1")).toEqual(["seeds.1", "seeds"]);
  });

  it("of a list entry name the entry", () => {
    const [problem] = checkRunConfig({ ...(studyOf([variant("A")]) as object), seeds: [1, "x"] });
    expect(inWords(problem?.message ?? "", "study")).toMatch(/^Entry 2 of “Seeds” must be a whole number/);
    expect(pathWords("references.1.growth", "anytime")).toBe("“Growth rate” of reference 2");
    expect(inWords("seeds must be unique (got [1, 1]).", "study")).toMatch(/^“Seeds” must be unique/);
  });
});

describe("changes of a cloned study", () => {
  const before = { kind: "study", seed: 1, variants: [variant("A"), variant("B", 1), variant("C", 2)] };
  const keysOf = (variants: readonly EditedVariant[], seed = 1): string[] => [...changesFrom(before, { ...before, seed, variants }).keys()];

  it("are empty at first and follow a moved variant", () => {
    expect(keysOf(before.variants)).toEqual([]);
    const turned = moved(before.variants, 2, 0);
    expect(keysOf(turned)).toEqual(["variants"]);
    const edited = turned.map((entry) => (entry["name"] === "C" ? (withValueAt(entry, "ghn.propagationSteps", 9) as EditedVariant) : entry));
    const changes = changesFrom(before, { ...before, variants: edited });
    expect(changes.get("variants.0.ghn.propagationSteps")).toBe(2);
    expect(changes.get("variants")).toEqual(["A", "B", "C"]);
  });

  it("match a renamed variant by index, and count a new one as one change", () => {
    const renamed = [{ ...variant("A"), name: "First" }, ...before.variants.slice(1)];
    expect(changesFrom(before, { ...before, variants: renamed })).toEqual(new Map([["variants.0.name", "A"]]));
    expect(keysOf(withCopy(before.variants, 0))).toEqual(["variants.1"]);
    expect(keysOf(withCopy(before.variants, 2))).toEqual(["variants.3"]);
    expect(keysOf(before.variants.slice(1), 2)).toEqual(["seed", "variants"]);
  });

  it("are per field for other kinds", () => {
    expect(changesFrom({ kind: "search", seed: 1 }, { kind: "search", seed: 2 })).toEqual(new Map([["seed", 1]]));
  });
});

describe("a study adjusted for a dataset", () => {
  it("passes validation in all variants and trainings", () => {
    const study = withValueAt(new PartsBox().as("study"), "dataset.id", "digits") as ReturnType<PartsBox["as"]>;
    expect(checkRunConfig(study)).not.toEqual([]);
    const fitted = fitToDataset(study, { id: "digits", trainImages: 1437, height: 8, width: 8 });
    expect(checkRunConfig(fitted.config)).toEqual([]);
    expect(valueAt(fitted.config, "variants.0.training.augmentation.horizontalFlip")).toBe(false);
    const anytime = withValueAt(new PartsBox().as("anytime"), "dataset.id", "digits") as ReturnType<PartsBox["as"]>;
    expect(checkRunConfig(fitToDataset(anytime, { id: "digits", trainImages: 1437, height: 8, width: 8 }).config)).toEqual([]);
  });
});
