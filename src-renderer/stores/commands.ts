import { onScopeDispose, shallowReactive } from "vue";
import { useProject } from "./project.ts";

export interface Command {
  /** Stable id; menus of the host refer to it. */
  readonly id: string;
  readonly title: string;
  readonly group: "Go to" | "Project" | "Window" | "Page";
  /** Shortcut: "Ctrl+K", a sequence such as "G R", or a single key. */
  readonly keys?: string;
  readonly needsProject?: boolean;
  run(): void;
}

const registry = shallowReactive(new Map<string, Command>());

export function allCommands(): readonly Command[] {
  const open = useProject().current !== null;
  return [...registry.values()].filter((command) => open || command.needsProject !== true);
}

/** Runs a command by its id; an unknown id does nothing. */
export function executeCommand(id: string): void {
  registry.get(id)?.run();
}

/** Registers commands while the calling component is mounted. */
export function registerCommands(commands: readonly Command[]): void {
  for (const command of commands) registry.set(command.id, command);
  onScopeDispose(() => {
    for (const command of commands) if (registry.get(command.id) === command) registry.delete(command.id);
  });
}
