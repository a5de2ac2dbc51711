/** The report page of a study, as Markdown and as one HTML file without scripts or outside references. Pure. */
import { finitePairs, regress } from "./correlation.ts";
import type { StudyCorrelation, StudyResult, StudyRow } from "./study.ts";

/** A coefficient with its deviation over seeds and its interval, e.g. `0.52 ± 0.03 [0.21, 0.74]`. */
export function correlationText({ value, deviation, interval }: StudyCorrelation): string {
  if (value === null) return "–";
  const spread = deviation === null ? "" : ` ± ${deviation.toFixed(2)}`;
  const figure = (one: number): string => one.toFixed(2).replace("-", "−");
  return `${figure(value)}${spread}${interval === null ? "" : ` [${figure(interval[0])}, ${figure(interval[1])}]`}`;
}

const HEAD = [
  "Predictor",
  "Seeds",
  "Pearson",
  "Spearman",
  "Kendall",
  "Pearson, top half",
  "Spearman, top half",
  "Precision@k",
  "Regret@k",
  "Generation",
  "Evaluation",
  "Against parameters",
];

function cellsOf(row: StudyRow): string[] {
  const paired = row.againstParameters;
  return [
    row.name,
    String(row.seeds),
    correlationText(row.all.pearson),
    correlationText(row.all.spearman),
    correlationText(row.all.kendall),
    correlationText(row.topHalf.pearson),
    correlationText(row.topHalf.spearman),
    row.precision === null ? "–" : row.precision.toFixed(2),
    row.regret === null ? "–" : `${(100 * row.regret).toFixed(2)} %`,
    time(row.generationMs),
    time(row.evaluationMs),
    paired === null ? "–" : `${signed(paired.difference)} [${signed(paired.interval[0])}, ${signed(paired.interval[1])}], p = ${paired.p.toFixed(3)}`,
  ];
}

function time(ms: number | null): string {
  if (ms === null) return "–";
  return ms < 1000 ? `${ms.toFixed(ms < 10 ? 1 : 0)} ms` : `${(ms / 1000).toFixed(1)} s`;
}

function signed(value: number): string {
  return `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(2)}`;
}

/** What the figures say in a few sentences. */
export function findings(result: StudyResult): string[] {
  const sentences = [
    `All predictors are compared on the same ${result.n} cells; k is ${result.k} in precision@k and regret@k. Intervals are 95 % bootstrap intervals over cells.`,
  ];
  const best = [...result.rows].filter((row) => row.all.spearman.value !== null).sort((a, b) => (b.all.spearman.value ?? -2) - (a.all.spearman.value ?? -2))[0];
  if (best !== undefined)
    sentences.push(`The highest rank correlation with trained accuracy is that of “${best.name}”, ${correlationText(best.all.spearman)}.`);
  for (const row of result.rows.filter((one) => one.kind === "generator" && one.againstParameters !== null)) {
    const { interval, difference } = row.againstParameters ?? { interval: [0, 0], difference: 0 };
    const verdict = interval[0] > 0 ? "ranks better than" : interval[1] < 0 ? "ranks worse than" : "cannot be told apart from";
    sentences.push(`“${row.name}” ${verdict} the parameter count on these cells (Spearman ${signed(difference)}).`);
  }
  if (result.noiseCeiling !== null)
    sentences.push(
      result.noiseCeiling > 0
        ? `Two trainings of the same cells correlate with ${result.noiseCeiling.toFixed(2)}. A predictor that knew the expected accuracy of every cell could be expected to reach ${Math.sqrt(result.noiseCeiling).toFixed(2)}, the square root of that, and no more.`
        : `Two trainings of the same cells correlate with ${result.noiseCeiling.toFixed(2)}: by this protocol cells cannot be told apart, so that no correlation here says anything.`,
    );
  return sentences;
}

export function studyMarkdown(result: StudyResult): string {
  const inCell = (text: string): string => text.replaceAll("|", "\\|");
  const lines = [`# ${result.data.title}`, "", "## Protocol", "", "| | |", "|---|---|"];
  for (const [label, value] of result.data.protocol) lines.push(`| ${inCell(label)} | ${inCell(value)} |`);
  lines.push("", "## Predictors", "", `| ${HEAD.join(" | ")} |`, `|${HEAD.map(() => "---").join("|")}|`);
  for (const row of result.rows) lines.push(`| ${cellsOf(row).map(inCell).join(" | ")} |`);
  lines.push("", "## What it says", "", ...findings(result).map((sentence) => `- ${sentence}`), "");
  return lines.join("\n");
}

