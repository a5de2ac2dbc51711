/** Live viewing: latency from a point to the chart, a killed process, a reload during the run, resuming. */
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { launchBrowser, whyNoBrowser } from "./support/chromium.ts";
import { buildPage, type ServedStudio, serveStudio } from "./support/serve.ts";
import { Visitor } from "./support/visitor.ts";

const reason = whyNoBrowser();
const eventually = <T>(read: () => T | Promise<T>, timeout = 60_000) => expect.poll(read, { timeout, interval: 60 });
const LOSS = '[data-testid="chart-ghn/loss"]';

interface Message {
  /** Time of arrival, in ms since the epoch. */
  readonly at: number;
  /** Times of its first and last point, in seconds of the run. */
  readonly first: number;
  readonly last: number;
}

/** Injected before the scripts of the page: records when points of the loss arrive. */
function watchSockets(): void {
  const noted: Message[] = [];
  Object.assign(window, { noted });
  const Original = window.WebSocket;
  window.WebSocket = class extends Original {
    constructor(url: string | URL, protocols?: string | string[]) {
      super(url, protocols);
      this.addEventListener("message", ({ data }) => {
        const message = JSON.parse(String(data)) as { event?: string; payload?: { metrics?: { name: string; wall: number[] }[] } };
        const wall = message.event === "run.live" ? message.payload?.metrics?.find((columns) => columns.name === "ghn/loss")?.wall : undefined;
        const [first, last] = [wall?.[0], wall?.at(-1)];
        if (first !== undefined && last !== undefined) noted.push({ at: Date.now(), first, last });
      });
    }
  };
}

/** In the page: records when the chart shows points, until this many messages have arrived. Times are those of the following frame. */
function watchChart({ selector, messages }: { selector: string; messages: number }): Promise<{ messages: Message[]; shown: number[] }> {
  const { noted } = window as unknown as { noted: Message[] };
  const shown: number[] = [];
  noted.length = 0;
  return new Promise((done) => {
    const chart = document.querySelector(selector);
    if (chart === null) throw new Error(`There is no ${selector}.`);
    const observer = new MutationObserver(() => {
      requestAnimationFrame(() => {
        shown.push(Date.now());
        if (noted.length < messages) return;
        observer.disconnect();
        done({ messages: [...noted], shown });
      });
    });
    observer.observe(chart, { attributes: true, attributeFilter: ["data-points"] });
  });
}

/**
 * Latency from the oldest point of each message to the frame that shows it, in ms. The clock of the run is aligned by
 * the fastest message, since nothing arrives before it was created.
 */
function delaysOf(messages: readonly Message[], shown: readonly number[]): number[] {
  const offset = Math.min(...messages.map((message) => message.at - message.last * 1000));
  return messages.flatMap((message) => {
    const frame = shown.find((at) => at >= message.at);
    return frame === undefined ? [] : [frame - (offset + message.first * 1000)];
  });
}

/** In the page: number of points and last step of the loss, as stored. */
async function lossOf(runId: string): Promise<{ points: number; lastStep: number }> {
  const response = await fetch("/call/metrics.series", {
    method: "POST",
    headers: { "content-type": "application/json", "x-ghn-studio-token": sessionStorage.getItem("ghn-studio /") ?? "" },
    body: JSON.stringify({ runIds: [runId], names: ["ghn/loss"], buckets: 5000 }),
  });
  const { value } = (await response.json()) as { value: { columns: { step: number[] }; totalPoints: number }[] };
  return { points: value[0]?.totalPoints ?? 0, lastStep: value[0]?.columns.step.at(-1) ?? -1 };
}

/** A GHN training that runs longer than the tests. */
const LONG = {
  "network.blocks": "2",
  "network.initialChannels": "8",
  "network.reductions": "1",
  "space.nodes": "4",
  "training.nodes": "3",
  "training.epochs": "500",
  "training.batchSize": "32",
  "training.validateEvery": "5",
};

