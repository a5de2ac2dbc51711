/** The report of a study as Markdown and as a single HTML file without scripts or external references. Pure. */
import { coefficient, signedCoefficient as signed } from "../format.ts";
import type { StudyCorrelation, StudyResult, StudyRow } from "./study.ts";
import { leaderOf } from "./study-leader.ts";
import { pairOf } from "./study-pairs.ts";
import { ablationPlot, coefficientPlot, html, PLOT_STYLE, scatterPlot } from "./study-plots.ts";
import { variantPairs } from "./study-variants.ts";

/** A coefficient with its deviation over seeds and its interval, e.g. `0.52 ± 0.03 [0.21, 0.74]`. */
function correlationText({ value, deviation, interval }: StudyCorrelation): string {
  if (value === null) return "–";
  const spread = deviation === null ? "" : ` ± ${deviation.toFixed(2)}`;
  return `${coefficient(value)}${spread}${interval === null ? "" : ` [${coefficient(interval[0])}, ${coefficient(interval[1])}]`}`;
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
  "Compared with parameters",
];

const COST_HEAD = ["Predictor", "Generator training (once)", "Generator parameters", "Weight generation per cell", "Evaluation per cell"];

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
    paired === null
      ? "–"
      : `${signed(paired.difference)} [${signed(paired.interval[0])}, ${signed(paired.interval[1])}], p ${paired.p < 0.001 ? "" : "= "}${pText(paired.p)}`,
  ];
}

function costOf({ data }: StudyResult): string[][] {
  return data.predictors
    .filter(({ generationMs, evaluationMs, trainingSeconds }) => [generationMs, evaluationMs, trainingSeconds ?? null].some((value) => value !== null))
    .map(({ name, generationMs, evaluationMs, trainingSeconds = null, generatorParameters = null }) => [
      name,
      time(trainingSeconds === null ? null : 1000 * trainingSeconds),
      generatorParameters === null ? "–" : Math.round(generatorParameters).toLocaleString("en"),
      time(generationMs),
      time(evaluationMs),
    ]);
}

/** Each row predictor compared with each column predictor, in the order of the rows. */
function pairTable({ rows, pairs }: StudyResult): { readonly head: string[]; readonly body: string[][] } {
  const names = rows.map(({ name }) => name);
  return {
    head: ["", ...names],
    body: names.map((first) => [
      first,
      ...names.map((second) => {
        const pair = first === second ? null : pairOf(pairs, first, second);
        return pair === null ? "" : `${signed(pair.difference)} (p ${pText(pair.p)})`;
      }),
    ]),
  };
}

const PAIRS_TEXT =
  "Spearman of the row minus Spearman of the column on the same cells (means over seeds). p-values are two-sided, by resampling cells, and not corrected for the number of pairs.";

function time(ms: number | null): string {
  if (ms === null) return "–";
  return ms < 1000 ? `${ms.toFixed(ms < 10 ? 1 : 0)} ms` : `${(ms / 1000).toFixed(1)} s`;
}

function pText(p: number): string {
  return p < 0.001 ? "< 0.001" : p.toFixed(3);
}

