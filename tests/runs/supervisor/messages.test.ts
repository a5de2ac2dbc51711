import { afterEach, describe, expect, it } from "vitest";
import { parseFromWorker } from "../../../src-main/runs/child/from-worker.ts";
import { OutputTail } from "../../../src-main/runs/child/output-tail.ts";
import { SystemLoad } from "../../../src-main/runs/child/system-load.ts";
import { exitReason } from "../../../src-main/runs/outcomes/exit-reason.ts";
import { ORPHANED_EXIT_CODE, processPort } from "../../../src-main/workers/port.ts";
import { toWorkerSchema } from "../../../src-shared/worker-protocol.ts";
import { config, studio, untilStatus } from "../support/project.ts";

describe("messages", () => {
  const parseToWorker = (data: unknown): unknown => toWorkerSchema.safeParse(data).data;
  const start = {
    type: "start",
    runId: "a",
    config: config(),
    artifactFolder: "/x",
    dataFolders: ["/y"],
    resumeFrom: null,
    ghnFile: null,
    subjects: [],
    activeSecondsBefore: 0,
    wallSecondsBefore: 0,
  };

  it("to a worker are accepted only if they follow the protocol", () => {
    expect(parseToWorker(start)).toEqual(start);
    expect(parseToWorker({ type: "stop", more: 1 })).toEqual({ type: "stop" });
    expect(parseToWorker({ type: "acknowledge", sequence: 3 })).toEqual({ type: "acknowledge", sequence: 3 });
    for (const wrong of [
      null,
      "stop",
      [],
      {},
      { type: "other" },
      { type: "acknowledge" },
      { ...start, subjects: null },
      { ...start, subjects: [{ space: "other", name: "a" }] },
      { ...start, config: 1 },
      { ...start, dataFolders: [1] },
      { ...start, wallSecondsBefore: -1 },
      { ...start, resumeFrom: undefined },
    ])
      expect(parseToWorker(wrong)).toBeUndefined();
  });

  it("from a worker are accepted only if they follow the protocol", () => {
    const batch = {
      type: "batch",
      sequence: 1,
      metrics: [{ name: "a", series: 0, step: [1], epoch: [1], wall: [1], active: [1], value: [null] }],
      candidates: [],
      trainings: [],
      logs: [],
      progress: null,
      current: null,
    };
    const artifact = { kind: "ghn", name: "g", path: "p", bytes: 1, sha256: "s" };
    for (const right of [
      batch,
      { type: "artifact", artifact },
      { type: "done", summary: {} },
      { type: "failed", failure: { message: "m" } },
      { type: "resumed", step: 0, keep: { stepOfSeries: {}, candidates: 0, trainings: 0 } },
    ])
      expect(parseFromWorker(right)).toEqual(right);
    for (const wrong of [
      undefined,
      { type: "toString" },
      { type: "failed", failure: "m" },
      { ...batch, sequence: -1 },
      { ...batch, metrics: [{ name: "a", series: 0, step: [null], epoch: [], wall: [], active: [], value: [] }] },
      { ...batch, trainings: [{}] },
      { type: "checkpoint", step: 1, artifact: { ...artifact, bytes: "1" } },
    ])
      expect(parseFromWorker(wrong)).toBeNull();
  });
});

describe("the port of a utility process", () => {
  afterEach(() => {
    Reflect.deleteProperty(process, "parentPort");
  });

  it("carries messages both ways, and nothing after its end", () => {
    const posted: unknown[] = [];
    let tell: (event: { data: unknown }) => void = () => undefined;
    Object.assign(process, {
      parentPort: { postMessage: (message: unknown) => posted.push(message), on: (_: string, listener: typeof tell) => (tell = listener) },
    });
    const port = processPort();
    const received: unknown[] = [];
    port.onMessage((message) => received.push(message));
    tell({ data: { type: "stop" } });
    tell({ data: { type: "nonsense" } });
    port.post({ type: "stopped", step: 4 });
    expect(received).toEqual([{ type: "stop" }]);
    expect(posted).toEqual([{ type: "stopped", step: 4 }]);
  });
});

describe("the death of a process", () => {
  const death = { code: null, signal: null, output: "", memoryBytes: null, kernelKilled: false };
  const message = (partial: object): string => exitReason({ ...death, ...partial }, 10e9).message;

  it("is explained by what is known about it", () => {
    expect(message({ code: 1 })).toContain("exit code 1");
    expect(message({ signal: "SIGSEGV" })).toContain("SIGSEGV");
    expect(message({ signal: "SIGKILL", memoryBytes: 1e9 })).toContain("killed from outside");
    expect(message({ signal: "SIGKILL", memoryBytes: 8e9 })).toContain("memory ran out");
    expect(message({ code: 1, output: "tensorflow: OOM when allocating tensor" })).toContain("out of memory");
    expect(message({ code: ORPHANED_EXIT_CODE })).toContain("lost its connection");
    expect(exitReason({ ...death, code: 1, output: "last words" }).detail).toBe("last words");
  });

  it("before it started is reported too", async () => {
    const s = studio();
    const broken = {
      launch: () => {
        throw new Error("no such program");
      },
    };
    const t = studio("complete", { launcher: broken });
    const { id } = t.supervisor.create("Cannot begin", config());
    expect((await untilStatus(t, id, "failed")).failure?.message).toContain("no such program");
    const search = s.supervisor.create("No GHN", config({ kind: "search", ghnRunId: "nobody" })).id;
    expect((await untilStatus(s, search, "failed")).failure).toMatchObject({ message: "There is no run nobody in this project.", remedy: expect.any(String) });
  });
});

it("the tail of the output of a process starts with a whole line", () => {
  const tail = new OutputTail(20);
  tail.add("first line\nsecond ");
  tail.add("line\nthird line\n");
  expect(tail.toString()).toBe("third line");
});

it("the load of the machine is one point per step: mean of percentages, peak of memory", () => {
  const load = new SystemLoad(-1);
  const beat = (cpuPercent: number, memoryBytes: number) => ({ type: "heartbeat" as const, cpuPercent, memoryBytes, gpuPercent: null, gpuMemoryBytes: null });
  const at = (step: number) => ({ step, epoch: 0, wall: 1, active: 1 });
  expect(load.add(beat(50, 1e6), at(0)).map(({ name, value }) => [name, value])).toEqual([
    ["system/cpu", [50]],
    ["system/memory", [1]],
  ]);
  expect(load.add(beat(100, 9e6), at(0))).toEqual([]);
  expect(load.add(beat(200, 2e6), at(3)).map(({ name, step, value }) => [name, step, value])).toEqual([
    ["system/cpu", [3], [150]],
    ["system/memory", [3], [9]],
  ]);
});
