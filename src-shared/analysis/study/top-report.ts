/** The report of a pipeline: cells chosen by the GHN compared with random cells (paper, Table 1 and Figure 4), and the fully trained best cell. Pure. */
import { momentsOf } from "../figures/moments.ts";
import type { Correlation } from "../statistics/correlation.ts";
import { compareGroups, type GroupDifference } from "../statistics/group-difference.ts";
import { html } from "./study-plots.ts";
import { htmlTable, markdownTable, page, protocolTable } from "./study-report.ts";

/** A trained cell; accuracy is the mean over its repetitions, in [0, 1]. */
export interface ComparedCell {
  readonly name: string;
  readonly group: "top" | "random";
  readonly score: number | null;
  readonly accuracy: number;
  /** Mean accuracy on test images; null where they were not measured. */
  readonly test: number | null;
  readonly parameters: number;
  readonly multiplyAdds: number;
}

export interface TopData {
  readonly title: string;
  readonly protocol: readonly (readonly [label: string, value: string])[];
  readonly cells: readonly ComparedCell[];
  /** Hours of one device, by part. The search is the training of the GHN and the ranking. */
  readonly cost: readonly { readonly name: "search" | "comparison" | "final"; readonly hours: number }[];
  /** Score vs trained accuracy over the distinct cells of both groups. The chosen cells widen the range, so this does not measure the GHN's ranking over the whole space. */
  readonly agreement: Correlation;
  /** The best cell, fully trained several times. */
  readonly best: {
    readonly name: string;
    readonly parameters: number;
    readonly multiplyAdds: number;
    readonly validation: readonly number[];
    readonly test: readonly number[];
  } | null;
}

export interface TopResult {
  readonly data: TopData;
  readonly accuracy: GroupDifference | null;
  readonly parameters: GroupDifference | null;
}

export function analyseTop(data: TopData): TopResult {
  const of = (group: ComparedCell["group"], value: (cell: ComparedCell) => number): number[] => data.cells.filter((cell) => cell.group === group).map(value);
  return {
    data,
    accuracy: compareGroups(
      of("top", (cell) => cell.accuracy),
      of("random", (cell) => cell.accuracy),
    ),
    parameters: compareGroups(
      of("top", (cell) => cell.parameters),
      of("random", (cell) => cell.parameters),
    ),
  };
}

export function topFindings({ data, accuracy }: TopResult): string[] {
  const { agreement } = data;
  const sentences: string[] = [];
  if (accuracy !== null) {
    const [low, high] = accuracy.interval;
    const verdict = low > 0 ? "are better than" : high < 0 ? "are worse than" : "do not differ significantly from";
    sentences.push(
      `The cells chosen by the GHN ${verdict} random cells after the same training: ${points(accuracy.difference)} percentage points, 95 % interval ${points(low)} to ${points(high)}, permutation test p = ${accuracy.p.toFixed(3)}.`,
    );
  }
  if (agreement.value !== null)
    sentences.push(
      `Score and trained accuracy of these ${agreement.n} cells have a rank correlation of ${points(agreement.value / 100)}. Some of the cells were chosen by this score, so this says less about the ranking of unseen cells than a correlation study.`,
    );
  if (data.best !== null && data.best.test.length > 0)
    sentences.push(
      `${data.best.name}, the best cell by validation accuracy, reaches a test accuracy of ${moments(data.best.test)} % (${data.best.test.length} ${data.best.test.length === 1 ? "training" : "trainings"}) with ${millions(data.best.parameters)} parameters.`,
    );
  const tested = (["top", "random"] as const).map((group) => testsOf(data.cells, group));
  if (tested.every((tests) => tests.length > 0))
    sentences.push(
      `Mean test accuracy is ${moments(tested[0] ?? [])} % for the cells chosen by the GHN and ${moments(tested[1] ?? [])} % for random cells. Each training was measured on the test images once, and no choice depends on it.`,
    );
  const search = data.cost.find(({ name }) => name === "search");
  if (search !== undefined) sentences.push(`The search, training of the GHN and ranking together, took ${hoursWords(search.hours)} on one device.`);
  sentences.push(
    "The same validation images rank the cells and choose the winner, so validation accuracies of chosen cells are slightly too high; compare test accuracies with other work.",
  );
  return sentences;
}

function testsOf(cells: readonly ComparedCell[], group: ComparedCell["group"]): number[] {
  return cells.flatMap((cell) => (cell.group === group && cell.test !== null ? [cell.test] : []));
}

/** "5.2 hours (0.22 days)", "3.1 minutes". */
function hoursWords(hours: number): string {
  if (hours < 1) return `${(60 * hours).toFixed(1)} minutes`;
  return `${hours.toFixed(1)} hours (${(hours / 24).toFixed(2)} days)`;
}

const COST_NAMES = {
  search: "Search: training of the GHN and ranking",
  comparison: "Training of the compared cells",
  final: "Training of the winner",
} as const;

function costRows({ data }: TopResult): string[][] {
  return data.cost.map(({ name, hours }) => [COST_NAMES[name], hours.toFixed(2), (hours / 24).toFixed(3)]);
}

