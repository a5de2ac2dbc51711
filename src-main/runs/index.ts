export { type ChildExit, type ChildHandle, type ChildLauncher, type NodeLauncherOptions, nodeLauncher } from "./child/launcher.ts";
export type { RunEvents } from "./live/live.ts";
export { type OpenOptions, openProjectServices, type RunEvent, type RunServices } from "./project-services.ts";
export { RunSupervisor, type SupervisorOptions } from "./supervisor/supervisor.ts";
