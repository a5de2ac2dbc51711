/**
 * A study and an anytime run, configured in the form and run to completion on the bundled digits with real training, in a real Chromium and with the real web host. Each step saves
 * screenshots in `test-output/e2e`.
 */
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { launchBrowser, whyNoBrowser } from "./support/chromium.ts";
import { buildPage, type ServedStudio, serveStudio } from "./support/serve.ts";
import { Visitor } from "./support/visitor.ts";

const eventually = <T>(read: () => T | Promise<T>, timeout = 60_000) => expect.poll(read, { timeout, interval: 60 });

/** Two generators on six cells, two of which are trained twice. */
const SMALL_STUDY: Readonly<Record<string, string>> = {
  "network.blocks": "2",
  "network.initialChannels": "8",
  "network.reductions": "1",
  "space.nodes": "3",
  "cells.count": "6",
  seeds: "1, 2",
  validationImages: "100",
  noiseCells: "4",
  truthRuns: "1",
  "predictors.sgdSteps": "5, 10",
  "truth.epochs": "1",
};
const SMALL_GENERATORS: Readonly<Record<string, string>> = { nodes: "3", epochs: "1", batchSize: "64", validationCells: "2", validationImages: "100" };

/** Two cells, three exits, eight networks to rank. */
const SMALL_ANYTIME: Readonly<Record<string, string>> = {
  "space.nodes.0": "4",
  "space.nodes.1": "3",
  "space.exits": "3",
  "space.scales": "2",
  "training.epochs": "2",
  "training.validationCells": "2",
  "search.samples": "8",
  "search.shortlist": "2",
  "search.randomBaseline": "2",
  randomPicks: "1",
  "final.epochs": "2",
  "references.0.exits": "3",
  "references.0.factors": "1, 2",
  "references.0.bottleneckFactors": "1, 2",
};

const reason = whyNoBrowser();
if (reason !== null) console.warn(`End-to-end tests are skipped: ${reason}.`);