describe.skipIf(reason !== null)("a run watched live", { timeout: 500_000 }, () => {
  let studio: ServedStudio;
  let browser: Browser;
  let visitor: Visitor;

  const points = async (): Promise<number> => Number((await visitor.page.locator(LOSS).first().getAttribute("data-points")) ?? 0);
  const status = (): Promise<string | null> => visitor.id("run-status").getAttribute("data-status");

  beforeAll(async () => {
    buildPage();
    [studio, browser] = await Promise.all([serveStudio(), launchBrowser()]);
    visitor = await Visitor.at(browser, studio.url);
    await visitor.click("create-project");
    await visitor.id("project-name").fill("Live");
    await visitor.id("project-parent").fill(studio.root);
    await visitor.click("create-confirm");
    await visitor.click("new-run");
    await visitor.click("kind");
    await visitor.click("kind-ghn-training");
    for (const [path, value] of Object.entries(LONG)) await visitor.set(path, value);
    await visitor.click("start-run");
    await visitor.page.locator(LOSS).first().waitFor({ timeout: 180_000 });
  }, 600_000);

  afterAll(async () => {
    await browser?.close();
    await studio?.stop();
  });

  it("shows points within 300 ms", async () => {
    await eventually(points, 240_000).toBeGreaterThan(20);
    await visitor.page.addInitScript(watchSockets);
    await visitor.page.reload();
    await visitor.page.locator(LOSS).first().waitFor();
    const { messages, shown } = await visitor.page.evaluate(watchChart, { selector: LOSS, messages: 60 });
    const delays = delaysOf(messages, shown);
    expect(delays.length).toBeGreaterThan(30);
    const sorted = [...delays].sort((a, b) => a - b);
    const at = (share: number): number => sorted[Math.floor(share * (sorted.length - 1))] ?? Number.POSITIVE_INFINITY;
    console.log(`Points on the chart after ${at(0.5).toFixed(0)} ms (median of ${sorted.length} messages), 95 % within ${at(0.95).toFixed(0)} ms.`);
    expect(at(0.5)).toBeLessThan(300);
  });

  it("loses no points when the page is reloaded during a run", async () => {
    const before = await points();
    await visitor.page.reload();
    await visitor.page.locator(LOSS).first().waitFor();
    await eventually(points).toBeGreaterThanOrEqual(before);
    await eventually(points).toBeGreaterThan(before + 5);
    expect(await status()).toBe("running");
    // Every step is present once, so there are as many points as the last step.
    const runId = /runs\/([^/?]+)/.exec(visitor.page.url())?.[1] ?? "";
    const stored = await visitor.page.evaluate(lossOf, runId);
    expect(stored.points).toBeGreaterThan(before);
    expect(stored.points).toBe(stored.lastStep);
    await visitor.picture("live-after-reload");
  });

  it("reports a killed process and the reason within 5 s", async () => {
    const [worker] = studio.workers();
    expect(worker).toBeDefined();
    const killedAt = performance.now();
    process.kill(worker ?? 0, "SIGKILL");
    await eventually(status, 5_000).toBe("interrupted");
    const seconds = (performance.now() - killedAt) / 1000;
    await visitor.id("failure-message").waitFor();
    expect(await visitor.id("failure-message").textContent()).toMatch(/SIGKILL|killed/i);
    console.log(`Interrupted on the page ${seconds.toFixed(2)} s after the kill.`);
    expect(seconds).toBeLessThan(5);
    expect(await visitor.barriers()).toEqual([]);
    await visitor.picture("live-interrupted");
  });

  it("resumes from the checkpoint", async () => {
    await visitor.click("run-resume");
    await eventually(status, 90_000).toBe("running");
    const before = await points();
    await eventually(points, 180_000).toBeGreaterThan(before);
    await visitor.click("run-stop");
    await eventually(status, 180_000).toBe("stopped");
    expect(visitor.complaints).toEqual([]);
  });
});