/** Summarises the results in a few sentences. */
export function findings(result: StudyResult): string[] {
  const sentences = [
    `All predictors are compared on the same ${result.n} cells, with k = ${result.k} in precision@k and regret@k. Intervals are 95 % bootstrap intervals over cells.`,
  ];
  const leader = leaderOf(result);
  if (leader.type === "open") return [...sentences, `No conclusion yet: ${result.trained} of ${result.data.cells.length} cells are trained so far.`];
  if (leader.type === "none") return [...sentences, "No conclusion: no predictor has a rank correlation."];
  if (leader.type === "few") return [...sentences, "No conclusion: too few cells for intervals."];
  if (leader.type === "best")
    sentences.push(`“${leader.row.name}” has the highest rank correlation with trained accuracy: ${correlationText(leader.row.all.spearman)}.`);
  else
    sentences.push(
      `No predictor is best: the interval of “${leader.first.name}” (${correlationText(leader.first.all.spearman)}) overlaps ${leader.others.length === 1 ? `that of “${leader.others[0]?.name ?? ""}”` : `those of ${leader.others.length} others`}.`,
    );
  for (const row of result.rows.filter((one) => one.kind === "generator" && one.againstParameters !== null)) {
    const { interval, difference } = row.againstParameters ?? { interval: [0, 0], difference: 0 };
    const verdict = interval[0] > 0 ? "ranks better than" : interval[1] < 0 ? "ranks worse than" : "does not rank significantly better or worse than";
    sentences.push(`“${row.name}” ${verdict} the parameter count on these cells (Spearman ${signed(difference)}).`);
  }
  sentences.push(...variantFindings(result));
  if (result.noiseCeiling !== null)
    sentences.push(
      result.noiseCeiling > 0
        ? `Two trainings of the same cells have a correlation of ${result.noiseCeiling.toFixed(2)}. Its square root, ${Math.sqrt(result.noiseCeiling).toFixed(2)}, is the expected maximum for any predictor.`
        : `Two trainings of the same cells have a correlation of ${result.noiseCeiling.toFixed(2)}: this protocol cannot distinguish the cells, so these correlations are not meaningful.`,
    );
  if (result.noiseCeiling !== null && result.noiseCeiling > 0 && result.noiseCeiling < RELIABLE_GROUND_TRUTH)
    sentences.push(
      "The ground truth is poor: trainings this short barely distinguish the cells, and partly measure how fast a cell learns. Train for more epochs or with a higher learning rate before drawing conclusions.",
    );
  return sentences;
}

/** Correlation of two trainings below which the ground truth is reported as poor; 0.7 is the conventional threshold of acceptable reliability. */
const RELIABLE_GROUND_TRUTH = 0.7;

/** Which variants rank better than others, corrected for the number of pairs; empty with a single generator. */
function variantFindings(result: StudyResult): string[] {
  const pairs = variantPairs(result);
  const [closest] = pairs;
  if (closest === undefined) return [];
  const corrected = pairs.length === 1 ? "" : ` after Holm's correction for ${pairs.length} pairs`;
  const apart = pairs.filter(({ adjusted }) => adjusted <= 0.05);
  if (apart.length === 0)
    return [
      `No two variants differ significantly on these cells (smallest p${corrected} ${pText(closest.adjusted)}: “${closest.first}” and “${closest.second}”, Spearman ${signed(closest.comparison.difference)}).`,
    ];
  return apart.map(({ first, second, comparison, adjusted }) => {
    const [better, worse] = comparison.difference > 0 ? [first, second] : [second, first];
    return `“${better}” ranks better than “${worse}” (Spearman ${signed(Math.abs(comparison.difference))}, p${corrected} ${pText(adjusted)}).`;
  });
}

/** All pairs of variants with their corrected p-values. */
function variantTable(result: StudyResult): string[][] {
  return variantPairs(result).map(({ first, second, comparison, adjusted }) => [
    first,
    second,
    `${signed(comparison.difference)} [${signed(comparison.interval[0])}, ${signed(comparison.interval[1])}]`,
    pText(comparison.p),
    pText(adjusted),
  ]);
}

const VARIANT_HEAD = ["Variant", "Compared with", "Spearman difference", "p", "p corrected (Holm)"];
const VARIANT_TEXT = "Scores (accuracy with generated weights) on the same cells, means over seeds. p-values are two-sided, by resampling cells.";

export function studyMarkdown(result: StudyResult): string {
  const { head, body } = pairTable(result);
  const variants = variantTable(result);
  return [
    `# ${result.data.title}`,
    "",
    "## Summary",
    "",
    ...findings(result).map((sentence) => `- ${sentence}`),
    "",
    "## Predictors",
    "",
    ...markdownTable(HEAD, result.rows.map(cellsOf)),
    "",
    ...(variants.length === 0 ? [] : ["## Comparison of variants", "", VARIANT_TEXT, "", ...markdownTable(VARIANT_HEAD, variants), ""]),
    "## Cost",
    "",
    ...markdownTable(COST_HEAD, costOf(result)),
    "",
    "## Paired tests",
    "",
    PAIRS_TEXT,
    "",
    ...markdownTable(head, body),
    "",
    "## Protocol",
    "",
    ...markdownTable(
      ["", ""],
      result.data.protocol.map((row) => [...row]),
    ),
    "",
  ].join("\n");
}

