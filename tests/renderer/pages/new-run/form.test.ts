/** Logic of the run form: sections from schemas, texts, remembered parts, settings adjusted for a dataset. */
import { describe, expect, it } from "vitest";
import type { EditedConfig } from "../../../../src-renderer/pages/new-run/draft/config-parts.ts";
import { PartsBox } from "../../../../src-renderer/pages/new-run/draft/config-parts.ts";
import { fitToDataset } from "../../../../src-renderer/pages/new-run/draft/fit-dataset.ts";
import { fieldInfo, inWords, parseTyped, typedText } from "../../../../src-renderer/pages/new-run/fields/field-words.ts";
import { fieldsOfSection, sectionOfPath, sectionsOf } from "../../../../src-renderer/pages/new-run/fields/sections.ts";
import { binned, outline } from "../../../../src-renderer/pages/new-run/preview/histogram.ts";
import { problemLines } from "../../../../src-renderer/pages/new-run/summary/problem-lines.ts";
import { cellTrainingOf } from "../../../../src-renderer/pages/run/cell-training-of.ts";
import { checkRunConfig } from "../../../../src-shared/domain/config/check-config.ts";
import { valueAt, withValueAt } from "../../../../src-shared/domain/config/config-diff.ts";
import { fieldPaths } from "../../../../src-shared/domain/config/config-fields.ts";
import { RUN_KINDS, runConfigSchema } from "../../../../src-shared/domain/config/run-config.ts";

describe("sections of the form", () => {
  it.each(RUN_KINDS)("show every schema field of %s exactly once, or have a custom control for it", (kind) => {
    const sections = sectionsOf(kind);
    const shown = sections.flatMap((section) => {
      const { basic, advanced } = fieldsOfSection(kind, section);
      return [...basic, ...advanced];
    });
    expect(new Set(shown).size).toBe(shown.length);
    const own = sections.flatMap((section) => section.own ?? []);
    const missing = fieldPaths(kind).filter((path) => !shown.includes(path) && !own.some((entry) => path === entry || path.startsWith(`${entry}.`)));
    expect(missing).toEqual([]);
  });

  it.each(RUN_KINDS)("contain each path of %s, so that problems can be located", (kind) => {
    for (const path of fieldPaths(kind).filter((entry) => entry !== "kind")) expect(sectionOfPath(kind, path), path).toBeDefined();
  });

  it.each(RUN_KINDS)("have a title and a description for every shown field of %s", (kind) => {
    for (const section of sectionsOf(kind)) {
      const { basic, advanced } = fieldsOfSection(kind, section);
      for (const path of [...basic, ...advanced]) expect(fieldInfo(kind, path).description, path).not.toBe("");
    }
  });
});

describe("typed values", () => {
  it.each([
    ["12", "integer", 12],
    [" 0.025 ", "number", 0.025],
    ["1,000", "integer", 1000],
    ["3e-4", "number", 3e-4],
    ["twelve", "integer", "twelve"],
    ["", "integer", undefined],
    ["6, 12", "numbers", [6, 12]],
    ["", "numbers", []],
    ["6 x", "numbers", [6, "x"]],
    ["a b", "text", "a b"],
  ] as const)("%j as %s is %j", (text, control, value) => {
    expect(parseTyped(text, control)).toEqual(value);
  });

  it("round-trip through their text", () => {
    expect(typedText([6, 12])).toBe("6, 12");
    expect(typedText(undefined)).toBe("");
    expect(parseTyped(typedText(0.0003), "number")).toBe(0.0003);
  });

  it("are rejected with the title of the field instead of its path", () => {
    const config = withValueAt(new PartsBox().as("pipeline"), "training.batchSize", 0);
    const [problem] = checkRunConfig(withValueAt(config, "dataset.validationImages", 200)).filter((entry) => entry.path === "training.batchSize");
    expect(inWords(problem?.message ?? "", "pipeline")).toMatch(/^“Batch size” must be a whole number from 1 to 4,096/);
  });
});

describe("kinds of runs", () => {
  it("keep their settings while another kind is selected", () => {
    const box = new PartsBox();
    const own = withValueAt(withValueAt(box.as("pipeline"), "compareTest", true), "finalValidationImages", 10);
    const pipeline = withValueAt(withValueAt(own, "compare.epochs", 7), "training.epochs", 3);
    box.keep(pipeline as ReturnType<PartsBox["as"]>);
    expect(valueAt(box.as("cell-training"), "training.epochs")).toBe(7);
    expect(valueAt(box.as("ghn-training"), "training.epochs")).toBe(3);
    expect(box.as("pipeline")).toEqual(pipeline);
  });

  it("start from valid configs, except for required choices", () => {
    for (const kind of RUN_KINDS) {
      const parsed = runConfigSchema.safeParse(new PartsBox().as(kind));
      const paths = parsed.success ? [] : parsed.error.issues.map((issue) => issue.path.join("."));
      expect(paths.filter((path) => path !== "ghnRunId" && !path.startsWith("source"))).toEqual([]);
    }
  });
});

