/** A user of the window: a page that collects errors, takes screenshots in both themes and several sizes, and checks accessibility. */
import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import type { Browser, Locator, Page } from "playwright-core";

const OUTPUT = resolve(import.meta.dirname, "../../../test-output/e2e");
const SIZES = [
  { width: 1280, height: 800 },
  { width: 1920, height: 1080 },
] as const;
const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

export interface Barrier {
  readonly rule: string;
  readonly impact: string;
  readonly theme: "dark" | "light";
  readonly where: readonly string[];
}

export class Visitor {
  readonly page: Page;
  /** Errors and warnings logged by the page. */
  readonly complaints: string[] = [];
  /** Answers of failed calls, to explain what the console only counts. */
  readonly refusals: string[] = [];

  private constructor(page: Page) {
    this.page = page;
    page.on("response", (response) => {
      if (response.status() < 400 || !response.url().includes("/call/")) return;
      void response.text().then(
        (text) => this.refusals.push(`${new URL(response.url()).pathname} ${response.request().postData() ?? ""}: ${text}`),
        () => undefined,
      );
    });
    page.on("pageerror", (error) => this.complaints.push(error.message));
    page.on("console", (message) => {
      if (message.type() === "error" || message.type() === "warning") this.complaints.push(`${message.type()}: ${message.text()} (${message.location().url})`);
    });
  }

  static async at(browser: Browser, url: string): Promise<Visitor> {
    const context = await browser.newContext({ viewport: { ...SIZES[0] }, reducedMotion: "reduce", acceptDownloads: true });
    const page = await context.newPage();
    page.setDefaultTimeout(60_000);
    const visitor = new Visitor(page);
    await page.goto(url);
    await page.getByRole("main").waitFor();
    return visitor;
  }

  id(testid: string): Locator {
    return this.page.getByTestId(testid);
  }

  click(testid: string): Promise<void> {
    return this.id(testid).click();
  }

  /** Waits until an element has an attribute with this value. */
  attribute(testid: string, name: string, value: string): Promise<void> {
    return this.page.locator(`[data-testid="${testid}"][${name}="${value}"]`).waitFor({ state: "attached" });
  }

  /** Navigates to a path of the window. */
  async go(path: string): Promise<void> {
    await this.page.evaluate((hash) => {
      location.hash = hash;
    }, `#${path}`);
  }

  /** Sets a field of the run form, expanding its section if needed. */
  async set(path: string, value: string): Promise<void> {
    await this.id("section-dataset").waitFor();
    const field = this.id(`input-${path}`);
    if ((await field.count()) === 0) {
      const section = path.includes(".") ? path.slice(0, path.indexOf(".")) : "run";
      await this.click(`advanced-${section === "compute" ? "run" : section}`);
    }
    await field.fill(value);
  }

  /** Selects an option by its text. */
  async choose(testid: string, words: string | RegExp): Promise<void> {
    await this.click(testid);
    await this.page.getByRole("option", { name: words }).first().click();
  }

  /** Takes a screenshot in `test-output/e2e`; with GHN_STUDIO_PICTURES=all in both themes and, unless a test has set a size of its own, in both sizes. */
  async picture(name: string): Promise<void> {
    mkdirSync(OUTPUT, { recursive: true });
    const all = process.env["GHN_STUDIO_PICTURES"] === "all";
    const current = this.page.viewportSize() ?? SIZES[0];
    const sizes = all && current.width === SIZES[0].width ? [SIZES[1], SIZES[0]] : [current];
    for (const theme of all ? (["dark", "light"] as const) : (["light"] as const)) {
      if (all) await this.theme(theme);
      for (const size of sizes) {
        if (sizes.length > 1) await this.page.setViewportSize({ ...size });
        await this.settle();
        await this.page.screenshot({ path: join(OUTPUT, `${name}-${theme}-${size.width}.png`) });
      }
    }
  }

  /** Serious and critical findings of axe-core on the current page, in both themes; content behind a dialog is excluded. */
  async barriers(): Promise<Barrier[]> {
    const found: Barrier[] = [];
    for (const theme of ["dark", "light"] as const) {
      await this.theme(theme);
      await this.settle();
      found.push(...(await this.barriersNow()).map((barrier) => ({ ...barrier, theme })));
    }
    return found;
  }

  private async barriersNow(): Promise<Omit<Barrier, "theme">[]> {
    // The content security policy blocks injected scripts, but the debugger may still evaluate code.
    await this.page.evaluate(AXE);
    return this.page.evaluate(async () => {
      const { axe } = window as unknown as {
        axe: {
          run(
            context: object,
            options: object,
          ): Promise<{ violations: { id: string; impact: string | null; nodes: { target: unknown[]; failureSummary?: string }[] }[] }>;
        };
      };
      const { violations } = await axe.run({ exclude: [["[aria-hidden=true]"]] }, { resultTypes: ["violations"] });
      return violations
        .filter((found) => found.impact === "serious" || found.impact === "critical")
        .map((found) => ({
          rule: found.id,
          impact: found.impact ?? "",
          where: found.nodes.slice(0, 5).map((node) => `${String(node.target)}: ${node.failureSummary ?? ""}`),
        }));
    });
  }

  /** Sets the theme of the desktop, which the window follows by default. */
  private async theme(theme: "dark" | "light"): Promise<void> {
    await this.page.emulateMedia({ colorScheme: theme, reducedMotion: "reduce" });
    await this.page.waitForFunction((wanted) => document.documentElement.dataset.theme === wanted, theme);
  }

  /** Waits two frames, so that changes of size or theme are rendered. */
  private async settle(): Promise<void> {
    await this.page.evaluate(() =>
      document.fonts.ready.then(() => new Promise<void>((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 120))))),
    );
  }
}
