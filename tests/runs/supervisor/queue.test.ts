import { describe, expect, it } from "vitest";
import { GpuAssignment } from "../../../src-main/runs/devices/gpu-assignment.ts";
import type { EventMap } from "../../../src-shared/contract.ts";
import { config, curve, studio, until, untilStatus } from "../support/project.ts";

describe("the queue", () => {
  it("runs one after the other in an order that can be changed", async () => {
    const s = studio("wait:1");
    const first = s.supervisor.create("first", config()).id;
    const others = ["a", "b", "c"].map((name) => s.supervisor.create(name, config()).id);
    const [a = "", b = "", c = ""] = others;
    await until(s.supervisor, () => curve(s.project, first).length === 1);
    expect(s.project.store.runs.queued().map((run) => run.name)).toEqual(["a", "b", "c"]);
    s.supervisor.reorderQueue([c, a]);
    expect(s.project.store.runs.queued().map((run) => run.name)).toEqual(["c", "a", "b"]);
    s.supervisor.stop(b);
    expect(s.project.store.runs.get(b)?.status).toBe("stopped");
    s.launcher.script = "complete";
    const started: string[] = [];
    s.supervisor.events.on("run.changed", (run) => {
      if (run.status === "running" && !started.includes(run.name)) started.push(run.name);
    });
    s.supervisor.stop(first);
    await untilStatus(s, a, "completed");
    expect(started).toEqual(["c", "a"]);
  });

  it("runs as many at a time as allowed", async () => {
    const s = studio("wait:1", { concurrency: 2, gpus: ["0", "1"] });
    const ids = [1, 2, 3].map((seed) => s.supervisor.create(`r${seed}`, config({ seed })).id);
    await until(s.supervisor, () => s.supervisor.running().length === 2 && ids.slice(0, 2).every((id) => curve(s.project, id).length === 1));
    expect(s.project.store.runs.get(ids[2] ?? "")?.status).toBe("queued");
    expect(ids.slice(0, 2).map((id) => s.project.store.logs.list(id)[0]?.text)).toEqual(["begun with GPU 0", "begun with GPU 1"]);
    s.supervisor.setConcurrency(3);
    await until(s.supervisor, () => curve(s.project, ids[2] ?? "").length === 1);
  });

  it("assigns the GPU named in a config, and none to wasm", () => {
    const devices = new GpuAssignment(["0", "1"]);
    expect(devices.assign("a", config({ compute: { gpu: "1" } }))).toEqual({ CUDA_VISIBLE_DEVICES: "1" });
    expect(devices.assign("b", config())).toEqual({ CUDA_VISIBLE_DEVICES: "0" });
    expect(devices.assign("c", config({ compute: { backend: "wasm" } }))).toEqual({ CUDA_VISIBLE_DEVICES: "" });
    devices.release("a");
    expect(devices.assign("d", config())).toEqual({ CUDA_VISIBLE_DEVICES: "1" });
    expect(new GpuAssignment([]).assign("e", config())).toEqual({});
  });
});

describe("live updates", () => {
  it("carry every point once, only for subscribed runs", async () => {
    const s = studio("complete");
    const live: EventMap["run.live"][] = [];
    s.supervisor.events.on("run.live", (event) => live.push(event));
    const unseen = s.supervisor.create("unseen", config()).id;
    const seen = s.supervisor.create("seen", config()).id;
    s.supervisor.live.subscribe("window", [seen]);
    await untilStatus(s, unseen, "completed");
    await untilStatus(s, seen, "completed");
    expect(new Set(live.map((event) => event.runId))).toEqual(new Set([seen]));
    const steps = live.flatMap((event) => event.metrics.filter(({ name }) => name === "ghn/loss").flatMap(({ step }) => step));
    expect(steps).toEqual(Array.from({ length: 40 }, (_, i) => i + 1));
    // Continue from the last cursor.
    expect(s.project.store.metrics.since(seen, live.at(-1)?.cursor ?? 0).columns).toEqual([]);
    expect(live.length).toBeLessThan(15);
  });

  it("are merged under high load, and the child never has more unacknowledged batches than allowed", async () => {
    const s = studio("flood:150");
    const { id } = s.supervisor.create("flood", config());
    s.supervisor.live.subscribe("window", [id]);
    let events = 0;
    let points = 0;
    s.supervisor.events.on("run.live", (event) => {
      events += 1;
      points += event.metrics.find(({ name }) => name === "ghn/loss")?.step.length ?? 0;
    });
    await untilStatus(s, id, "completed");
    expect(points).toBe(30_000);
    expect(events).toBeLessThan(150);
    expect(s.supervisor.detail(id).summary.mostUnacknowledged).toBeLessThanOrEqual(20);
    const [answer] = s.project.store.metrics.series(id, ["ghn/loss"], { buckets: 100 });
    expect(answer).toMatchObject({ totalPoints: 30_000, thinned: true });
  });
});
