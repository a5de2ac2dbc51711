/** Fuzzing of the protocol between supervisor and workers, in both directions, with a real supervisor over a real project. */
import fc from "fast-check";
import { expect, it, vi } from "vitest";
import { fromSchema } from "../../scripts/campaign/fuzz/from-schema.ts";
import { damagedJson, json } from "../../scripts/campaign/fuzz/hostile.ts";
import { faultOfRefusal, pollution } from "../../scripts/campaign/fuzz/refusal.ts";
import type { ChildExit, ChildHandle } from "../../src-main/runs/child/launcher.ts";
import { RunSupervisor } from "../../src-main/runs/supervisor/supervisor.ts";
import { createProject } from "../../src-main/store/project/project.ts";
import { fromWorkerSchema, toWorkerSchema } from "../../src-shared/worker-protocol.ts";
import { config, temporaryFolder, until } from "../runs/support/project.ts";
import { FUZZ_TIMEOUT, fuzzRuns } from "./support/fuzz.ts";

/** A child whose messages the test gives. */
class GivenChild implements ChildHandle {
  readonly pid = null;
  private readonly messages: ((message: unknown) => void)[] = [];
  private readonly exits: ((exit: ChildExit) => void)[] = [];
  private gone = false;

  post(): void {}
  onMessage(listener: (message: unknown) => void): void {
    this.messages.push(listener);
  }
  onOutput(): void {}
  onExit(listener: (exit: ChildExit) => void): void {
    this.exits.push(listener);
  }
  say(message: unknown): void {
    for (const listener of this.messages) listener(message);
  }
  kill(): void {
    if (this.gone) return;
    this.gone = true;
    for (const listener of this.exits) listener({ code: null, signal: "SIGKILL" });
  }
}

const fromWorker = fromSchema(fromWorkerSchema, {
  fields: { series: fc.nat(3), sequence: fc.nat(1000), path: fc.constantFrom("artifacts/x/a.bin", "../../outside", "/etc/passwd", "") },
});
const toWorker = fromSchema(toWorkerSchema);

it("messages to a worker are understood as sent, or dropped", { timeout: FUZZ_TIMEOUT }, () => {
  fc.assert(
    fc.property(fc.oneof(toWorker, damagedJson(toWorker), json), (message) => {
      const sent: unknown = JSON.parse(JSON.stringify(message) ?? "null");
      const read = toWorkerSchema.safeParse(sent);
      if (read.success) expect(toWorkerSchema.parse(JSON.parse(JSON.stringify(read.data)))).toEqual(read.data);
      expect(pollution()).toEqual([]);
    }),
    fuzzRuns(500),
  );
});

it("whatever a worker says, its run ends in words and the project stays usable", { timeout: FUZZ_TIMEOUT }, async () => {
  const project = createProject(`${temporaryFolder()}/project`, "Fuzz");
  let child: GivenChild | null = null;
  const supervisor = new RunSupervisor({
    project,
    launcher: {
      launch: () => {
        child = new GivenChild();
        return child;
      },
    },
    version: "1.0.0",
    dataFolders: [],
    gpus: [],
  });
  supervisor.start();
  const ended = new Map<string, number>();
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.oneof({ weight: 4, arbitrary: fromWorker }, { weight: 2, arbitrary: damagedJson(fromWorker) }, { weight: 1, arbitrary: json }), {
        maxLength: 12,
      }),
      async (messages) => {
        child = null;
        const { id } = supervisor.create("Run", config());
        supervisor.live.subscribe("window", "all");
        await vi.waitFor(() => expect(child).not.toBeNull(), { interval: 1 });
        for (const message of messages) (child as GivenChild | null)?.say(message);
        (child as GivenChild | null)?.kill();
        await until(supervisor, () => !["queued", "running"].includes(project.store.runs.get(id)?.status ?? "queued"));
        const run = supervisor.detail(id);
        ended.set(run.status, (ended.get(run.status) ?? 0) + 1);
        if (run.status === "interrupted" && run.failure !== null) expect(faultOfRefusal(run.failure)).toBeNull();
        // Everything that the window asks for can still be read.
        project.store.metrics.all(id);
        project.store.candidates.list(id);
        project.store.candidates.in("anytime").list(id);
        project.store.trainings.list(id);
        project.store.logs.list(id, 0, 100);
        for (const artifact of run.artifacts) expect(() => project.resolvePath(artifact.path)).not.toThrow(TypeError);
        supervisor.editor.trash([id]);
        supervisor.editor.purge([id]);
        expect(pollution()).toEqual([]);
      },
    ),
    fuzzRuns(80),
  );
  expect([...ended.keys()].length).toBeGreaterThan(1);
  await supervisor.close(0);
  project.close();
});
