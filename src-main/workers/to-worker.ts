import type { ToWorker } from "../../src-shared/worker-protocol.ts";

/**
 * The message when it has the form of the protocol, else null. The config was checked with its schema before the run
 * was created; here only the frame is looked at.
 */
export function parseToWorker(data: unknown): ToWorker | null {
  if (!isRecord(data)) return null;
  switch (data.type) {
    case "stop":
      return { type: "stop" };
    case "acknowledge":
      return Number.isSafeInteger(data.sequence) ? { type: "acknowledge", sequence: data.sequence as number } : null;
    case "start":
      return isStart(data) ? (data as unknown as ToWorker) : null;
    default:
      return null;
  }
}

function isStart(data: Record<string, unknown>): boolean {
  return (
    typeof data.runId === "string" &&
    isRecord(data.config) &&
    typeof data.config.kind === "string" &&
    typeof data.artifactFolder === "string" &&
    isListOf(data.dataFolders, (folder) => typeof folder === "string") &&
    isTextOrNull(data.resumeFrom) &&
    isTextOrNull(data.ghnFile) &&
    isListOf(data.cells, isRecord) &&
    isSeconds(data.activeSecondsBefore) &&
    isSeconds(data.wallSecondsBefore)
  );
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isListOf(value: unknown, fits: (item: unknown) => boolean): boolean {
  return Array.isArray(value) && value.every(fits);
}

function isTextOrNull(value: unknown): boolean {
  return value === null || typeof value === "string";
}

function isSeconds(value: unknown): boolean {
  return typeof value === "number" && Number.isFinite(value) && value >= 0;
}
