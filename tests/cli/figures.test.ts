/** One definition per figure: whatever shows a result of a run shows the same value under the same name. */
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runsCsv } from "../../src-main/api/handlers/runs-csv.ts";
import { analysedTop } from "../../src-main/runs/stages/pipeline/top-data.ts";
import { runDetail } from "../../src-main/runs/supervisor/run-detail.ts";
import { openProject, type Project } from "../../src-main/store/project/project.ts";
import { resultRows } from "../../src-renderer/pages/compare/results/results.ts";
import { overviewTiles } from "../../src-renderer/pages/run/overview/overview-tiles.ts";
import { resultTiles, shortlistDifference, winnerOf } from "../../src-renderer/pages/run/result/result-view.ts";
import { resultCell } from "../../src-renderer/pages/runs/run-columns.ts";
import { FIGURE_IDS, FIGURES, type FigureId, figureText, figureValue } from "../../src-shared/analysis/figures/figure-list.ts";
import { plainSpaces } from "../../src-shared/analysis/format.ts";
import { topFindings, topMarkdown } from "../../src-shared/analysis/study/top-report.ts";
import type { RunSummary } from "../../src-shared/domain/records/run.ts";
import { runQuerySchema } from "../../src-shared/domain/records/run-history.ts";
import { cli } from "./support/cli.ts";

const SAMPLE = join(import.meta.dirname, "..", "..", "resources", "sample");
const PIPELINE = "un9c5hy8";
let parent = "";
let folder = "";
let project: Project;
let runs: readonly RunSummary[];

beforeAll(() => {
  parent = mkdtempSync(join(tmpdir(), "ghn-figures-"));
  folder = join(parent, "sample");
  cpSync(SAMPLE, folder, { recursive: true });
  project = openProject(folder);
  runs = project.store.runs.query(runQuerySchema.parse({ topLevelOnly: false })).rows;
});
afterAll(() => {
  project.close();
  rmSync(parent, { recursive: true, force: true });
});

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
const inProject = async (...args: string[]): Promise<string> => {
  const { code, stdout, stderr } = await cli(args, { cwd: folder, env: { GHN_STUDIO_DATA: join(parent, "user") } });
  expect(code, stderr).toBe(0);
  return plainSpaces(stdout);
};
const present = (run: RunSummary): FigureId[] => FIGURE_IDS.filter((id) => run.figures[id] !== undefined);
const text = (run: RunSummary, id: FigureId, detail = false): string => plainSpaces(figureText(run.figures, id, detail) ?? "");
const stageOf = (stage: string): RunSummary => runs.find((run) => run.parentId === PIPELINE && run.stage === stage) as RunSummary;
const pipeline = (): RunSummary => runs.find(({ id }) => id === PIPELINE) as RunSummary;

