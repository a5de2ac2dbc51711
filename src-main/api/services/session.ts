/** The interface between hosts and the studio. */
import type { EventMap, EventName } from "../../../src-shared/contract.ts";
import type { ProjectInfo } from "../../../src-shared/domain/records/projects.ts";
import type { GateAnswer } from "../gate/dispatch.ts";

/** One event with its payload: a union over all names. */
export type StudioEvent = { readonly [Name in EventName]: { readonly name: Name; readonly payload: EventMap[Name] } }[EventName];

/** An event listener of a session: a page, connection or window. */
export interface EventSink {
  deliver(event: StudioEvent): void;
  /** Whether this listener subscribed to the live data of a run. */
  wants(runId: string): boolean;
}

/** What a host provides to a window. */
export interface HostServices {
  readonly kind: "electron" | "web";
  /** Shows a native chooser; null when cancelled or not available. The chosen path is then allowed. */
  choose(request: { readonly kind: "folder" | "file" | "save"; readonly title: string; readonly defaultPath?: string | undefined }): Promise<string | null>;
  /** Shows a file in the system's file manager; false when not available. */
  reveal(path: string): Promise<boolean>;
  /** Address of a file for one download by the page; undefined if the page does not download because it runs on the same computer. */
  readonly download?: (path: string) => string;
  /** Opens an https address in the user's browser; false when not available. */
  openExternal(url: string): Promise<boolean>;
}

/** The session of one window (Electron) or one browser (web). It has at most one open project. */
export interface StudioSession {
  readonly id: string;
  readonly project: ProjectInfo | null;
  /** Executes a call of the contract; never rejects. */
  call(name: unknown, input: unknown): Promise<GateAnswer>;
  /** Adds a listener. @returns a function that removes it */
  listen(sink: EventSink): () => void;
  /** Sends a command of a menu or shortcut to the page. */
  command(id: string, argument?: string): void;
  /** Names of the runs of its project that are running. */
  runningRuns(): readonly string[];
  /** Opens a project in this session. @throws UserError as `project.open` does */
  open(folder: string): Promise<ProjectInfo>;
  /** Stops all runs with a checkpoint, waiting a minute at most, and closes the project. */
  close(): Promise<void>;
}

/** The studio as a host sees it. */
export interface StudioHost {
  createSession(services: HostServices): StudioSession;
  /** Lets windows use a path that the user named outside of the page: in a native dialog, by dropping it, or when starting the program. Remembered. */
  allowPath(path: string): Promise<void>;
  /** Stops all runs with a checkpoint and closes everything. */
  close(): Promise<void>;
}
