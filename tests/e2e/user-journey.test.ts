/**
 * The eight main tasks of a user, in a real Chromium with the real web host and a real pipeline on the bundled digits.
 * Each step saves screenshots in `test-output/e2e`.
 */
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { launchBrowser, whyNoBrowser } from "./support/chromium.ts";
import { buildPage, type ServedStudio, serveStudio } from "./support/serve.ts";
import { SMALL_PIPELINE } from "./support/small-pipeline.ts";
import { Visitor } from "./support/visitor.ts";

/** Polls a value until it matches; timeout 20 s by default. */
const eventually = <T>(read: () => T | Promise<T>, timeout = 60_000) => expect.poll(read, { timeout, interval: 60 });

const reason = whyNoBrowser();
if (reason !== null) console.warn(`End-to-end tests are skipped: ${reason}.`);

/** In the page: headings, buttons and cards that extend beyond the window although nothing around them scrolls sideways. */
function widerThanWindow(): string[] {
  const scrolls = (element: Element | null): boolean =>
    element !== null &&
    (/auto|scroll|hidden/.test(getComputedStyle(element).overflowX) || scrolls(element.parentElement === document.body ? null : element.parentElement));
  return [...document.querySelectorAll("main h1, main h2, main button, main .card")]
    .filter((element) => {
      const box = element.getBoundingClientRect();
      return box.width > 0 && box.right > innerWidth + 1 && !scrolls(element.closest("table, .grid, .list, .lines"));
    })
    .map((element) => `${element.tagName} ${element.className} ${element.textContent?.trim().slice(0, 40)}`);
}