describe.skipIf(reason !== null)("studies and anytime prediction in a browser", { timeout: 600_000 }, () => {
  let studio: ServedStudio;
  let browser: Browser;
  let visitor: Visitor;
  let studyId = "";

  beforeAll(async () => {
    buildPage();
    [studio, browser] = await Promise.all([serveStudio(), launchBrowser()]);
    mkdirSync(join(studio.root, "projects"));
    visitor = await Visitor.at(browser, studio.url);
    await visitor.click("create-project");
    await visitor.id("project-name").fill("Digits");
    await visitor.id("project-parent").fill(join(studio.root, "projects"));
    await visitor.click("create-confirm");
    await visitor.id("runs-table").waitFor();
  }, 600_000);

  afterAll(async () => {
    await browser?.close();
    await studio?.stop();
  });

  /** Each step depends on the previous ones, so the first failure skips the rest. */
  let failed = "";
  beforeEach(({ skip }) => {
    skip(failed !== "", `“${failed}” failed before`);
  });
  afterEach(async ({ task }) => {
    if (task.result?.state !== "fail") return;
    failed = task.name;
    await visitor.picture(`failed-${task.name.replaceAll(/\W+/g, "-")}`);
  });

  const value = (path: string): Promise<string> => visitor.id(`input-${path}`).inputValue();
  const differences = (variant: number) => visitor.id(`variant-${variant}`).getAttribute("data-differences");
  const show = (testid: string): Promise<void> => visitor.id(testid).evaluate((element) => element.scrollIntoView());

  async function begin(name: string): Promise<string> {
    await visitor.id("run-name").fill(name);
    await visitor.click("start-run");
    await visitor.id("run-status").waitFor();
    return /runs\/([^/?]+)/.exec(visitor.page.url())?.[1] ?? "";
  }

  async function untilDone(): Promise<void> {
    await eventually(() => visitor.id("run-status").getAttribute("data-status"), 500_000).toMatch(/completed|failed|interrupted/);
    expect(await visitor.id("run-status").getAttribute("data-status")).toBe("completed");
  }

  it("1. selects the run kind with the keyboard", async () => {
    await visitor.click("new-run");
    await visitor.id("dataset-facts").waitFor();
    await visitor.id("kind").focus();
    await visitor.page.keyboard.press("Enter");
    await visitor.id("kind-anytime-training").waitFor();
    expect(await visitor.page.getByRole("option").count()).toBe(10);
    expect(await visitor.page.getByRole("group", { name: "Anytime prediction" }).getByRole("option").count()).toBe(4);
    // The picker fits in the window.
    const box = await visitor.page.getByRole("listbox").boundingBox();
    expect((box?.x ?? -1) >= 0 && (box?.x ?? 0) + (box?.width ?? 0) <= 1280).toBe(true);
    expect(await visitor.barriers()).toEqual([]);
    await visitor.picture("s1-kinds");
    await visitor.page.keyboard.type("Study");
    await visitor.page.keyboard.press("Enter");
    await eventually(() => visitor.id("kind").getAttribute("data-kind")).toBe("study");
    await visitor.id("variants").waitFor();
    // Settings of the study that are invalid for the digits were adjusted.
    await visitor.id("toast").filter({ hasText: "adjusted for" }).first().waitFor();
    await visitor.id("problems").waitFor({ state: "detached" });
  });

  it("2. configures a study of two variants", async () => {
    for (const [path, text] of Object.entries(SMALL_STUDY)) await visitor.set(path, text);
    await visitor.id("input-variants.0.name").fill("T = 0");
    await visitor.click("variants-add");
    await eventually(() => value("variants.1.name")).toBe("T = 0 copy");
    await visitor.page.keyboard.type("T = 2");
    await visitor.choose("variants-differ", "Propagation steps T");
    await visitor.id("input-variants.0.ghn.propagationSteps").fill("0");
    await visitor.id("input-variants.1.ghn.propagationSteps").fill("2");
    await eventually(() => differences(1)).toBe("1");
    await visitor.click("variants-common");
    for (const [field, text] of Object.entries(SMALL_GENERATORS)) await visitor.id(`input-variants.*.training.${field}`).fill(text);
    await visitor.id("problems").waitFor({ state: "detached" });

    // A problem of a common setting affects all variants and is listed once.
    await visitor.id("input-variants.*.training.batchSize").fill("0");
    await eventually(() => visitor.id("problems").textContent()).toContain("“Batch size” of all variants");
    await visitor.id("input-variants.*.training.batchSize").fill("64");
    await visitor.id("problems").waitFor({ state: "detached" });
  });

  it("3. marks the invalid variant and field, and scrolls to it", async () => {
    await visitor.click("variant-1-all");
    await visitor.id("input-variants.1.training.learningRate").fill("-1");
    await eventually(() => visitor.id("problem-variants.1.training.learningRate").textContent()).toContain("“Learning rate” must be");
    expect(await visitor.id("variant-0").getByRole("alert").count()).toBe(0);
    await visitor.click("variant-1-all");
    expect(await visitor.id("start-run").isDisabled()).toBe(true);
    await visitor.picture("s3-wrong");
    await visitor.page.locator(".columns").evaluate((element) => element.scrollTo(0, 0));
    await visitor.id("problems").getByRole("button").first().click();
    await eventually(() => visitor.page.evaluate(() => document.activeElement?.getAttribute("data-testid"))).toBe("input-variants.1.training.learningRate");
    await visitor.id("input-variants.1.training.learningRate").fill("0.003");
    await eventually(() => differences(1)).toBe("2");
    // Applied to all, the field is a common one again.
    await visitor.click("all-variants.1.training.learningRate");
    await visitor.id("input-variants.1.training.learningRate").waitFor({ state: "detached" });
    await eventually(() => value("variants.*.training.learningRate")).toBe("0.003");

    await visitor.id("input-seeds").fill("1, x");
    await eventually(() => visitor.id("problem-seeds").textContent()).toContain("Entry 2 of “Seeds”");
    await visitor.id("input-seeds").fill("1, 2");
  });

  it("4. duplicates, moves, removes and restores variants", async () => {
    await visitor.click("variant-1-copy");
    await eventually(() => visitor.id("variants").getAttribute("data-count")).toBe("3");
    expect(await value("variants.2.name")).toBe("T = 2 copy");
    await visitor.id("variant-2").getByRole("button", { name: "Move T = 2 copy up" }).click();
    await eventually(() => value("variants.1.name")).toBe("T = 2 copy");
    await visitor.click("variant-1-remove");
    await eventually(() => visitor.id("variants").getAttribute("data-count")).toBe("2");
    await visitor.page.getByRole("button", { name: "Undo" }).last().click();
    await eventually(() => value("variants.1.name")).toBe("T = 2 copy");
    await visitor.click("variant-1-remove");
    await eventually(() => value("variants.1.name")).toBe("T = 2");
    await show("section-variants");
    expect(await visitor.barriers()).toEqual([]);
    await visitor.picture("s4-variants");

    // The draft and its estimate survive a reload.
    await visitor.id("draft-saved").getByText("Draft saved").waitFor();
    await visitor.page.reload();
    await eventually(() => value("variants.1.name")).toBe("T = 2");
    expect(await differences(1)).toBe("1");
    await eventually(() => visitor.id("estimate-time").textContent(), 300_000).toMatch(/\d/);
    await visitor.picture("s4-study");
  });

  it("5. runs the study to completion", async () => {
    studyId = await begin("Steps of propagation");
    await untilDone();
    await eventually(() => visitor.id("study-table").getAttribute("data-rows")).toMatch(/^\d+$/);
    const rows = await visitor.id("study-table").locator("tbody th").allTextContents();
    expect(rows.join()).toContain("T = 0");
    expect(rows.join()).toContain("T = 2");
    // Both variants are plotted over the number in which they differ.
    await eventually(() => visitor.id("study-ablation").getAttribute("data-points")).toBe("2");
    expect(await visitor.id("study-ceiling").textContent()).toMatch(/correlation of two trainings/);
    expect(await visitor.barriers()).toEqual([]);
    await visitor.picture("s5-study");
    await visitor.choose("study-rival", "SGD 10");
    await visitor.id("study-table").getByRole("columnheader", { name: "vs. SGD 10" }).waitFor();
    await show("study-table");
    await visitor.picture("s5-predictors");
    await eventually(() => visitor.id("study-cells").getAttribute("data-rows")).toBe("6");
    await show("study-cells");
    await visitor.picture("s5-cells");

    const [download] = await Promise.all([visitor.page.waitForEvent("download"), visitor.click("study-save")]);
    expect(readFileSync(await download.path(), "utf8")).toContain("T = 2");
    await visitor.id("study-cells").getByRole("button").first().click();
    await visitor.id("cell-a").waitFor();
    await visitor.id("cell-view").first().waitFor();
    await visitor.go(`/runs/${studyId}`);
    await visitor.click("study-report");
    await visitor.id("artifacts").getByText("report.html", { exact: true }).waitFor();
  });

  it("6. clones the study and highlights changes", async () => {
    await visitor.go(`/runs/${studyId}`);
    await visitor.click("run-clone");
    await visitor.attribute("clone-banner", "data-changes", "0");
    await visitor.id("input-variants.1.ghn.propagationSteps").fill("3");
    await eventually(() => visitor.id("was-variants.1.ghn.propagationSteps").textContent()).toContain("was 2");
    await visitor.attribute("clone-banner", "data-changes", "1");
    await visitor.click("variants-add");
    await visitor.id("variant-2").getByText("new", { exact: true }).waitFor();
    await visitor.attribute("clone-banner", "data-changes", "2");
    await show("section-variants");
    expect(await visitor.barriers()).toEqual([]);
    await visitor.picture("s6-clone");
  });

  it("7. configures an anytime run", async () => {
    await visitor.click("presets");
    await visitor.click("preset-demo-anytime");
    await eventually(() => visitor.id("anytime-preview").getAttribute("data-exits")).toBe("4");
    await visitor.id("section-space").getByRole("button", { name: "Remove cell 3" }).click();
    for (const [path, text] of Object.entries(SMALL_ANYTIME)) await visitor.set(path, text);
    await visitor.click("reference-1-remove");
    await eventually(() => visitor.id("references").getAttribute("data-count")).toBe("1");
    await visitor.id("problems").waitFor({ state: "detached" });

    // A random network with three exits in two cells, then another one.
    const preview = visitor.id("anytime-preview");
    await eventually(() => preview.getAttribute("data-exits")).toBe("3");
    await eventually(() => preview.getByTestId("cell-view").count()).toBe(2);
    const before = await visitor.id("preview-exits").textContent();
    await visitor.click("reroll");
    await eventually(() => visitor.id("preview-exits").textContent()).not.toBe(before);
    await show("section-space");
    expect(await visitor.barriers()).toEqual([]);
    await visitor.picture("s7-space");
    await show("references");
    await visitor.picture("s7-references");

    await visitor.id("input-references.0.exits").fill("0");
    await eventually(() => visitor.id("problems").textContent()).toContain("“Exits” of reference 1");
    await visitor.id("input-references.0.exits").fill("3");
    await visitor.id("problems").waitFor({ state: "detached" });
    await eventually(() => visitor.id("estimate-time").textContent(), 300_000).toMatch(/\d/);
  });

  it("8. runs it to completion and shows the curves", async () => {
    const anytimeId = await begin("Three exits");
    await untilDone();
    expect(await visitor.barriers()).toEqual([]);
    await visitor.picture("s8-overview");
    await visitor.go(`/runs/${anytimeId}/anytime`);
    await visitor.id("anytime-table").waitFor();
    // The winner, a random network and MSDNet, each with three exits.
    await eventually(() => visitor.id("anytime-table").getAttribute("data-rows")).toBe("3");
    await eventually(() => visitor.id("anytime-chart").getAttribute("data-points")).toBe("9");
    const answers = () =>
      visitor
        .id("anytime-table")
        .locator("td[data-exit]")
        .evaluateAll((cells) => cells.map((cell) => cell.getAttribute("data-exit")));
    await visitor.id("anytime-budget").fill("0");
    await eventually(answers).toEqual(["0", "0", "0"]);
    await visitor.id("anytime-budget").fill("1");
    await eventually(async () => (await answers()).filter((exit) => exit === "3").length).toBeGreaterThan(0);
    await eventually(() => visitor.id("anytime-cells").getAttribute("data-cells")).toBe("2");
    expect(await visitor.barriers()).toEqual([]);
    await visitor.picture("s8-budgets");
    await show("anytime-cells");
    await visitor.picture("s8-cells");
    await visitor.click("tab-curves");
    await visitor.page.locator("[data-points]").first().waitFor();
    await visitor.picture("s8-curves");
  });

  it("9. clones the anytime run and highlights changes", async () => {
    await visitor.click("run-clone");
    await visitor.attribute("clone-banner", "data-changes", "0");
    await visitor.id("input-space.nodes.1").fill("5");
    await eventually(() => visitor.id("was-space.nodes.1").textContent()).toContain("was 3");
    await visitor.id("input-references.0.growth").fill("6");
    await eventually(() => visitor.id("was-references.0.growth").textContent()).toContain("was 4");
    await visitor.attribute("clone-banner", "data-changes", "2");
    await visitor.picture("s9-clone");

    // The sources of its stages when they are configured as separate runs.
    await visitor.click("kind");
    await visitor.click("kind-anytime-search");
    await visitor.id("section-source").waitFor();
    await visitor.choose("ghnRunId", /Three exits/);
    await visitor.id("problems").waitFor({ state: "detached" });
    expect(await visitor.id("run-name").inputValue()).toBe("");
    await visitor.click("kind");
    await visitor.click("kind-anytime-training");
    await visitor.choose("source.runId", /Three exits/);
    await visitor.id("problems").waitFor({ state: "detached" });
    expect(await visitor.id("references").getAttribute("data-count")).toBe("1");
    expect(await visitor.barriers()).toEqual([]);
    await visitor.picture("s9-training");
  });

  it("logs no errors or warnings in the page", () => {
    expect(visitor.complaints).toEqual([]);
  });
});
