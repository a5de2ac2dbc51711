/** A project with damaged rows in the window: what is damaged is named in words, and the rest can be used. */
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Filled, filledProject, tamper } from "../store/support/damage.ts";
import { whyNoBrowser } from "./support/chromium.ts";
import { type Hosted, hostStudio } from "./support/hosted.ts";
import { Visitor } from "./support/visitor.ts";

describe.skipIf(whyNoBrowser() !== null)("a project with damaged rows", { timeout: 120_000 }, () => {
  let hosted: Hosted;
  let filled: Filled;
  let visitor: Visitor;

  beforeAll(async () => {
    hosted = await hostStudio((folder) => {
      filled = filledProject(join(folder, "project"));
      tamper(
        filled.folder,
        `UPDATE run_details SET config = '{"kind": "sea' WHERE run_id = '${filled.search}'`,
        `UPDATE runs SET status = 'sleeping' WHERE id = '${filled.anytime}'`,
      );
      return { project: filled.folder };
    });
    visitor = await Visitor.at(hosted.browser, hosted.served.host.link());
  }, 200_000);

  afterAll(() => hosted?.close());

  it("says how many records are damaged, which ones, and what to do; the other runs open", async () => {
    const banner = visitor.id("damage-banner");
    await visitor.go("/runs");
    await visitor.page.getByText("The training").first().waitFor();
    await visitor.go(`/runs/${filled.search}`);
    await banner.getByText("2 records of this project are damaged").waitFor();
    expect(await banner.getByRole("status").textContent()).toContain("Close the project and run ghn-studio repair");
    const sentences = banner.locator("li");
    expect(await sentences.first().isVisible()).toBe(false);
    await banner.locator("summary").click();
    await sentences.first().waitFor();
    const texts = (await sentences.allTextContents()).map((text) => text.slice(text.indexOf("table"))).toSorted();
    expect(texts).toHaveLength(2);
    expect(texts[0]).toContain("table run_details is damaged: the column config is not valid JSON");
    expect(texts[1]).toContain('table runs is damaged: the column status has the unknown value "sleeping"');
    // Commands stand in code, not between backticks.
    const alert = visitor.page.getByRole("alert");
    expect(await alert.locator("code").textContent()).toBe("ghn-studio repair");
    expect(await alert.textContent()).not.toContain("`");
    expect(await visitor.barriers()).toEqual([]);
    await visitor.picture("damage-banner");
    await visitor.go(`/runs/${filled.training}`);
    await visitor.attribute("run-status", "data-status", "completed");
    expect(await visitor.page.getByTestId("run-name").textContent()).toContain("The training");
  });
});
