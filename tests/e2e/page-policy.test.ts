/** Every page of the window under its content security policy: nothing is blocked that the window needs, and what must be blocked is. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Served } from "../../src-main/hosts/web/serve.ts";
import { whyNoBrowser } from "./support/chromium.ts";
import { type Hosted, hostStudio } from "./support/hosted.ts";
import { Visitor } from "./support/visitor.ts";

/** Injected before the scripts of the page: collects what the policy blocks, and counts calls that are not answered yet. */
function watchPolicy(): void {
  const blocked: string[] = [];
  const calls = { pending: 0 };
  Object.assign(window, { blocked, calls });
  const original = window.fetch.bind(window);
  window.fetch = (...request) => {
    calls.pending++;
    return original(...request).finally(() => calls.pending--);
  };
  document.addEventListener("securitypolicyviolation", (event) =>
    blocked.push(`${event.effectiveDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber} ${event.sample}`),
  );
}

describe.skipIf(whyNoBrowser() !== null)("the content security policy", { timeout: 180_000 }, () => {
  let hosted: Hosted;
  let served: Served;
  let visitor: Visitor;

  const blocked = (): Promise<string[]> => visitor.page.evaluate(() => (window as unknown as { blocked: string[] }).blocked);

  beforeAll(async () => {
    hosted = await hostStudio(() => ({}));
    served = hosted.served;
    const opened = await served.session.call("project.openSample", {});
    if (!opened.ok) throw new Error(opened.error.message);
    visitor = await Visitor.at(hosted.browser, served.host.link());
    await visitor.page.addInitScript(watchPolicy);
    await visitor.page.reload();
    await visitor.id("nav-runs").waitFor();
  }, 240_000);

  afterAll(() => hosted?.close());

  it("blocks nothing on any page", async () => {
    const answer = await served.session.call("runs.query", { limit: 100 });
    if (!answer.ok) throw new Error(answer.error.message);
    const { rows } = answer.value as { rows: { id: string; kind: string; parentId: string | null }[] };
    const kinds = [...new Map(rows.map((run) => [run.kind, run])).values()];
    const [first] = rows;
    if (first === undefined) throw new Error("The sample project has no runs.");
    await served.session.call("runs.update", {
      runId: first.id,
      notes: "# Notes\n\n**bold** and [a link](https://example.org)\n\n| a |\n|---|\n| b |",
    });
    const tabs = ["overview", "curves", "candidates", "trainings", "correlation", "config", "log", "artifacts"];
    const paths = [
      ...kinds.flatMap((run) => tabs.map((tab) => `/runs/${run.id}/${tab}`)),
      `/runs/${first.id}`,
      `/compare?runs=${rows.slice(0, 3).map(({ id }) => id)}`,
      ...["/cells", "/datasets", "/settings", "/help", "/new", "/welcome", "/runs"],
    ];
    let charts = 0;
    for (const path of paths) {
      await visitor.go(path);
      await visitor.page.waitForFunction((hash) => location.hash.startsWith(hash), `#${path.split("?")[0]}`);
      await visitor.page.locator("main h1, main h2").first().waitFor();
      await visitor.page.waitForFunction(
        () =>
          (window as unknown as { calls: { pending: number } }).calls.pending === 0 &&
          new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(true)))),
      );
      charts += await visitor.page.locator("canvas").count();
    }
    expect(charts).toBeGreaterThan(0);
    await visitor.go(`/runs/${first.id}`);
    await visitor.page.locator("strong", { hasText: "bold" }).waitFor();
    // Dialogs, menus, the palette.
    await visitor.page.keyboard.press("Control+k");
    await visitor.id("command-palette").waitFor();
    await visitor.page.keyboard.press("Escape");
    await visitor.go("/cells");
    await visitor.page.locator("main svg").first().waitFor();
    expect(await blocked()).toEqual([]);
    expect(visitor.complaints).toEqual([]);
  });

  it("blocks text as HTML, inline styles and scripts, eval, and workers from elsewhere", async () => {
    const tried = await visitor.page.evaluate(() => {
      const attempt = (what: () => unknown): string => {
        try {
          what();
          return "done";
        } catch (error) {
          return error instanceof Error ? error.name : "error";
        }
      };
      const element = document.createElement("div");
      document.body.append(element);
      const results = {
        html: attempt(() => (element.innerHTML = "<b>x</b>")),
        worker: attempt(() => new Worker("data:text/javascript,1")),
        policy: attempt(() =>
          (window as unknown as { trustedTypes: { createPolicy(name: string, rules: object): void } }).trustedTypes.createPolicy("other", {}),
        ),
      };
      element.setAttribute("style", "color: rgb(1, 2, 3)");
      const style = document.createElement("style");
      style.textContent = "div { color: rgb(1, 2, 3) }";
      document.body.append(style);
      const color = getComputedStyle(element).color;
      element.remove();
      return { ...results, styled: color === "rgb(1, 2, 3)" };
    });
    expect(tried).toEqual({ html: "TypeError", worker: "TypeError", policy: "TypeError", styled: false });
    const directives = (await blocked()).map((text) => text.split(" ")[0]);
    expect(directives).toEqual(expect.arrayContaining(["require-trusted-types-for", "trusted-types", "style-src-attr", "style-src-elem"]));
  });
});
