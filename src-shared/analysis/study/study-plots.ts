/** Plots of study reports as SVG: no scripts, no external references, for dark and light themes. Pure. */

import { finitePairs } from "../statistics/coefficients.ts";
import { regress } from "../statistics/correlation.ts";
import { type AblationAxis, ablationAxis } from "./ablation-axis.ts";
import type { PredictorData, StudyCorrelation, StudyResult, StudyRow } from "./study.ts";

/** Style of the plots; colours come from the page (`--ink`, `--soft`, `--line`, `--mark`). Series also differ in marker and dash. */
export const PLOT_STYLE = `svg{max-width:100%;height:auto}svg text{fill:var(--soft);font-size:11px;font-family:system-ui,sans-serif}svg text.strong{fill:var(--ink)}
svg .dot{fill:var(--mark);fill-opacity:.7}svg .open{fill:var(--back);stroke:var(--mark);stroke-width:1.6}svg .whisker{stroke:var(--mark);stroke-width:2}svg .frame{fill:none;stroke:var(--line)}
svg .grid{stroke:var(--line)}svg .zero{stroke:var(--soft)}svg .fit{stroke:var(--ink);stroke-dasharray:4 3}svg .curve{fill:none;stroke:var(--mark);stroke-width:1.8}`;

/** Spearman coefficient of every predictor with its 95 % interval; filled markers for all cells, open ones for the better half. */
export function coefficientPlot({ rows }: StudyResult): string {
  const [left, width, line] = [210, 520, 34];
  const height = rows.length * line + 40;
  const across = (value: number): number => left + (width * (Math.min(1, Math.max(-1, value)) + 1)) / 2;
  const grid = [-1, -0.5, 0, 0.5, 1].map(
    (value) =>
      `<line class="${value === 0 ? "zero" : "grid"}" x1="${across(value)}" x2="${across(value)}" y1="8" y2="${height - 28}"/><text x="${across(value)}" y="${height - 12}" text-anchor="middle">${minus(value.toString())}</text>`,
  );
  const mark = (one: StudyCorrelation, y: number, open: boolean): string => {
    if (one.value === null) return "";
    const whisker =
      one.interval === null ? "" : `<line class="whisker" x1="${fix(across(one.interval[0]))}" x2="${fix(across(one.interval[1]))}" y1="${y}" y2="${y}"/>`;
    return `${whisker}<circle class="${open ? "open" : "dot"}" cx="${fix(across(one.value))}" cy="${y}" r="4.5"/>`;
  };
  const lines = rows.map((row, i) => {
    const y = 24 + i * line;
    return `<text class="strong" x="${left - 12}" y="${y + 4}" text-anchor="end">${html(row.name)}</text>${mark(row.all.spearman, y - 4, false)}${mark(row.topHalf.spearman, y + 8, true)}`;
  });
  return `<svg viewBox="0 0 ${left + width + 20} ${height}" width="${left + width + 20}" role="img" aria-label="Spearman coefficient of each predictor with its 95 % interval">${grid.join("")}${lines.join("")}</svg>`;
}

/** Rank correlation of the variants over the numeric setting they differ in, with intervals; empty without such a setting. */
export function ablationPlot({ data, rows }: StudyResult): string {
  const axis = ablationAxis(data.variants ?? []);
  if (axis === null) return "";
  const rowOf = new Map(rows.map((row) => [row.name, row]));
  const xs = [...new Set(axis.lines.flatMap(({ points }) => points.map(({ x }) => x)))].sort((a, b) => a - b);
  const known = axis.lines.flatMap(({ points }) => points.flatMap(({ variant }) => valuesOf(rowOf.get(variant))));
  if (known.length === 0) return "";
  const [low, high] = [Math.max(-1, Math.floor(10 * Math.min(0, ...known)) / 10), Math.min(1, Math.ceil(10 * Math.max(...known)) / 10)];
  const [left, width, top, height] = [60, 460, 14, 240];
  // Equal spacing, since such settings take values like 0, 1, 5 or 4, 7, 17.
  const across = (x: number): number => left + (width * (xs.indexOf(x) + 0.5)) / xs.length;
  const up = (value: number): number => top + (height * (high - value)) / (high - low || 1);
  const ticks = Array.from({ length: 5 }, (_, i) => low + ((high - low) * i) / 4);
  const grid = ticks.map(
    (value) =>
      `<line class="grid" x1="${left}" x2="${left + width}" y1="${fix(up(value))}" y2="${fix(up(value))}"/><text x="${left - 8}" y="${fix(up(value) + 4)}" text-anchor="end">${minus(value.toFixed(2))}</text>`,
  );
  const labels = xs.map((x) => `<text x="${across(x)}" y="${top + height + 18}" text-anchor="middle">${x}</text>`);
  const curves = axis.lines.map((line, l) => curve(axis, l, line, rowOf, across, up));
  const legend = axis.lines.map(({ name }, l) =>
    name === ""
      ? ""
      : `<line class="curve" stroke-dasharray="${DASHES[l % DASHES.length]}" x1="${left + width + 14}" x2="${left + width + 44}" y1="${top + 14 + 22 * l}" y2="${top + 14 + 22 * l}"/>${marker(l, left + width + 29, top + 14 + 22 * l)}<text class="strong" x="${left + width + 50}" y="${top + 18 + 22 * l}">${html(name)}</text>`,
  );
  return `<svg viewBox="0 0 ${left + width + 210} ${top + height + 44}" width="${left + width + 210}" role="img" aria-label="Rank correlation over ${html(axis.title)}">${grid.join("")}${labels.join("")}<text x="${left + width / 2}" y="${top + height + 38}" text-anchor="middle">${html(axis.title)}</text>${curves.join("")}${legend.join("")}</svg>`;
}

