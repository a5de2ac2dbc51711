import type { FromWorker } from "../../../src-shared/worker-protocol.ts";

type Kind = FromWorker["type"];
type Check = (value: unknown) => boolean;

const text: Check = (value) => typeof value === "string";
const count: Check = (value) => Number.isSafeInteger(value) && (value as number) >= 0;
const number: Check = (value) => typeof value === "number" && Number.isFinite(value);
const record: Check = (value) => typeof value === "object" && value !== null && !Array.isArray(value);
const orNull =
  (check: Check): Check =>
  (value) =>
    value === null || check(value);
const listOf =
  (check: Check): Check =>
  (value) =>
    Array.isArray(value) && value.every(check);
const shape =
  (fields: Readonly<Record<string, Check>>): Check =>
  (value) =>
    record(value) && Object.entries(fields).every(([name, check]) => check((value as Record<string, unknown>)[name]));

/** A number, or the null that a number that is not finite becomes on its way. */
const anyNumber: Check = orNull(number);
const optional =
  (check: Check): Check =>
  (value) =>
    value === undefined || check(value);
const valuesByName: Check = (value) => record(value) && Object.values(value as object).every(anyNumber);
const metric = shape({
  name: text,
  series: count,
  step: listOf(number),
  epoch: listOf(anyNumber),
  wall: listOf(anyNumber),
  active: listOf(anyNumber),
  value: listOf(anyNumber),
});
const cell = { name: text, canonical: text, architecture: record, parameters: number, multiplyAdds: number, score: anyNumber, role: text };
const area = { maxBudget: number, chance: number };
const exits = listOf(shape({ node: orNull(shape({ cell: count, node: count })), multiplyAdds: number, accuracy: number, testAccuracy: orNull(number) }));
const anytimeCandidate = shape({
  ...area,
  index: count,
  name: text,
  canonical: text,
  architecture: record,
  parameters: number,
  multiplyAdds: number,
  score: number,
  scoreLoss: anyNumber,
  exits,
  role: text,
  generationMs: anyNumber,
  evaluationMs: anyNumber,
});
const anytimeTraining = shape({
  ...area,
  candidateId: orNull(count),
  name: text,
  canonical: text,
  model: record,
  role: text,
  repetition: count,
  seed: number,
  epochs: number,
  initialChannels: orNull(count),
  parameters: number,
  multiplyAdds: number,
  score: anyNumber,
  exits,
  area: number,
  testArea: orNull(number),
  trainLoss: anyNumber,
  seconds: number,
});
const artifact = shape({ kind: text, name: text, path: text, bytes: count, sha256: text });

const MESSAGES: Readonly<Record<Kind, Check>> = {
  ready: shape({ backend: text, device: text, libraryVersion: text, fallbackReason: orNull(text), pid: count }),
  dataset: shape({ fingerprint: text, description: text }),
  resumed: shape({ step: count, keep: shape({ stepOfSeries: record, candidates: count, trainings: count }) }),
  batch: shape({
    sequence: count,
    metrics: listOf(metric),
    candidates: listOf(
      shape({
        ...cell,
        index: count,
        scoreLoss: anyNumber,
        generationMs: anyNumber,
        evaluationMs: anyNumber,
        latencyMs: optional(anyNumber),
        predictions: optional(valuesByName),
      }),
    ),
    trainings: listOf(
      shape({
        ...cell,
        candidateId: orNull(count),
        repetition: count,
        seed: number,
        epochs: number,
        validationAccuracy: number,
        testAccuracy: anyNumber,
        trainLoss: anyNumber,
        seconds: number,
      }),
    ),
    anytimeCandidates: optional(listOf(anytimeCandidate)),
    anytimeTrainings: optional(listOf(anytimeTraining)),
    logs: listOf(shape({ time: text, level: text, text })),
    progress: orNull(shape({ phase: text, step: number, totalSteps: number })),
    current: orNull(shape({ name: text, architecture: record })),
  }),
  heartbeat: shape({ cpuPercent: number, memoryBytes: number, gpuPercent: anyNumber, gpuMemoryBytes: anyNumber }),
  checkpoint: shape({ step: count, artifact }),
  artifact: shape({ artifact }),
  roles: shape({ shortlist: listOf(count), random: listOf(count) }),
  done: shape({ summary: record }),
  stopped: shape({ step: count }),
  failed: shape({ failure: shape({ message: text }) }),
};

/** The message when it has the form of the protocol, else null. */
export function parseFromWorker(data: unknown): FromWorker | null {
  if (!record(data)) return null;
  const { type } = data as { type?: unknown };
  if (typeof type !== "string" || !Object.hasOwn(MESSAGES, type)) return null;
  return MESSAGES[type as Kind](data) ? (data as FromWorker) : null;
}
