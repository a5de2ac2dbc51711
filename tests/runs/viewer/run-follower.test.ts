/** Following a project by its database: the events of a viewer. */
import { afterEach, describe, expect, it } from "vitest";
import { type FollowedEvent, RunFollower } from "../../../src-main/runs/viewer/run-follower.ts";
import { openViewer } from "../../../src-main/runs/viewer/viewer-services.ts";
import { type Project, type ProjectView, viewProject } from "../../../src-main/store/project/project.ts";
import { columns, newProject, newRun, range } from "../../store/support/store-support.ts";
import { older } from "../support/scripted.ts";

let project: Project;
let view: ProjectView;
let events: FollowedEvent[];
let follower: RunFollower;

function start(): void {
  view = viewProject(project.folder);
  events = [];
  follower = new RunFollower(view.store, (event) => events.push(event));
}

/** Events since the last look, with what matters of them. */
function look(): string[] {
  events.length = 0;
  follower.look();
  return events.map((event) => {
    if (event.name === "run.changed") return `changed ${event.payload.id} ${event.payload.status}`;
    if (event.name === "run.live")
      return `live ${event.payload.runId} ${event.payload.metrics.flatMap(({ step }) => step).join(",")} ${event.payload.logs.map(({ text }) => text).join(",")}`;
    if (event.name === "artifact.added") return `artifact ${event.payload.runId}`;
    return `${event.name} ${event.payload.runId}`;
  });
}

const log = (runId: string, text: string) => project.store.logs.append(runId, [{ time: new Date().toISOString(), level: "info", text }]);

afterEach(() => {
  view.close();
});

describe("a follower", () => {
  it("reports new runs from their start, known ones from the last look, and nothing twice", () => {
    project = newProject();
    const known = newRun(project);
    project.store.runs.begin(known);
    project.store.metrics.append(known, [columns("ghn/loss", range(1, 5))]);
    start();
    expect(look()).toEqual([]);
    project.store.metrics.append(known, [columns("ghn/loss", [6, 7])]);
    log(known, "hello");
    expect(look()).toEqual([`live ${known} 6,7 hello`, `changed ${known} running`]);
    expect(look()).toEqual([]);
    const fresh = newRun(project);
    project.store.runs.begin(fresh);
    project.store.metrics.append(fresh, [columns("ghn/loss", [1])]);
    expect(look()).toEqual([`live ${fresh} 1 `, `changed ${fresh} running`]);
  });

  it("reports the last points of a run together with its end, and then leaves it alone", () => {
    project = newProject();
    const run = newRun(project);
    project.store.runs.begin(run);
    start();
    project.store.metrics.append(run, [columns("ghn/loss", [1])]);
    project.store.runs.update(run, { status: "completed" });
    expect(look()).toEqual([`live ${run} 1 `, `changed ${run} completed`]);
    expect(look()).toEqual([]);
    project.store.runs.update(run, { starred: true });
    expect(look()).toEqual([`changed ${run} completed`]);
  });

  it("has the window read a resumed run again, whose points after the checkpoint were removed", () => {
    project = newProject();
    const run = newRun(project);
    project.store.runs.begin(run);
    project.store.metrics.append(run, [columns("ghn/loss", range(1, 9))]);
    project.store.runs.update(run, { status: "stopped" });
    start();
    project.store.runs.enqueue(run);
    expect(look()).toContain(`changed ${run} queued`);
    // As the supervisor does: the run counts as running before its process has read the checkpoint.
    project.store.runs.begin(run);
    expect(look()).toEqual([`changed ${run} running`]);
    project.store.metrics.truncate(run, { stepOfSeries: {}, step: 4 });
    expect(look()).not.toContain(`run.rewound ${run}`);
    project.store.metrics.append(run, [columns("ghn/loss", [5])]);
    expect(look()).toContain(`run.rewound ${run}`);
    project.store.metrics.append(run, [columns("ghn/loss", [6])]);
    expect(look()).toEqual([`live ${run} 6 `, `changed ${run} running`]);
  });

  it("reports removed and archived runs", () => {
    project = newProject();
    const [removed, archived] = [newRun(project), newRun(project)];
    for (const run of [removed, archived]) project.store.runs.update(run, { status: "completed" });
    start();
    project.store.runs.delete(removed);
    project.store.runs.update(archived, { archived: true });
    expect(look().sort()).toEqual([`changed ${archived} completed`, `run.removed ${removed}`]);
  });
});

it("a viewer repeats a run from before shortBatch existed as it was executed", () => {
  project = newProject();
  const run = project.store.runs.create({ name: "Older", config: older(), codeVersion: "1" });
  view = viewProject(project.folder);
  const viewer = openViewer(project.folder);
  const repeated = viewer.commands.retry(run);
  expect(project.store.runs.record(repeated.id)?.config).toMatchObject({ training: { shortBatch: "keep" } });
  return viewer.close(0);
});

it("a viewer asks the process that executes the runs, and keeps its own draft", () => {
  project = newProject();
  const run = newRun(project);
  project.store.runs.begin(run);
  view = viewProject(project.folder);
  const viewer = openViewer(project.folder);
  viewer.commands.stop(run);
  const { config } = viewer.commands.detail(run);
  const queued = viewer.commands.create("Queued", config, ["tag"]);
  expect(project.store.runs.get(queued.id)).toMatchObject({ name: "Queued", status: "queued", tags: ["tag"] });
  expect(project.store.requests.take()).toMatchObject([
    { type: "stop", runId: run },
    { type: "resume", runId: queued.id },
  ]);
  expect(() => viewer.commands.resume(run)).toThrow(/nothing to resume/);
  expect(() => viewer.commands.trash([run])).toThrow(/only that process can change it/);
  viewer.store.settings.saveDraft({ config: {}, name: "Draft", tags: [], clonedFrom: null });
  expect(viewer.store.settings.draft()?.name).toBe("Draft");
  expect(project.store.settings.draft()).toBeNull();
  return viewer.close(0);
});