const STYLE = `:root{color-scheme:light dark;--line:#d4d7dd;--soft:#5b6270;--ink:#16181d;--back:#fff;--mark:#2563eb}
@media(prefers-color-scheme:dark){:root{--line:#363b46;--soft:#a3abb9;--ink:#eceef2;--back:#14161b;--mark:#7aa7ff}}
body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:1200px;padding:0 1rem;color:var(--ink);background:var(--back)}
table{border-collapse:collapse;font-variant-numeric:tabular-nums;font-size:13px}th,td{border-bottom:1px solid var(--line);padding:.35rem .6rem;text-align:left;white-space:nowrap}
.wide{overflow-x:auto}.plots{display:grid;grid-template-columns:repeat(auto-fill,minmax(280px,1fr));gap:1rem}figure{margin:0}figcaption{color:var(--soft);font-size:13px}
svg text{fill:var(--soft);font-size:10px}svg circle{fill:var(--mark);fill-opacity:.65}svg line.fit{stroke:var(--ink);stroke-dasharray:4 3}svg rect{fill:none;stroke:var(--line)}`;

export function studyHtml(result: StudyResult): string {
  const rows = result.rows.map(
    (row) =>
      `<tr>${cellsOf(row)
        .map((cell, i) => (i === 0 ? `<th scope="row">${html(cell)}</th>` : `<td>${html(cell)}</td>`))
        .join("")}</tr>`,
  );
  const plots = result.data.predictors.map((predictor) => {
    const row = result.rows.find((one) => one.name === predictor.name);
    const caption = `${predictor.name}: Spearman ${row === undefined ? "–" : correlationText(row.all.spearman)}, n = ${row?.all.spearman.n ?? 0}`;
    return `<figure>${scatter(predictor.runs[0]?.values ?? [], result.data.truth, predictor.name)}<figcaption>${html(caption)}</figcaption></figure>`;
  });
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${html(result.data.title)}</title><style>${STYLE}</style></head><body>
<h1>${html(result.data.title)}</h1>
<h2>Protocol</h2><table>${result.data.protocol.map(([label, value]) => `<tr><th scope="row">${html(label)}</th><td style="white-space:normal">${html(value)}</td></tr>`).join("")}</table>
<h2>Predictors</h2><div class="wide"><table><thead><tr>${HEAD.map((head) => `<th scope="col">${html(head)}</th>`).join("")}</tr></thead><tbody>${rows.join("")}</tbody></table></div>
<h2>What it says</h2><ul>${findings(result)
    .map((sentence) => `<li>${html(sentence)}</li>`)
    .join("")}</ul>
<h2>Predicted against trained accuracy</h2><div class="plots">${plots.join("")}</div>
</body></html>
`;
}

/** Predictor across, trained accuracy upwards, with the least-squares line. */
function scatter(values: readonly (number | null)[], truth: readonly (number | null)[], label: string): string {
  const { x, y } = finitePairs(values, truth);
  if (x.length < 2)
    return `<svg viewBox="0 0 300 220" role="img" aria-label="${html(label)}: too few values"><text x="150" y="110" text-anchor="middle">too few values</text></svg>`;
  const [x0, x1] = [Math.min(...x), Math.max(...x)];
  const [y0, y1] = [Math.min(...y), Math.max(...y)];
  const across = (value: number): number => 46 + (240 * (value - x0)) / (x1 - x0 || 1);
  const up = (value: number): number => 190 - (170 * (value - y0)) / (y1 - y0 || 1);
  const points = x.map((value, i) => `<circle cx="${across(value).toFixed(1)}" cy="${up(y[i] ?? y0).toFixed(1)}" r="3"/>`).join("");
  const fit = regress(x, y);
  const clampUp = (value: number): string => Math.min(195, Math.max(15, up(value))).toFixed(1);
  const line =
    fit === null
      ? ""
      : `<line class="fit" x1="${across(x0)}" x2="${across(x1)}" y1="${clampUp(fit.intercept + fit.slope * x0)}" y2="${clampUp(fit.intercept + fit.slope * x1)}"/>`;
  const short = (value: number): string =>
    Math.abs(value) >= 1e4 || (value !== 0 && Math.abs(value) < 1e-2) ? value.toExponential(1) : Number(value.toPrecision(3)).toString();
  return `<svg viewBox="0 0 300 220" role="img" aria-label="${html(label)} against trained accuracy"><rect x="40" y="12" width="252" height="186"/>${line}${points}<text x="46" y="212">${short(x0)}</text><text x="286" y="212" text-anchor="end">${short(x1)}</text><text x="36" y="192" text-anchor="end">${(100 * y0).toFixed(1)} %</text><text x="36" y="24" text-anchor="end">${(100 * y1).toFixed(1)} %</text></svg>`;
}

function html(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}