describe("the figures of a real pipeline", () => {
  it("are those of the winner, the compared groups and the search, from the stored results", () => {
    const { store } = project;
    const final = store.trainings.list(stageOf("final").id);
    const compared = store.trainings.list(stageOf("compare").id);
    const scored = store.candidates.list(stageOf("search").id, { limit: 1000 }).rows.filter(({ role }) => role !== "random");
    const { figures } = pipeline();
    expect(present(pipeline())).toEqual(FIGURE_IDS.filter((id) => !["testArea", "area", "randomArea", "ghnScore"].includes(id)));
    expect(figures.winner).toBe(final[0]?.name);
    expect(figures.testAccuracy?.mean).toBeCloseTo(mean(final.map(({ testAccuracy }) => testAccuracy ?? Number.NaN)), 12);
    expect(figures.validationAccuracy).toMatchObject({ n: final.length });
    expect(figures.shortlistAccuracy?.mean).toBeCloseTo(
      mean(compared.filter(({ role }) => role === "shortlist").map(({ validationAccuracy }) => validationAccuracy)),
      12,
    );
    expect(figures.randomAccuracy).toMatchObject({ n: 3 });
    expect(figures.bestScore).toBe(Math.max(...scored.map(({ score }) => score ?? 0)));
    expect(figures.ranked).toBe(scored.length);
    // What the pipeline recorded at its end.
    const recorded = store.runs.record(PIPELINE)?.summary ?? {};
    expect(figures.testAccuracy?.mean).toBeCloseTo(Number(recorded["testAccuracyMean"]), 12);
    expect(figures.rankCorrelation?.value).toBeCloseTo(Number(recorded["spearmanCorrelation"]), 12);
  });

  it("are the same in the runs table, on the page of the run and in a comparison", () => {
    for (const run of runs) {
      const detail = runDetail(project.store, run.id);
      expect(detail.figures, run.name).toEqual(run.figures);
      for (const id of present(run)) expect(resultCell(run, `figure:${id}`), `${run.name}: ${id}`).toBe(figureText(run.figures, id));
      const rows = resultRows([detail], null);
      for (const id of present(run))
        expect(rows.find(({ title }) => title === FIGURES[id].title)?.cells[0]?.text, `${run.name}: ${id}`).toBe(figureText(run.figures, id, true));
    }
    const detail = runDetail(project.store, PIPELINE);
    const trainings = project.store.trainings.list(PIPELINE);
    for (const tile of resultTiles(detail).filter(({ id }) => id !== "time"))
      expect(tile.value, tile.label).toBe(figureText(detail.figures, tile.id as FigureId));
    expect(winnerOf(detail, trainings)?.name).toBe(detail.figures.winner);
    const { shortlistAccuracy, randomAccuracy } = detail.figures;
    expect(shortlistDifference(detail, trainings)?.difference).toBeCloseTo((shortlistAccuracy?.mean ?? 0) - (randomAccuracy?.mean ?? 0), 12);
    // The tiles of the stages' own pages.
    for (const [stage, id] of [
      ["search", "bestScore"],
      ["ghn", "ghnScore"],
      ["compare", "validationAccuracy"],
      ["final", "validationAccuracy"],
    ] as const) {
      const own = runDetail(project.store, stageOf(stage).id);
      const tile = overviewTiles(own, null, () => null, project.store.trainings.list(own.id)).find((entry) => entry.id === "best");
      expect([tile?.label, tile?.value], stage).toEqual([FIGURES[id].title, figureText(own.figures, id)]);
    }
  });

  it("sort and filter the runs", () => {
    const names = (query: object): string[] => project.store.runs.query(runQuerySchema.parse(query)).rows.map(({ id }) => id);
    const sorted = names({ sort: [{ key: "figure:validationAccuracy", descending: true }] });
    // Runs without the figure come last, the newest first.
    expect(sorted.slice(0, 3).at(2)).toBe(stageOf("compare").id);
    expect(new Set(sorted.slice(0, 2))).toEqual(new Set([PIPELINE, stageOf("final").id]));
    expect(names({ sort: [{ key: "figure:validationAccuracy", descending: false }] })[0]).toBe(stageOf("compare").id);
    expect(names({ sort: [{ key: "figure:validationAccuracy", descending: true }], offset: 2, limit: 1 })).toEqual([stageOf("compare").id]);
    expect(new Set(names({ expression: "testAccuracy > 90%" }))).toEqual(new Set([PIPELINE, stageOf("final").id]));
    expect(names({ expression: 'ghnScore > 0 and kind == "ghn-training"' })).toEqual([stageOf("ghn").id]);
  });

  it("are the same on the command line", async () => {
    const listed = JSON.parse(await inProject("runs", "--stages", "--json")).runs as RunSummary[];
    expect(Object.fromEntries(listed.map((run) => [run.id, run.figures]))).toEqual(Object.fromEntries(runs.map((run) => [run.id, run.figures])));
    const table = await inProject("runs", "--stages");
    for (const [run, id] of [
      [pipeline(), "testAccuracy"],
      [stageOf("final"), "testAccuracy"],
      [stageOf("compare"), "validationAccuracy"],
      [stageOf("search"), "bestScore"],
      [stageOf("ghn"), "ghnScore"],
    ] as const)
      expect(
        table.split("\n").find((line) => line.startsWith(run.id)),
        run.name,
      ).toContain(text(run, id));
    const shown = await inProject("show", PIPELINE);
    for (const id of ["winner", "testAccuracy", "validationAccuracy", "shortlistAccuracy", "randomAccuracy", "ranked"] as const)
      expect(shown, id).toContain(text(pipeline(), id));
    expect(shown).toContain(text(pipeline(), "rankCorrelation", true));
    const { outcome } = JSON.parse(await inProject("show", PIPELINE, "--json"));
    const { figures } = pipeline();
    expect(outcome.figures).toEqual(figures);
    expect(outcome.winner).toMatchObject({ name: figures.winner, testAccuracy: figures.testAccuracy, validationAccuracy: figures.validationAccuracy });
    expect(outcome.winner).toMatchObject({ parameters: figures.parameters, multiplyAdds: figures.multiplyAdds });
    expect([outcome.ghn.validationAccuracy, outcome.random.validationAccuracy]).toEqual([figures.shortlistAccuracy, figures.randomAccuracy]);
    expect(outcome.agreement).toEqual({ spearman: figures.rankCorrelation?.value, n: figures.rankCorrelation?.n, interval: figures.rankCorrelation?.interval });
    const compared = await inProject("compare", PIPELINE, stageOf("search").id);
    for (const id of present(pipeline())) {
      const line = compared.split("\n").find((one) => one.startsWith(`${FIGURES[id].title} `));
      expect(line, id).toContain(text(pipeline(), id, true));
    }
  });

  it("are the same in CSV and in the report", () => {
    const [head = [], ...rows] = runsCsv(runs)
      .trimEnd()
      .split("\r\n")
      .map((line) => [...line.matchAll(/(?:^|,)("(?:[^"]|"")*"|[^,]*)/g)].map(([, field = ""]) => field));
    for (const run of runs) {
      const row = rows.find(([id]) => id === run.id) ?? [];
      for (const id of FIGURE_IDS) expect(row[head.indexOf(id)], `${run.name}: ${id}`).toBe(String(figureValue(run.figures, id) ?? ""));
      expect(row[head.indexOf("testAccuracy deviation")]).toBe(String(run.figures.testAccuracy?.deviation ?? ""));
    }
    const top = analysedTop(project.store, PIPELINE);
    const report = topMarkdown(top);
    const cells = (label: string): string[] =>
      report
        .split("\n")
        .find((line) => line.startsWith(`| ${label} |`))
        ?.split("|")
        .map((cell) => cell.trim()) ?? [];
    const inPercent = (id: FigureId): string => text(pipeline(), id).replace(/ %$/, "");
    expect(cells("GHN Top")[3]).toBe(inPercent("shortlistAccuracy"));
    expect(cells("Random")[3]).toBe(inPercent("randomAccuracy"));
    expect(cells("GHN Top-Best").slice(3, 5)).toEqual([inPercent("validationAccuracy"), inPercent("testAccuracy")]);
    expect(top.data.agreement.value).toBeCloseTo(pipeline().figures.rankCorrelation?.value ?? Number.NaN, 12);
    expect(topFindings(top).join()).toContain(`of these ${pipeline().figures.rankCorrelation?.n} cells`);
  });
});