const COST_HEAD = ["Part", "Device hours", "Device days"];
const HEAD = ["Cells", "n", "Validation accuracy, %", "Test accuracy, %", "Parameters, M", "Multiply-adds, M"];
const CELL_HEAD = ["Cell", "Chosen by", "Score, %", "Validation accuracy, %", "Test accuracy, %", "Parameters, M", "Multiply-adds, M"];

function groupRows({ data }: TopResult): string[][] {
  const rows = (["top", "random"] as const).map((group) => {
    const cells = data.cells.filter((cell) => cell.group === group);
    return [
      group === "top" ? "GHN Top" : "Random",
      String(cells.length),
      moments(cells.map((cell) => cell.accuracy)),
      moments(testsOf(cells, group)),
      moments(cells.map((cell) => cell.parameters / 1e8)),
      moments(cells.map((cell) => cell.multiplyAdds / 1e8)),
    ];
  });
  const { best } = data;
  if (best !== null)
    rows.push([
      "GHN Top-Best",
      String(best.validation.length),
      moments(best.validation),
      moments(best.test),
      millions(best.parameters),
      millions(best.multiplyAdds),
    ]);
  return rows;
}

function cellRows({ data }: TopResult): string[][] {
  return [...data.cells]
    .sort((a, b) => b.accuracy - a.accuracy)
    .map((cell) => [
      cell.name,
      cell.group === "top" ? "GHN" : "random",
      cell.score === null ? "–" : (100 * cell.score).toFixed(1),
      (100 * cell.accuracy).toFixed(2),
      cell.test === null ? "–" : (100 * cell.test).toFixed(2),
      millions(cell.parameters),
      millions(cell.multiplyAdds),
    ]);
}

export function topMarkdown(result: TopResult): string {
  return [
    `# ${result.data.title}`,
    "",
    "## Summary",
    "",
    ...topFindings(result).map((sentence) => `- ${sentence}`),
    "",
    "## Groups",
    "",
    "Mean ± standard deviation over cells; for GHN Top-Best over trainings.",
    "",
    ...markdownTable(HEAD, groupRows(result)),
    "",
    "## Cost",
    "",
    ...markdownTable(COST_HEAD, costRows(result)),
    "",
    "## Cells",
    "",
    ...markdownTable(CELL_HEAD, cellRows(result)),
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

export function topHtml(result: TopResult): string {
  return page(
    result.data.title,
    `<h2>Summary</h2><ul>${topFindings(result)
      .map((sentence) => `<li>${html(sentence)}</li>`)
      .join("")}</ul>
<h2>Groups</h2><p class="note">Mean ± standard deviation over cells; for GHN Top-Best over trainings.</p><div class="wide">${htmlTable(HEAD, groupRows(result))}</div>
<figure><div class="wide">${groupPlot(result.data.cells)}</div><figcaption>Accuracy of each cell after the same training. Discs: chosen by the GHN; rings: random; vertical lines: means.</figcaption></figure>
<h2>Cost</h2><div class="wide">${htmlTable(COST_HEAD, costRows(result))}</div>
<h2>Cells</h2><div class="wide">${htmlTable(CELL_HEAD, cellRows(result))}</div>
<h2>Protocol</h2>${protocolTable(result.data.protocol)}`,
  );
}

/** Accuracies of both groups on one scale. */
function groupPlot(cells: readonly ComparedCell[]): string {
  const values = cells.map((cell) => cell.accuracy);
  if (values.length === 0) return "";
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const across = (value: number): string => (110 + (480 * (value - low)) / (high - low || 1)).toFixed(1);
  const line = (group: ComparedCell["group"], y: number): string => {
    const own = cells.filter((cell) => cell.group === group);
    if (own.length === 0) return "";
    const mean = own.reduce((sum, cell) => sum + cell.accuracy, 0) / own.length;
    const marks = own.map(
      (cell) =>
        `<circle class="${group === "top" ? "dot" : "open"}" cx="${across(cell.accuracy)}" cy="${y}" r="5"><title>${html(`${cell.name}: ${(100 * cell.accuracy).toFixed(2)} %`)}</title></circle>`,
    );
    return `<text class="strong" x="96" y="${y + 4}" text-anchor="end">${group === "top" ? "GHN Top" : "Random"}</text><line class="whisker" x1="${across(mean)}" x2="${across(mean)}" y1="${y - 14}" y2="${y + 14}"/>${marks.join("")}`;
  };
  return `<svg viewBox="0 0 620 130" width="620" role="img" aria-label="Accuracy of chosen and random cells">${line("top", 30)}${line("random", 74)}<line class="grid" x1="110" x2="590" y1="100" y2="100"/><text x="110" y="118">${(100 * low).toFixed(1)} %</text><text x="590" y="118" text-anchor="end">${(100 * high).toFixed(1)} %</text></svg>`;
}

/** Mean ± sample standard deviation, in percent. */
function moments(values: readonly number[]): string {
  const found = momentsOf(values);
  if (found === null) return "–";
  const { mean, deviation } = found;
  return `${(100 * mean).toFixed(2)}${deviation === null ? "" : ` ± ${(100 * deviation).toFixed(2)}`}`;
}

function millions(value: number): string {
  return (value / 1e6).toFixed(2);
}

function points(share: number): string {
  return (100 * share).toFixed(2).replace(/^-/, "−");
}