const DASHES = ["none", "6 4", "2 3"];

function valuesOf(row: StudyRow | undefined): number[] {
  const one = row?.all.spearman;
  return one === undefined || one.value === null ? [] : [one.value, ...(one.interval ?? [])];
}

function curve(
  axis: AblationAxis,
  l: number,
  line: AblationAxis["lines"][number],
  rowOf: ReadonlyMap<string, StudyRow>,
  across: (x: number) => number,
  up: (value: number) => number,
): string {
  // Lines are shifted so that their whiskers do not overlap.
  const shift = 10 * (l - (axis.lines.length - 1) / 2);
  const points = line.points.flatMap(({ x, variant }) => {
    const one = rowOf.get(variant)?.all.spearman;
    return one === undefined || one.value === null ? [] : [{ x: across(x) + shift, y: up(one.value), interval: one.interval, variant }];
  });
  const path = points.map(({ x, y }, i) => `${i === 0 ? "M" : "L"}${fix(x)} ${fix(y)}`).join("");
  const marks = points.map(
    ({ x, y, interval, variant }) =>
      `<g><title>${html(variant)}</title>${interval === null ? "" : `<line class="whisker" x1="${fix(x)}" x2="${fix(x)}" y1="${fix(up(interval[0]))}" y2="${fix(up(interval[1]))}"/>`}${marker(l, x, y)}</g>`,
  );
  return `<path class="curve" stroke-dasharray="${DASHES[l % DASHES.length]}" d="${path}"/>${marks.join("")}`;
}

/** Lines are distinguished by their markers: disc, ring, square. */
function marker(l: number, x: number, y: number): string {
  const shape = l % 3;
  if (shape === 2) return `<rect class="dot" x="${fix(x - 4)}" y="${fix(y - 4)}" width="8" height="8"/>`;
  return `<circle class="${shape === 0 ? "dot" : "open"}" cx="${fix(x)}" cy="${fix(y)}" r="4.5"/>`;
}

/** Trained accuracy over the predictor (mean over its seeds), with the least-squares line. */
export function scatterPlot({ name, runs }: PredictorData, groundTruth: readonly (number | null)[]): string {
  const means = groundTruth.map((_, i) => {
    const values = runs.map((run) => run.values[i] ?? null).filter((value): value is number => value !== null);
    return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
  });
  const { x, y } = finitePairs(means, groundTruth);
  if (x.length < 2)
    return `<svg viewBox="0 0 300 220" role="img" aria-label="${html(name)}: too few values"><text x="150" y="110" text-anchor="middle">too few values</text></svg>`;
  const [x0, x1] = [Math.min(...x), Math.max(...x)];
  const [y0, y1] = [Math.min(...y), Math.max(...y)];
  const across = (value: number): number => 50 + (236 * (value - x0)) / (x1 - x0 || 1);
  const up = (value: number): number => 190 - (170 * (value - y0)) / (y1 - y0 || 1);
  const points = x.map((value, i) => `<circle class="dot" cx="${fix(across(value))}" cy="${fix(up(y[i] ?? y0))}" r="3"/>`).join("");
  const fit = regress(x, y);
  const clampUp = (value: number): string => fix(Math.min(195, Math.max(15, up(value))));
  const line =
    fit === null
      ? ""
      : `<line class="fit" x1="${across(x0)}" x2="${across(x1)}" y1="${clampUp(fit.intercept + fit.slope * x0)}" y2="${clampUp(fit.intercept + fit.slope * x1)}"/>`;
  return `<svg viewBox="0 0 300 220" role="img" aria-label="${html(name)} against trained accuracy"><rect class="frame" x="44" y="12" width="248" height="186"/>${line}${points}<text x="48" y="213">${short(x0)}</text><text x="290" y="213" text-anchor="end">${short(x1)}</text><text x="40" y="192" text-anchor="end">${(100 * y0).toFixed(1)} %</text><text x="40" y="24" text-anchor="end">${(100 * y1).toFixed(1)} %</text></svg>`;
}

function short(value: number): string {
  return minus(Math.abs(value) >= 1e5 || (value !== 0 && Math.abs(value) < 1e-2) ? value.toExponential(1) : Number(value.toPrecision(3)).toString());
}

function fix(value: number): string {
  return value.toFixed(1);
}

function minus(text: string): string {
  return text.replace(/^-/, "−");
}

export function html(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}
