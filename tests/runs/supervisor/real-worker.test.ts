import { join } from "node:path";
import { expect, it } from "vitest";
import { type ChildHandle, type ChildLauncher, nodeLauncher } from "../../../src-main/runs/child/launcher.ts";
import { openProjectServices, type RunServices } from "../../../src-main/runs/run-services.ts";
import { createProject } from "../../../src-main/store/project/project.ts";
import type { RunStatus } from "../../../src-shared/domain/records/run.ts";
import { temporaryFolder } from "../support/project.ts";
import { TINY_GHN, tinyConfig } from "../support/tiny.ts";

/** Ends when the run is in one of these states. */
function ended(services: RunServices, runId: string, ...statuses: readonly RunStatus[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const look = (): void => {
      const run = services.store.runs.get(runId);
      if (run === null || statuses.includes(run.status)) resolve();
      else if (run.status === "failed") reject(new Error(`${run.failure?.message} ${run.failure?.detail}`));
    };
    services.onEvent(look);
    look();
  });
}

it("the real worker, killed with SIGKILL in the middle of training a GHN, ends with the numbers of an uninterrupted run", { timeout: 300_000 }, async () => {
  const folder = join(temporaryFolder(), "project");
  createProject(folder, "Real").close();
  const children: ChildHandle[] = [];
  const node = nodeLauncher();
  const launcher: ChildLauncher = {
    launch(environment) {
      const child = node.launch(environment);
      children.push(child);
      return child;
    },
  };
  const services = await openProjectServices(folder, { launcher, gpus: [] });
  try {
    // Long enough that a fast machine does not complete the run before it is killed.
    const config = tinyConfig({ kind: "ghn-training", ...TINY_GHN, training: { ...TINY_GHN.training, epochs: 20 } });
    const untouched = services.commands.create("Untouched", config, []).id;
    await ended(services, untouched, "completed");

    const killed = services.commands.create("Killed", config, []).id;
    await new Promise<void>((resolve, reject) => {
      services.onEvent((event) => {
        if (services.store.runs.get(killed)?.status === "completed") reject(new Error("The run was completed before it could be killed."));
        // Steps after the last checkpoint are lost and repeated by the resumed run.
        if (
          event.name === "run.live" &&
          event.payload.runId === killed &&
          (services.store.artifacts.checkpoints(killed)[0]?.step ?? Infinity) < (event.payload.progress?.step ?? 0)
        )
          resolve();
      });
    });
    process.kill(children[1]?.pid ?? 0, "SIGKILL");
    await ended(services, killed, "interrupted");
    expect(services.store.runs.get(killed)?.failure?.message).toContain("SIGKILL");
    services.commands.resume(killed);
    await ended(services, killed, "completed");

    expect(services.commands.detail(killed).resumedFrom).toHaveLength(1);
    const numbers = (runId: string): unknown =>
      services.store.metrics
        .all(runId)
        .filter(({ name }) => name.startsWith("ghn/") || name === "learning-rate")
        .map(({ name, series, step, epoch, value }) => ({ name, series, step, epoch, value }));
    expect(numbers(killed)).toEqual(numbers(untouched));
    const [a, b] = [untouched, killed].map((runId) => services.commands.detail(runId));
    expect(b?.summary).toEqual(a?.summary);
    const ghn = (runId: string): string | undefined => services.store.artifacts.latest(runId, "ghn")?.sha256;
    expect(ghn(killed)).toBeDefined();
    expect(ghn(killed)).toBe(ghn(untouched));
  } finally {
    await services.close(0);
  }
});