describe.skipIf(reason !== null)("the window in a browser", { timeout: 600_000 }, () => {
  let studio: ServedStudio;
  let browser: Browser;
  let visitor: Visitor;
  let pipelineId = "";

  beforeAll(async () => {
    buildPage();
    [studio, browser] = await Promise.all([serveStudio(), launchBrowser()]);
    mkdirSync(join(studio.root, "projects"));
    visitor = await Visitor.at(browser, studio.url);
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

  it("1. opens a project", async () => {
    await visitor.id("welcome").waitFor();
    expect(await visitor.barriers()).toEqual([]);
    await visitor.picture("1-welcome");
    await visitor.click("create-project");
    await visitor.id("project-name").fill("Digits");
    await visitor.page.getByRole("button", { name: "Browse…" }).click();
    await visitor.id("folder-dialog").getByRole("option", { name: "projects" }).dblclick();
    await visitor.click("folder-confirm");
    await eventually(() => visitor.id("project-parent").inputValue()).toBe(join(studio.root, "projects"));
    await visitor.click("create-confirm");
    await visitor.id("runs-table").waitFor();
    await visitor.page.getByText("No runs yet").waitFor();
    expect(await visitor.barriers()).toEqual([]);
    await visitor.picture("1-empty-project");
  });

  it("2. configures a search", async () => {
    await visitor.click("new-run");
    await visitor.click("presets");
    await visitor.click("preset-demo");
    for (const [path, value] of Object.entries(SMALL_PIPELINE)) await visitor.set(path, value);

    // An invalid value is reported at its field and blocks the start.
    await visitor.set("training.batchSize", "0");
    await eventually(() => visitor.id("problem-training.batchSize").textContent()).toContain("1 to 4,096");
    expect(await visitor.id("start-run").isDisabled()).toBe(true);
    await visitor.picture("2-mistake");
    await visitor.set("training.batchSize", "32");
    await visitor.id("problem-training.batchSize").waitFor({ state: "detached" });

    await visitor.click("operation-conv1x7-7x1");
    expect(await visitor.id("operation-conv1x7-7x1").getAttribute("aria-checked")).toBe("false");

    // A random cell, another one, and histograms of 200.
    await eventually(() => visitor.id("histogram-parameters").getAttribute("data-samples")).toBe("200");
    const drawing = visitor.id("cell-preview").getByTestId("cell-view");
    const before = await drawing.innerHTML();
    await visitor.click("reroll");
    await eventually(() => drawing.innerHTML()).not.toBe(before);

    // Real images and the estimate.
    await eventually(async () => Number(await visitor.id("image-preview").getAttribute("data-images")), 90_000).toBeGreaterThanOrEqual(30);
    await eventually(() => visitor.id("dataset-facts").textContent()).toContain("1,437");
    await eventually(() => visitor.id("estimate-time").textContent(), 300_000).toMatch(/\d/);
    expect(await visitor.id("estimate-memory").textContent()).toMatch(/\d/);
    expect(await visitor.barriers()).toEqual([]);
    await visitor.picture("2-configure");
    await visitor.id("cell-preview").scrollIntoViewIfNeeded();
    await visitor.picture("2-search-space");

    // The draft survives a reload.
    await visitor.id("draft-saved").getByText("Draft saved").waitFor();
    await visitor.page.reload();
    await eventually(() => visitor.id("input-search.samples").inputValue()).toBe(SMALL_PIPELINE["search.samples"]);
    expect(await visitor.id("operation-conv1x7-7x1").getAttribute("aria-checked")).toBe("false");
  });

  it("3. watches it live", async () => {
    await visitor.id("run-name").fill("First search");
    await visitor.click("start-run");
    await visitor.id("run-status").waitFor();
    pipelineId = /runs\/([^/?]+)/.exec(visitor.page.url())?.[1] ?? "";
    const points = async (): Promise<number> =>
      Number(
        (await visitor.page
          .locator('[data-testid="chart-ghn/loss"]')
          .first()
          .getAttribute("data-points")
          .catch(() => "0")) ?? 0,
      );
    await eventually(points, 240_000).toBeGreaterThan(5);
    const some = await points();
    await eventually(points, 90_000).toBeGreaterThan(some);
    expect(await visitor.id("current-cell").getByTestId("cell-view").count()).toBe(1);
    await visitor.picture("3-live-training");
    expect(await visitor.barriers()).toEqual([]);
    await eventually(() => visitor.id("run-status").getAttribute("data-status"), 500_000).toBe("completed");
    // A finished pipeline shows its result, with the same figures as the table.
    await visitor.id("run-result").waitFor();
    const tested = (await visitor.id("tile-testAccuracy").locator("output").textContent()) ?? "";
    expect(tested).toMatch(/\d\s%/);
    expect(await visitor.id("result-winner").getByTestId("cell-view").count()).toBe(1);
    expect(await visitor.id("result-winner").textContent()).toMatch(/Cell \d+/);
    await visitor.id("shortlist-difference").waitFor();
    expect(await visitor.barriers()).toEqual([]);
    await visitor.picture("3-finished");
    await visitor.click("result-export");
    await visitor.id("export-dialog").waitFor();
    await visitor.page.keyboard.press("Escape");
    await visitor.go("/runs");
    await visitor.id("runs-table").getByText(tested, { exact: true }).waitFor();
    await visitor.go(`/runs/${pipelineId}`);
    await visitor.id("run-result").waitFor();
    await visitor.click("tab-curves");
    await visitor.page.locator("[data-points]").first().waitFor();
    expect(await visitor.barriers()).toEqual([]);
    await visitor.picture("3-curves");
    await visitor.click("tab-log");
    await visitor.id("log").waitFor();
    expect(await visitor.barriers()).toEqual([]);
    await visitor.picture("3-log");
  });

  it("4. inspects cells", async () => {
    await visitor.go(`/runs/${pipelineId}/candidates`);
    await eventually(async () => Number(await visitor.id("candidates-table").getAttribute("data-rows"))).toBeGreaterThanOrEqual(
      Number(SMALL_PIPELINE["search.samples"]),
    );
    expect(await visitor.barriers()).toEqual([]);
    await visitor.picture("4-candidates");
    await visitor.id("candidates-table").getByRole("row").nth(1).click();
    await visitor.id("candidate-drawer").getByTestId("cell-view").waitFor();
    expect(await visitor.barriers()).toEqual([]);
    await visitor.picture("4-candidate");
    await visitor.click("candidate-look");
    // Not the drawing in the drawer of the page before, and not before it is laid out.
    await visitor.page.getByRole("heading", { level: 1, name: "Cells" }).waitFor();
    await visitor.page.locator('[data-testid="cell-view"][data-nodes]:not([data-nodes="0"])').first().waitFor();
    // Arrow keys move between nodes and show their details.
    await visitor.page.locator('[data-testid="cell-view"] svg[tabindex="0"]').first().focus();
    await visitor.page.keyboard.press("ArrowDown");
    await visitor.page.keyboard.press("ArrowDown");
    await eventually(() => visitor.page.locator('[data-testid="cell-view"] output').first().textContent()).toContain("level");
    expect(await visitor.barriers()).toEqual([]);
    await visitor.picture("4-cell");
  });

  it("5. shows the correlation of scores and accuracies", async () => {
    await visitor.go(`/runs/${pipelineId}/correlation`);
    await visitor.id("coefficients").waitFor();
    expect(await visitor.id("coefficients").textContent()).toMatch(/Pearson[\s\S]*Spearman[\s\S]*Kendall/);
    await eventually(async () => Number(await visitor.id("correlation-score").getAttribute("data-points"))).toBeGreaterThanOrEqual(4);
    expect(await visitor.barriers()).toEqual([]);
    await visitor.picture("5-correlation");
    await visitor.go(`/runs/${pipelineId}/trainings`);
    await visitor.id("trainings-table").waitFor();
    expect(await visitor.barriers()).toEqual([]);
    await visitor.picture("5-trainings");
  });

  it("2b. clones a run and highlights changes", async () => {
    await visitor.go(`/runs/${pipelineId}`);
    await visitor.click("stage-ghn");
    await visitor.id("parent-run").waitFor();
    await visitor.click("run-clone");
    await visitor.attribute("clone-banner", "data-changes", "0");
    await visitor.set("seed", "7");
    await visitor.set("training.epochs", "1");
    await visitor.choose("input-ghn.propagation", /Synchronous/);
    await eventually(() => visitor.id("was-seed").textContent()).toContain("was 1");
    await visitor.attribute("clone-banner", "data-changes", "3");
    await visitor.id("section-ghn").scrollIntoViewIfNeeded();
    expect(await visitor.barriers()).toEqual([]);
    await visitor.picture("2-clone");
    await visitor.id("run-name").fill("Synchronous");
    await visitor.id("run-tags").fill("ablation");
    await visitor.click("start-run");
    await visitor.id("run-status").waitFor();
    await eventually(() => visitor.id("run-status").getAttribute("data-status"), 300_000).toBe("completed");
  });

  it("6. compares runs side by side", async () => {
    await visitor.go("/runs");
    await visitor.id("expression-toggle").click();
    // The pipeline and the second GHN, without stages.
    await visitor.id("expression").fill("stage == null");
    await eventually(() => visitor.id("runs-table").getAttribute("data-rows")).toBe("2");
    await visitor.id("runs-table").focus();
    await visitor.page.keyboard.press("Control+a");
    await visitor.click("compare-selected");
    await visitor.page.getByRole("heading", { level: 1, name: /Compare/ }).waitFor();
    // A run with stages starts with its results; single curves would mislead.
    const results = visitor.id("result-table");
    await results.waitFor();
    expect(await results.locator("tr", { hasText: "Test accuracy" }).textContent()).toMatch(/\d\s%/);
    expect(await visitor.barriers()).toEqual([]);
    await visitor.picture("6-results");
    await visitor.click("tab-curves");
    await visitor.page.locator("[data-points]").first().waitFor();
    expect(await visitor.page.getByRole("main").textContent()).toContain("Synchronous");
    expect(await visitor.barriers()).toEqual([]);
    await visitor.picture("6-compare");
  });

  it("7. manages the run history", async () => {
    await visitor.go("/runs");
    const table = visitor.id("runs-table");
    await visitor.id("expression").fill('kind == "ghn-training" and !');
    await visitor.id("expression-error").waitFor();
    await visitor.picture("7-expression");
    // Tab accepts a suggestion only if it is chosen, and else leaves the field.
    await visitor.id("expression").fill("stat");
    await visitor.id("expression-suggestions").waitFor();
    await visitor.page.keyboard.press("Tab");
    expect(await visitor.id("expression").inputValue()).toBe("stat");
    expect(await visitor.id("expression").evaluate((field) => field === document.activeElement)).toBe(false);
    await visitor.id("expression").fill("stat");
    await visitor.page.keyboard.press("ArrowDown");
    await visitor.page.keyboard.press("Tab");
    expect(await visitor.id("expression").inputValue()).toBe("status");
    await visitor.id("expression").fill("");
    await visitor.id("runs-search").fill("synchr");
    await eventually(() => table.getAttribute("data-rows")).toBe("1");
    // The view is in the URL, can be saved under a name, and names are links.
    await eventually(() => visitor.page.url()).toContain("q=synchr");
    await visitor.click("saved-views");
    await visitor.id("save-view-name").fill("Synchronous only");
    await visitor.click("save-view");
    await visitor.page.keyboard.press("Escape");
    await visitor.id("runs-search").fill("");
    await eventually(() => table.getAttribute("data-rows")).toBe("2");
    expect(await table.getByRole("link", { name: "Synchronous" }).getAttribute("href")).toMatch(/^#\/runs\/\w+$/);
    await visitor.click("saved-views");
    await visitor.click("saved-view-Synchronous only");
    await eventually(() => table.getAttribute("data-rows")).toBe("1");
    await visitor.go("/runs");
    await eventually(() => table.getAttribute("data-rows")).toBe("2");
    // The settings in which the runs differ, as columns.
    const columns = await table.getByRole("columnheader").count();
    await visitor.click("differing");
    await eventually(() => table.getByRole("columnheader").count()).toBeGreaterThan(columns);
    await table.getByRole("columnheader", { name: /Propagation/ }).waitFor();
    await visitor.picture("7-differing");
    expect(await visitor.barriers()).toEqual([]);
    await visitor.click("differing");

    // Stages expand under their pipeline.
    await visitor.click(`expand-${pipelineId}`);
    await eventually(() => table.getAttribute("data-rows")).toBe("6");
    expect(await visitor.barriers()).toEqual([]);
    await visitor.picture("7-history");

    // Trash and undo.
    await table.getByText("Synchronous").click({ modifiers: ["Control"] });
    await visitor.click("trash-selected");
    await eventually(() => table.getAttribute("data-rows")).toBe("5");
    await visitor.page.getByRole("button", { name: "Undo" }).click();
    await eventually(() => table.getAttribute("data-rows")).toBe("6");

    // Trash and delete permanently.
    await table.getByText("Synchronous").click({ modifiers: ["Control"] });
    await visitor.click("trash-selected");
    await visitor.click("runs-view-trash");
    await eventually(() => table.getAttribute("data-rows")).toBe("1");
    await table.getByText("Synchronous").click({ modifiers: ["Control"] });
    await visitor.picture("7-trash");
    await visitor.click("purge-selected");
    await visitor.id("purge-dialog").getByRole("button", { name: "Cancel" }).click();
    expect(await table.getAttribute("data-rows")).toBe("1");
    await visitor.click("purge-selected");
    await visitor.click("purge-dialog-confirm");
    await eventually(() => table.getAttribute("data-rows")).toBe("0");
    await visitor.click("runs-view-active");

    const [download] = await Promise.all([visitor.page.waitForEvent("download"), visitor.click("runs-csv")]);
    const csv = readFileSync(await download.path(), "utf8");
    expect(csv).toContain("First search");
  });

  it("writes notes in Markdown", async () => {
    await visitor.go(`/runs/${pipelineId}`);
    await visitor.click("notes-edit");
    await visitor.id("notes-text").fill("The **first** search.\n\n<img src=x onerror=alert(1)>");
    await visitor.click("notes-save");
    await eventually(() => visitor.id("notes").locator("strong", { hasText: "first" }).count()).toBe(1);
    expect(await visitor.id("notes").locator("img").count()).toBe(0);
  });

  it("8. exports the winner", async () => {
    // The error toast of another page is gone after navigation.
    await visitor.go("/cells");
    await visitor.click("cell-a");
    await visitor.id("cell-file").setInputFiles({ name: "broken.json", mimeType: "application/json", buffer: Buffer.from("{") });
    await visitor.id("toast").filter({ hasText: "Could not read the cell" }).waitFor();
    await visitor.page.waitForTimeout(1100);
    await visitor.go(`/runs/${pipelineId}/trainings`);
    await visitor.id("toast").waitFor({ state: "detached" });
    // An error toast of this page must not cover the buttons of the dialog.
    await visitor.page.route("**/call/runs.update", (route) =>
      route.fulfill({ json: { ok: false, error: { code: "failed", message: "Refused by the test." } } }),
    );
    await visitor.click("run-star");
    await visitor.id("toast").filter({ hasText: "Could not star the run" }).waitFor();
    await visitor.page.unroute("**/call/runs.update");
    await visitor.id("trainings-table").getByRole("row").nth(1).click();
    await visitor.id("candidate-drawer").waitFor();
    await visitor.click("candidate-export");
    await visitor.id("export-dialog").waitFor();
    await visitor.id("export-weights-safetensors").waitFor();
    await visitor.id("network-options").waitFor();
    await visitor.id("export-name").fill("winner");
    await visitor.id("export-folder").fill(join(studio.root, "out"));
    expect(await visitor.barriers()).toEqual([]);
    await visitor.picture("8-export");
    const button = await visitor.id("export-confirm").boundingBox();
    const message = await visitor.id("toast").filter({ hasText: "Could not star the run" }).boundingBox();
    if (button === null || message === null) throw new Error("The button or the message is not shown.");
    expect(message.x).toBeGreaterThanOrEqual(button.x + button.width);
    await visitor.click("export-confirm");
    await visitor.id("export-result").waitFor({ timeout: 120_000 });
    await visitor.picture("8-exported");
    // ONNX Runtime has run the written network on the test images.
    expect(await visitor.id("verification-agrees").textContent()).toMatch(
      /onnxruntime agrees on (\d+) of \1 images; largest difference \S+, accuracy [\d.]+ %\./,
    );
    // The displayed checksums match the files on disk.
    const written = await visitor.id("export-result").getByRole("listitem").all();
    expect(written.length).toBeGreaterThanOrEqual(4);
    for (const row of written) {
      const shown = await row.getByTestId("sha256").textContent();
      const path = (await row.locator("strong").getAttribute("title")) ?? "";
      expect(createHash("sha256").update(readFileSync(path)).digest("hex")).toBe(shown);
    }
    await visitor.click("export-close");
  });

  it("has no accessibility violations on the other pages", async () => {
    for (const name of ["datasets", "settings", "help", "cells"]) {
      await visitor.go(`/${name}`);
      await visitor.page.getByRole("heading", { level: 1 }).waitFor();
      if (name === "datasets") await visitor.id("dataset-facts").waitFor();
      if (name === "settings") await visitor.id("doctor-ok").first().waitFor({ timeout: 180_000 });
      expect(await visitor.barriers()).toEqual([]);
      await visitor.picture(`9-${name}`);
    }
  });

  it("fits a narrow window and 200 % zoom", async () => {
    await visitor.page.setViewportSize({ width: 640, height: 400 });
    expect(await visitor.id("side-bar-toggle").getAttribute("aria-expanded")).toBe("false");
    for (const path of ["/runs", "/new", `/runs/${pipelineId}`, `/runs/${pipelineId}/candidates`, "/compare", "/cells", "/datasets", "/settings", "/help"]) {
      await visitor.go(path);
      await visitor.page.getByRole("heading", { level: 1 }).first().waitFor();
      await eventually(() => visitor.page.evaluate(widerThanWindow)).toEqual([]);
      await visitor.picture(`10-narrow${path.replaceAll("/", "-").replace(pipelineId, "run")}`);
    }
    // The open side bar covers the page and closes after navigation.
    await visitor.click("side-bar-toggle");
    await visitor.attribute("side-bar-toggle", "aria-expanded", "true");
    await visitor.click("nav-runs");
    await visitor.attribute("side-bar-toggle", "aria-expanded", "false");
    await visitor.page.setViewportSize({ width: 1280, height: 800 });
    await visitor.attribute("side-bar-toggle", "aria-expanded", "true");
  });

  it("logs no errors or warnings in the page", () => {
    expect(visitor.refusals).toEqual([]);
    // The browser reports the blocked image in the notes.
    expect(visitor.complaints.filter((complaint) => !complaint.includes("inline event handler"))).toEqual([]);
  });
});
