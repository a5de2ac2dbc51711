export { createProject, isProjectFolder, openProject, type Project, type ProjectView, postRequest, projectOwner, viewProject } from "./project/project.ts";
export type { CheckpointArtifact } from "./records/artifacts.ts";
export type { NewRun, RunChange } from "./records/run-writer.ts";
export type { RunFacts } from "./records/runs.ts";
export type { StoreReader, StoreWriter } from "./store.ts";