describe("settings adjusted for a dataset", () => {
  const config = new PartsBox().as("pipeline");

  it("pass validation", () => {
    const digits = withValueAt(config, "dataset.id", "digits") as ReturnType<PartsBox["as"]>;
    expect(checkRunConfig(digits)).not.toEqual([]);
    const fitted = fitToDataset(digits, { id: "digits", trainImages: 1437, height: 8, width: 8 });
    expect(checkRunConfig(fitted.config)).toEqual([]);
    expect(fitted.changed).toContain("dataset.validationImages");
    expect(valueAt(fitted.config, "training.augmentation.horizontalFlip")).toBe(false);
  });

  it("leave valid settings unchanged", () => {
    const cifar = withValueAt(config, "dataset.id", "cifar10") as ReturnType<PartsBox["as"]>;
    expect(fitToDataset(cifar, { id: "cifar10", trainImages: 50_000, height: 32, width: 32 }).changed).toEqual([]);
  });
});

describe("histograms", () => {
  it("count every value once, the maximum in the last bin", () => {
    const values = Array.from({ length: 200 }, (_, i) => i * 1.5);
    const { edges, counts } = binned(values, 24);
    expect(edges).toHaveLength(25);
    expect(counts.reduce((a, b) => a + b, 0)).toBe(200);
    expect(counts.at(-1)).toBeGreaterThan(0);
  });

  it("draw each count between the edges of its own bin", () => {
    const bins = binned([0, 0, 0, 10, 20], 2);
    expect(bins).toEqual({ edges: [0, 10, 20], counts: [3, 2] });
    expect(outline(bins)).toEqual([
      [0, 0],
      [0, 3],
      [10, 3],
      [10, 2],
      [20, 2],
      [20, 0],
    ]);
  });

  it("have a single bin if all values are equal", () => {
    expect(binned([5, 5, 5], 24).counts).toEqual([3]);
    expect(binned([], 24).counts).toEqual([0]);
    expect(binned([Number.NaN, 1, 2], 2).counts).toEqual([1, 1]);
  });
});

describe("problems of the form", () => {
  const small = { id: "folder", trainImages: 60, height: 32, width: 32 } as const;

  it("name their sections, and say the same thing once", () => {
    const of = (path: string) => ({ path, message: `${path} is 64, but only 50 images are left for training. Set it to at most 50.` });
    const lines = problemLines(
      [of("training.batchSize"), of("compare.batchSize"), of("final.batchSize"), { path: "seed", message: "seed must be a whole number." }],
      "pipeline",
    );
    expect(lines).toHaveLength(2);
    expect(lines[0]).toMatchObject({ path: "training.batchSize", sections: ["Train GHN", "Train shortlist", "Train winner"] });
    expect(lines[0]?.text).toMatch(/^“Batch size” is 64/);
  });

  it("of a small image folder are all fitted", () => {
    const config = runConfigSchema.parse({ kind: "pipeline", dataset: { id: "folder", path: "/x" } }) as unknown as EditedConfig;
    const fitted = fitToDataset(config, small);
    expect(checkRunConfig(fitted.config, { trainImages: 60 })).toEqual([]);
    expect(fitted.changed).toEqual(expect.arrayContaining(["dataset.validationImages", "training.batchSize", "compare.batchSize", "final.batchSize"]));
  });

  it("never advise what another rule refuses", () => {
    for (const trainImages of [5, 11, 30, 49, 60, 200]) {
      const config = { kind: "pipeline", dataset: { id: "folder", path: "/x", validationImages: 5000 } };
      const message = checkRunConfig(config, { trainImages }).find(({ path }) => path === "dataset.validationImages")?.message ?? "";
      const advised = Number(/at most ([\d,]+)/.exec(message)?.[1] ?? Number.NaN);
      if (Number.isNaN(advised)) {
        expect(message).toContain("Add images");
        expect(trainImages).toBeLessThanOrEqual(10);
        continue;
      }
      const next = checkRunConfig({ ...config, dataset: { ...config.dataset, validationImages: advised } }, { trainImages });
      expect(
        next.filter(({ path }) => path === "dataset.validationImages"),
        `${trainImages} images: ${message}`,
      ).toEqual([]);
    }
  });
});

it("training a cell starts from the training settings of its run", () => {
  const pipeline = runConfigSchema.parse({ kind: "pipeline", compare: { epochs: 20 } });
  expect(cellTrainingOf(pipeline)).toMatchObject({ epochs: 20 });
  const cells = runConfigSchema.parse({ kind: "cell-training", source: { from: "search", runId: "x", top: 1, random: 0 }, training: { epochs: 7 } });
  expect(cellTrainingOf(cells)).toMatchObject({ epochs: 7 });
  expect(cellTrainingOf(runConfigSchema.parse({ kind: "ghn-training" }))).toBeNull();
});
