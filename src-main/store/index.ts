export type { CheckpointArtifact } from "./artifacts.ts";
export { createProject, isProjectFolder, openProject, postRequest, type Project, projectOwner, type ProjectView, viewProject } from "./project.ts";
export type { RunFacts } from "./runs.ts";
export type { NewRun, RunChange } from "./run-writer.ts";
export type { StoreReader, StoreWriter } from "./store.ts";
