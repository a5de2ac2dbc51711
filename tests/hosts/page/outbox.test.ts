import { expect, test, vi } from "vitest";
import type { StudioEvent } from "../../../src-main/api/services/session.ts";
import { mergeLive, Outbox } from "../../../src-main/hosts/page/outbox.ts";
import type { EventMap } from "../../../src-shared/contract.ts";

type Live = EventMap["run.live"];

function live(runId: string, from: number, count: number): Live {
  const step = Array.from({ length: count }, (_, i) => from + i);
  return {
    runId,
    metrics: [{ name: "ghn/loss", series: 0, step, epoch: step, wall: step, active: step, value: step }],
    cursor: from + count,
    progress: null,
    candidates: [],
    trainings: [],
    logs: [],
    current: null,
  };
}

function lab(maxPoints = 1000): { sent: StudioEvent[]; outbox: Outbox; jam: (value: boolean) => void } {
  const sent: StudioEvent[] = [];
  let jammed = false;
  return { sent, outbox: new Outbox({ send: (event) => sent.push(event), congested: () => jammed, retryMs: 1, maxPoints }), jam: (value) => (jammed = value) };
}

test("sends events immediately while the page keeps up", () => {
  const { sent, outbox } = lab();
  outbox.push({ name: "run.live", payload: live("a", 0, 3) });
  outbox.push({ name: "run.removed", payload: { runId: "b" } });
  expect(sent.map((event) => event.name)).toEqual(["run.live", "run.removed"]);
  expect(outbox.waiting).toBe(0);
});

test("merges while the page is behind: nothing is lost and the order of points is kept", async () => {
  const { sent, outbox, jam } = lab();
  jam(true);
  for (let i = 0; i < 100; i++) outbox.push({ name: "run.live", payload: live("a", i * 5, 5) });
  for (let i = 0; i < 1000; i++)
    outbox.push({ name: "dataset.progress", payload: { id: "mnist", receivedBytes: i, totalBytes: 1000, state: "running", message: "" } });
  expect(outbox.waiting).toBe(2);
  jam(false);
  await vi.waitFor(() => expect(sent).toHaveLength(2));
  const first = sent[0];
  expect(first?.name === "run.live" && first.payload.metrics[0]?.step).toEqual(Array.from({ length: 500 }, (_, i) => i));
  expect(sent[1]).toMatchObject({ payload: { receivedBytes: 999 } });
});

test("when too many points wait, the page is told to fetch them instead", async () => {
  const { sent, outbox, jam } = lab(100);
  jam(true);
  for (let i = 0; i < 1000; i++) outbox.push({ name: "run.live", payload: live("a", i * 50, 50) });
  expect(outbox.waiting).toBeLessThanOrEqual(2);
  jam(false);
  await vi.waitFor(() => expect(sent.some((event) => event.name === "run.rewound")).toBe(true));
  const points = sent.flatMap((event) => (event.name === "run.live" ? event.payload.metrics : [])).reduce((sum, columns) => sum + columns.step.length, 0);
  expect(points).toBeLessThanOrEqual(100);
});

test("a rewind discards waiting points, a removal everything of the run", async () => {
  const { sent, outbox, jam } = lab();
  jam(true);
  outbox.push({ name: "run.live", payload: live("a", 0, 10) });
  outbox.push({ name: "run.rewound", payload: { runId: "a" } });
  outbox.push({ name: "run.live", payload: live("b", 0, 10) });
  outbox.push({ name: "run.removed", payload: { runId: "b" } });
  jam(false);
  await vi.waitFor(() => expect(sent.map((event) => event.name)).toEqual(["run.rewound", "run.removed"]));
});

test("merging keeps the latest progress and replaces rows with the same id", () => {
  const a = {
    ...live("a", 0, 1),
    progress: { phase: "x", step: 1, totalSteps: 2 },
    candidates: [
      { id: 1, score: 0.1 },
      { id: 2, score: 0.2 },
    ],
  } as unknown as Live;
  const b = { ...live("a", 1, 1), candidates: [{ id: 1, score: 0.9 }] } as unknown as Live;
  const merged = mergeLive(a, b);
  expect(merged.progress).toMatchObject({ step: 1 });
  expect(merged.candidates.map((row) => row.score)).toEqual([0.9, 0.2]);
  expect(merged.cursor).toBe(2);
});
