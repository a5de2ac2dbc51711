/** What a host needs of the studio and what the studio needs of a host. */
import type { EventMap, EventName } from "../../../src-shared/contract.ts";
import type { ProjectInfo } from "../../../src-shared/domain/records/projects.ts";
import type { GateAnswer } from "../gate/dispatch.ts";

/** One event with its payload, as a union over all names. */
export type StudioEvent = { readonly [Name in EventName]: { readonly name: Name; readonly payload: EventMap[Name] } }[EventName];

/** A listener of one session: one page, connection or window. */
export interface EventSink {
  deliver(event: StudioEvent): void;
  /** Whether this listener asked for the live data of a run. */
  wants(runId: string): boolean;
}

/** What a host can do for a window. */
export interface HostServices {
  readonly kind: "electron" | "web";
  /** Shows a native chooser; null when cancelled or when the host has none. */
  choose(request: { readonly kind: "folder" | "file" | "save"; readonly title: string; readonly defaultPath?: string | undefined }): Promise<string | null>;
  /** Shows a file in the system's file manager; false when the host cannot. */
  reveal(path: string): Promise<boolean>;
  /** Opens an https address in the person's browser; false when the host cannot. */
  openExternal(url: string): Promise<boolean>;
  /** True when the window may read and write any path (a person chose it in a native dialog); false keeps paths inside the roots. */
  readonly anyPath: boolean;
}

/** One window's (Electron) or one browser's (web) view of the studio; it has one project open or none. */
export interface StudioSession {
  readonly id: string;
  readonly project: ProjectInfo | null;
  /** Answers a call of the contract; never rejects. */
  call(name: unknown, input: unknown): Promise<GateAnswer>;
  /** Adds a listener; the answer removes it. */
  listen(sink: EventSink): () => void;
  /** Sends a command of a menu or shortcut to the session's page. */
  command(id: string, argument?: string): void;
  /** Names of the runs of its project that have a process now. */
  runningRuns(): readonly string[];
  /** Opens a project in this session. Throws a UserError as `project.open` does. */
  open(folder: string): Promise<ProjectInfo>;
  /** Asks all runs to stop with a checkpoint, waits for them (a minute at most), closes the project. */
  close(): Promise<void>;
}

/** The studio as a host sees it. */
export interface StudioHost {
  createSession(services: HostServices): StudioSession;
  /** Stops all runs with a checkpoint and closes everything. */
  close(): Promise<void>;
}
