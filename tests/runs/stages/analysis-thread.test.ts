import { expect, it } from "vitest";
import { analyseInThread } from "../../../src-main/runs/stages/study/analysis-thread.ts";
import { analyseStudy, type StudyData } from "../../../src-shared/analysis/study/study.ts";
import { studyMarkdown } from "../../../src-shared/analysis/study/study-report.ts";

const truth = Array.from({ length: 30 }, (_, i) => 0.5 + i / 100);
const data: StudyData = {
  title: "Thread",
  protocol: [],
  cells: truth.map((_, i) => `Cell ${i}`),
  truth,
  repetitions: [],
  predictors: [
    { name: "GHN", kind: "generator", runs: [{ seed: 1, values: truth.map((value, i) => value + (i % 5) / 20) }], generationMs: 1, evaluationMs: 2 },
    { name: "parameters", kind: "proxy", runs: [{ seed: 1, values: truth.map((_, i) => (i * 7) % 30) }], generationMs: null, evaluationMs: null },
  ],
};

it("a study analysed in a thread gives the same figures and report", async () => {
  const { result, markdown, html } = await analyseInThread(data, new AbortController().signal);
  expect(result).toEqual(analyseStudy(data));
  expect(markdown).toBe(studyMarkdown(result));
  expect(html).toContain("<svg");
});

it("an aborted analysis ends its thread and reports it", async () => {
  const control = new AbortController();
  const going = analyseInThread(data, control.signal);
  control.abort();
  await expect(going).rejects.toThrow("abort");
  await expect(analyseInThread(data, control.signal)).rejects.toThrow("abort");
});
