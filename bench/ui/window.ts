/** A page of a real browser, connected to a real web host, that measures itself. */
import { join } from "node:path";
import type { Browser, CDPSession, Locator, Page } from "playwright-core";

export interface Frames {
  /** Times between frames, in milliseconds. */
  readonly deltas: readonly number[];
  /** Number of frames in which a row had no data yet. */
  readonly waiting: number;
  /** Processor time of the page's main thread per frame in milliseconds, which hardly depends on other load. */
  readonly work: number;
}

export class MeasuredWindow {
  readonly page: Page;
  private readonly devtools: CDPSession;

  private constructor(page: Page, devtools: CDPSession) {
    this.page = page;
    this.devtools = devtools;
  }

  /** Opens a window with an empty cache. */
  static async open(browser: Browser, url: string): Promise<MeasuredWindow> {
    const context = await browser.newContext({ viewport: { width: 1920, height: 1080 } });
    const page = await context.newPage();
    page.setDefaultTimeout(60_000);
    await page.addInitScript({ path: join(import.meta.dirname, "in-page.js") });
    await page.goto(url, { waitUntil: "commit" });
    const devtools = await context.newCDPSession(page);
    await devtools.send("Performance.enable");
    return new MeasuredWindow(page, devtools);
  }

  id(testid: string): Locator {
    return this.page.getByTestId(testid);
  }

  historyReady(): Promise<{ shown: number; interactive: number }> {
    return this.page.evaluate("window.bench.historyReady()");
  }

  /** Types into a filter. Returns the time until the rows are stable, and their number. */
  async filter(testid: string, text: string): Promise<{ time: number; rows: number }> {
    await this.page.evaluate(`window.bench.watchFilter(${JSON.stringify(testid)})`);
    await this.id(testid).fill(text);
    return this.page.evaluate("window.bench.filtered");
  }

  /** Opens an address and returns the time until its charts show all their points. */
  curvesDrawn(path: string, names: readonly string[], points: number): Promise<number> {
    return this.page.evaluate(`window.bench.curvesDrawn(${JSON.stringify(`#${path}`)}, ${JSON.stringify(names)}, ${points})`);
  }

  async frames(act: () => Promise<void>): Promise<Frames> {
    await this.page.evaluate("window.bench.startFrames()");
    const before = await this.threadTime();
    await act();
    const frames: Omit<Frames, "work"> = await this.page.evaluate("window.bench.endFrames()");
    return { ...frames, work: ((await this.threadTime()) - before) / Math.max(1, frames.deltas.length) };
  }

  /** Processor time of the page's main thread so far, in milliseconds. */
  private async threadTime(): Promise<number> {
    const { metrics } = await this.devtools.send("Performance.getMetrics");
    return 1000 * (metrics.find(({ name }) => name === "ThreadTime")?.value ?? Number.NaN);
  }

  /** JavaScript heap in use after a collection, in MB. */
  async heap(): Promise<number> {
    await this.devtools.send("HeapProfiler.collectGarbage");
    const { usedSize } = await this.devtools.send("Runtime.getHeapUsage");
    return usedSize / 1024 ** 2;
  }

  async close(): Promise<void> {
    await this.page.context().close();
  }
}