/** A Markdown table. */
export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]): string => `| ${cells.map((text) => text.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(head), `|${head.map(() => "---").join("|")}|`, ...rows.map(line)];
}

const STYLE = `:root{color-scheme:light dark;--line:#d4d7dd;--soft:#5b6270;--ink:#16181d;--back:#fff;--mark:#2563eb}
@media(prefers-color-scheme:dark){:root{--line:#363b46;--soft:#a3abb9;--ink:#eceef2;--back:#14161b;--mark:#7aa7ff}}
body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:1200px;padding:0 1rem;color:var(--ink);background:var(--back)}
table{border-collapse:collapse;font-variant-numeric:tabular-nums;font-size:13px}th,td{border-bottom:1px solid var(--line);padding:.35rem .6rem;text-align:left;white-space:nowrap}
.wide{overflow-x:auto}.protocol td{white-space:normal}.plots{display:grid;grid-template-columns:repeat(auto-fill,minmax(280px,1fr));gap:1rem}figure{margin:0}figcaption,.note{color:var(--soft);font-size:13px}
${PLOT_STYLE}`;

export function studyHtml(result: StudyResult): string {
  const { data, rows } = result;
  const { head, body } = pairTable(result);
  const plots = data.predictors.map((predictor) => {
    const row = rows.find((one) => one.name === predictor.name);
    const caption = `${predictor.name}: Spearman ${row === undefined ? "–" : correlationText(row.all.spearman)}, n = ${row?.all.spearman.n ?? 0}`;
    return `<figure>${scatterPlot(predictor, data.truth)}<figcaption>${html(caption)}</figcaption></figure>`;
  });
  const ablation = ablationPlot(result);
  const variants = variantTable(result);
  return page(
    data.title,
    `<h2>Summary</h2><ul>${findings(result)
      .map((sentence) => `<li>${html(sentence)}</li>`)
      .join("")}</ul>
${ablation === "" ? "" : `<h2>Variants</h2><p class="note">Spearman with its 95 % interval over cells, mean over seeds.</p><div class="wide">${ablation}</div>`}
${variants.length === 0 ? "" : `<h2>Comparison of variants</h2><p class="note">${html(VARIANT_TEXT)}</p><div class="wide">${htmlTable(VARIANT_HEAD, variants)}</div>`}
<h2>Predictors</h2><div class="wide">${htmlTable(HEAD, rows.map(cellsOf))}</div>
<p class="note">Spearman with 95 % interval. Filled markers: all cells; open markers: the better half by trained accuracy.</p><div class="wide">${coefficientPlot(result)}</div>
<h2>Predictors vs trained accuracy</h2><div class="plots">${plots.join("")}</div>
<h2>Cost</h2><div class="wide">${htmlTable(COST_HEAD, costOf(result))}</div>
<h2>Paired tests</h2><p class="note">${html(PAIRS_TEXT)}</p><div class="wide">${htmlTable(head, body)}</div>
<h2>Protocol</h2>${protocolTable(data.protocol)}`,
  );
}

/** An HTML page without scripts or external references, with dark and light themes. */
export function page(title: string, body: string): string {
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${html(title)}</title><style>${STYLE}</style></head><body>
<h1>${html(title)}</h1>
${body}
</body></html>
`;
}

export function htmlTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const body = rows.map((row) => `<tr>${row.map((cell, i) => (i === 0 ? `<th scope="row">${html(cell)}</th>` : `<td>${html(cell)}</td>`)).join("")}</tr>`);
  return `<table><thead><tr>${head.map((text) => `<th scope="col">${html(text)}</th>`).join("")}</tr></thead><tbody>${body.join("")}</tbody></table>`;
}

export function protocolTable(protocol: readonly (readonly [string, string])[]): string {
  return `<table class="protocol"><tbody>${protocol.map(([label, value]) => `<tr><th scope="row">${html(label)}</th><td>${html(value)}</td></tr>`).join("")}</tbody></table>`;
}
