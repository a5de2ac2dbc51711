/** Entry of the thread that analyses a study: computes its statistics and both formats of its report. */
import { parentPort, workerData } from "node:worker_threads";
import { analyseStudy, type StudyData } from "../../../../src-shared/analysis/study/study.ts";
import { studyHtml, studyMarkdown } from "../../../../src-shared/analysis/study/study-report.ts";
import type { AnalysedStudy } from "./analysis-thread.ts";

const result = analyseStudy(workerData as StudyData);
parentPort?.postMessage({ markdown: studyMarkdown(result), html: studyHtml(result), result } satisfies AnalysedStudy);
