export type { CheckpointArtifact } from "./artifacts.ts";
export { createProject, isProjectFolder, openProject, type Project, type ProjectView, postRequest, projectOwner, viewProject } from "./project.ts";
export type { NewRun, RunChange } from "./run-writer.ts";
export type { RunFacts } from "./runs.ts";
export type { StoreReader, StoreWriter } from "./store.ts";
