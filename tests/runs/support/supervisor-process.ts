/** A process with a project and its supervisor, which starts a run and reports when it has made progress. */
import { RunSupervisor } from "../../../src-main/runs/supervisor/supervisor.ts";
import { openProject } from "../../../src-main/store/project/project.ts";
import { config, ScriptedLauncher } from "./scripted.ts";

const [folder = "", script = "complete"] = process.argv.slice(2);
const project = openProject(folder);
const supervisor = new RunSupervisor({ project, launcher: new ScriptedLauncher(script), version: "1.0.0", dataFolders: [] });
supervisor.start();
const { id } = supervisor.create("Orphaned", config({ kind: "pipeline" }));
supervisor.create("Waiting", config());
supervisor.events.on("run.changed", (run) => {
  if (run.parentId === id && run.metrics["ghn/loss"]?.count === 15) process.send?.({ id, stage: run.id, child: project.store.runs.record(run.id)?.processId });
});
