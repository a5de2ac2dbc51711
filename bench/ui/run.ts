/** Measures the window with a project of 10,000 runs in a real browser: time to interactive, filters, scrolling, curves of 100,000 points, heap. */
import { mkdtempSync, rmSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { startServe } from "../../src-main/hosts/web/serve.ts";
import { launchBrowser, whyNoBrowser } from "../../tests/e2e/support/chromium.ts";
import type { PartReport } from "../lib/report.ts";
import { digits, quantile, type Row, row } from "../lib/samples.ts";
import { FULL_SIZE, generateProject, LONG_METRICS, NAME_WORDS } from "./generate.ts";
import { type Frames, MeasuredWindow } from "./window.ts";

const EXPRESSIONS = [
  'best("train/validation-accuracy") > 0.8',
  'kind == "search" and seed < 500',
  'last("ghn/loss") < 0.35 and dataset == "cifar10"',
  'tag == "paper" and not starred',
  'best("ghn/accuracy") > 0.85 or starred',
  'name contains "cedar" and seconds > 3600',
] as const;

/**
 * Measures the built page (`npm run build:renderer`) in a real browser.
 * @param quick fewer repetitions, but the same project
 */
export async function uiPart(quick: boolean): Promise<PartReport[]> {
  const missing = whyNoBrowser();
  if (missing !== null) return [{ part: "ui", title: "Window", rows: [], remarks: [`Not measured: ${missing}.`] }];
  const folder = mkdtempSync(join(tmpdir(), "ghn-bench-ui-"));
  const settings = process.env.GHN_STUDIO_DATA;
  process.env.GHN_STUDIO_DATA = join(folder, "settings");
  const before = loadavg();
  try {
    const from = performance.now();
    const long = generateProject(join(folder, "project"), FULL_SIZE);
    const made = performance.now() - from;
    const served = await startServe({ project: join(folder, "project"), roots: [folder] });
    try {
      const browser = await launchBrowser();
      try {
        const reports = [await historyReport(browser, served.host.link, quick), await curvesReport(browser, served.host.link, long, quick)];
        const load = `Load average (1 and 5 minutes) ${before.slice(0, 2).map(digits).join(", ")} at the start, ${loadavg().slice(0, 2).map(digits).join(", ")} at the end. Project made in ${(made / 1000).toFixed(1)} s.`;
        return reports.map((report) => ({ ...report, remarks: [...report.remarks, load] }));
      } finally {
        await browser.close();
      }
    } finally {
      await served.close();
    }
  } finally {
    if (settings === undefined) delete process.env.GHN_STUDIO_DATA;
    else process.env.GHN_STUDIO_DATA = settings;
    rmSync(folder, { recursive: true, force: true });
  }
}

async function historyReport(browser: Browser, link: () => string, quick: boolean): Promise<PartReport> {
  const rows: Row[] = [];
  const loads: number[] = [];
  for (let i = 0; i < (quick ? 2 : 6); i++) {
    const window = await MeasuredWindow.open(browser, link());
    loads.push((await window.historyReady()).interactive);
    await window.close();
  }
  rows.push(row("time to interactive, nothing cached", loads));

  const window = await MeasuredWindow.open(browser, link());
  await window.historyReady();
  const { page } = window;
  rows.push(frameRow("frames, nothing happening", await window.frames(() => page.waitForTimeout(1500))));

  const words: number[] = [];
  for (const word of NAME_WORDS.slice(0, quick ? 4 : NAME_WORDS.length)) words.push(await narrow(window, "runs-search", word));
  rows.push(row("word filter, input to stable rows", words, "ms", "includes a delay of 120 ms after the last key"));

  await window.id("expression-toggle").click();
  const expressions: number[] = [];
  for (const expression of EXPRESSIONS.slice(0, quick ? 3 : EXPRESSIONS.length)) expressions.push(await narrow(window, "expression", expression));
  rows.push(row("expression filter, input to stable rows", expressions, "ms", "includes a delay of 250 ms after the last key"));
  // An expression that matches every run, so that the whole history is scrolled.
  const all = await window.filter("expression", "seed >= 0");
  const table = await window.id("runs-table").boundingBox();
  if (table === null) throw new Error("The table of runs is not visible.");
  await page.mouse.move(table.x + table.width / 2, table.y + table.height / 2);
  const scrolled = await window.frames(async () => {
    for (let i = 0; i < (quick ? 60 : 240); i++) await page.mouse.wheel(0, i % 60 < 45 ? 400 : 4000);
  });
  rows.push(
    frameRow(
      "frames while scrolling the history",
      scrolled,
      `${all.rows.toLocaleString("en")} rows; a row without data in ${scrolled.waiting} of ${scrolled.deltas.length} frames`,
    ),
  );
  rows.push(row("JavaScript heap, history", [await window.heap()], "MB"));
  await window.close();
  return { part: "ui", title: `Window: history of ${FULL_SIZE.runs.toLocaleString("en")} runs`, rows, remarks: [] };
}

async function curvesReport(browser: Browser, link: () => string, long: readonly string[], quick: boolean): Promise<PartReport> {
  const rows: Row[] = [];
  const window = await MeasuredWindow.open(browser, link());
  await window.historyReady();
  const opened: number[] = [];
  for (const id of long.slice(0, quick ? 3 : long.length)) {
    opened.push(await window.curvesDrawn(`/runs/${id}/curves`, LONG_METRICS, FULL_SIZE.points));
    await window.page.evaluate("location.hash = '#/runs'");
    await window.id("runs-search").waitFor();
  }
  rows.push(row("a run opened, until its curves are drawn", opened, "ms", `${LONG_METRICS.length} curves of ${FULL_SIZE.points.toLocaleString("en")} points`));
  for (const count of quick ? [8] : [2, 4, 8]) {
    const drawn = await window.curvesDrawn(`/compare?runs=${long.slice(0, count).join(",")}`, LONG_METRICS, FULL_SIZE.points * count);
    rows.push(row(`${count} runs compared, until their curves are drawn`, [drawn]));
    const chart = window.page.locator(`[data-testid="chart-${LONG_METRICS[0]}"] [role="img"]`);
    rows.push(frameRow(`frames while zooming, ${count} runs`, await window.frames(() => zoom(window, chart, quick))));
    rows.push(frameRow(`frames while panning, ${count} runs`, await window.frames(() => pan(window, chart, quick))));
    await chart.press("0");
  }
  rows.push(row("JavaScript heap, eight runs compared", [await window.heap()], "MB"));
  await window.close();
  return { part: "ui", title: `Window: curves of ${FULL_SIZE.points.toLocaleString("en")} points`, rows, remarks: [] };
}

/** Times a filter on the whole history and removes it again, because two filters may match the same number of rows. */
async function narrow(window: MeasuredWindow, testid: string, text: string): Promise<number> {
  const { time } = await window.filter(testid, text);
  await window.filter(testid, "");
  return time;
}

type Chart = ReturnType<MeasuredWindow["page"]["locator"]>;

/** Zooms the chart in, out and in again with Ctrl and the wheel. */
async function zoom(window: MeasuredWindow, chart: Chart, quick: boolean): Promise<void> {
  const { page } = window;
  await chart.hover();
  await page.keyboard.down("Control");
  for (const turn of quick ? [-1] : [-1, 1, -1]) for (let i = 0; i < 8; i++) await page.mouse.wheel(0, 100 * turn);
  await page.keyboard.up("Control");
}

/** Pans the chart back and forth with Shift and the mouse. */
async function pan(window: MeasuredWindow, chart: Chart, quick: boolean): Promise<void> {
  const { page } = window;
  const box = await chart.boundingBox();
  if (box === null) throw new Error("The chart is not visible.");
  const middle = { x: box.x + box.width / 2, y: box.y + box.height / 2 };
  await page.mouse.move(middle.x, middle.y);
  await page.keyboard.down("Shift");
  await page.mouse.down();
  const reach = Math.min(250, box.width / 3);
  for (let i = 0; i < (quick ? 60 : 180); i++) await page.mouse.move(middle.x + reach * Math.sin(i / 12), middle.y);
  await page.mouse.up();
  await page.keyboard.up("Shift");
}

/** Median and quartiles of the times between frames, with the slowest ones in the note. */
function frameRow(what: string, { deltas, work }: Frames, note = ""): Row {
  const slow = deltas.filter((time) => time > 50).length;
  const ends = `95 % within ${digits(quantile(deltas, 0.95))}, longest ${digits(quantile(deltas, 1))}, ${slow} of ${deltas.length} over 50 ms; ${digits(work)} ms of processor time per frame`;
  return row(what, deltas, "ms", note === "" ? ends : `${ends}; ${note}`);
}
