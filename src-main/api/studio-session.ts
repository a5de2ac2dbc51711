/** The session of one window or browser: its project, its calls, its listeners. */
import { resolve } from "node:path";
import type { ProjectInfo } from "../../src-shared/domain/records/projects.ts";
import { isStoreError } from "../store/database/store-error.ts";
import type { Gate, GateAnswer } from "./gate/dispatch.ts";
import type { CallContext, SessionProjects } from "./services/call-context.ts";
import type { ProjectServices } from "./services/project-services.ts";
import type { EventSink, HostServices, StudioEvent, StudioSession } from "./services/session.ts";
import type { StudioServices } from "./services/studio-services.ts";

export interface SessionOptions {
  readonly id: string;
  readonly gate: Gate<CallContext>;
  readonly host: HostServices;
  readonly studio: StudioServices;
  /** How long runs may take to write their checkpoints, in ms. */
  readonly graceMs: number;
  readonly open: (folder: string) => Promise<ProjectServices>;
  readonly create: (folder: string, name: string) => Promise<ProjectServices>;
  readonly openSample: () => Promise<ProjectServices>;
  /** Called when the session has released a folder. */
  readonly released: (folder: string) => void;
  readonly ended: () => void;
}

export class Session implements StudioSession {
  readonly id: string;
  private readonly options: SessionOptions;
  private readonly sinks = new Set<EventSink>();
  private readonly projects: SessionProjects;
  private opened: { readonly project: ProjectServices; readonly stopListening: () => void } | null = null;
  /** Serialises changes of the project, whatever the page requests concurrently. */
  private changing: Promise<unknown> = Promise.resolve();

  constructor(options: SessionOptions) {
    this.id = options.id;
    this.options = options;
    this.projects = {
      open: (folder) => this.replace(resolve(folder), () => options.open(resolve(folder))),
      create: (folder, name) => this.replace(null, () => options.create(resolve(folder), name)),
      openSample: () => this.replace(null, options.openSample),
      closeProject: () => this.inTurn(() => this.closeCurrent(true)),
    };
  }

  get project(): ProjectInfo | null {
    return this.opened?.project.info() ?? null;
  }

  /** The open project. */
  get current(): ProjectServices | null {
    return this.opened?.project ?? null;
  }

  async call(name: unknown, input: unknown): Promise<GateAnswer> {
    const { gate, host, studio } = this.options;
    const project = this.current;
    const known = project?.store.damage.count ?? 0;
    const answer = await gate(name, input, { studio, host, project, session: this.projects });
    if (project !== null && project === this.current && project.store.damage.count > known) this.tellDamage(project);
    return answer;
  }

  /** Damaged records are found by reading them; the page shows them with the project. */
  private tellDamage(project: ProjectServices): void {
    try {
      this.tell({ name: "project.changed", payload: project.info() });
    } catch (error) {
      // The answer of the call counts; the next call tells it again.
      if (!isStoreError(error)) throw error;
    }
  }

  listen(sink: EventSink): () => void {
    this.sinks.add(sink);
    return () => {
      this.sinks.delete(sink);
    };
  }

  command(id: string, argument?: string): void {
    this.tell({ name: "command", payload: argument === undefined ? { id } : { id, argument } });
  }

  runningRuns(): readonly string[] {
    return this.opened?.project.running() ?? [];
  }

  async open(folder: string): Promise<ProjectInfo> {
    return (await this.projects.open(folder)).info();
  }

  async close(): Promise<void> {
    await this.inTurn(() => this.closeCurrent(false));
    this.options.ended();
  }

  /** Delivers an event to the listeners; live data only to those that subscribed to the run. */
  tell(event: StudioEvent): void {
    for (const sink of this.sinks) {
      if (event.name === "run.live" && !sink.wants(event.payload.runId)) continue;
      try {
        sink.deliver(event);
      } catch (error) {
        this.options.studio.log.error("An event listener failed.", error instanceof Error ? (error.stack ?? error.message) : String(error));
      }
    }
  }

  /**
   * Opens another project and then closes the current one, only if that succeeded.
   * @param opens the folder; if it is already open, nothing changes
   */
  private replace(opens: string | null, open: () => Promise<ProjectServices>): Promise<ProjectServices> {
    return this.inTurn(async () => {
      if (opens !== null && this.opened?.project.folder === opens) return this.opened.project;
      const project = await open();
      if (this.opened?.project === project) return project;
      await this.closeCurrent(false);
      this.opened = { project, stopListening: project.onEvent((event) => this.tell(event)) };
      this.tell({ name: "project.changed", payload: project.info() });
      return project;
    });
  }

  private async closeCurrent(tell: boolean): Promise<void> {
    const current = this.opened;
    if (current === null) return;
    const { folder } = current.project;
    try {
      // Events of runs are delivered until they have stopped.
      await current.project.close(this.options.graceMs);
    } finally {
      this.opened = null;
      current.stopListening();
      this.options.released(folder);
      this.options.studio.log.info(`Project closed: ${folder}`);
      if (tell) this.tell({ name: "project.changed", payload: null });
    }
  }

  private inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const result = this.changing.then(work);
    this.changing = result.catch(() => undefined);
    return result;
  }
}
