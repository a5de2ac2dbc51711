import { Worker } from "node:worker_threads";
import type { StudyData, StudyResult } from "../../../../src-shared/analysis/study/study.ts";
import { entryPath } from "../../../lib/entries.ts";
import type { RunReport } from "../report-files.ts";

export interface AnalysedStudy extends RunReport {
  readonly result: StudyResult;
}

/**
 * Analyses a study in a thread: resampling hundreds of cells takes seconds, during which the supervisor must handle other runs.
 * @throws Error when the thread fails; AbortError when the signal is aborted
 */
export function analyseInThread(data: StudyData, signal: AbortSignal): Promise<AnalysedStudy> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const worker = new Worker(entryPath("analysis-worker"), { workerData: data });
    const abort = (): void => {
      reject(signal.reason);
      void worker.terminate();
    };
    signal.addEventListener("abort", abort, { once: true });
    worker.once("message", (analysed: AnalysedStudy) => resolve(analysed));
    worker.once("error", reject);
    worker.once("exit", (code) => {
      signal.removeEventListener("abort", abort);
      reject(new Error(`The thread that analyses the study exited with code ${code}.`));
    });
  });
}
