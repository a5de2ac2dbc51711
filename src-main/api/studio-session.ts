/** One window's or browser's session: its project, its calls, its listeners. */
import { resolve } from "node:path";
import type { ProjectInfo } from "../../src-shared/domain/records/projects.ts";
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
  /** The session no longer holds this folder. */
  readonly released: (folder: string) => void;
  readonly ended: () => void;
}

export class Session implements StudioSession {
  readonly id: string;
  readonly #options: SessionOptions;
  readonly #sinks = new Set<EventSink>();
  readonly #projects: SessionProjects;
  #current: { readonly project: ProjectServices; readonly stopListening: () => void } | null = null;
  /** Changes of the project happen one after the other, whatever the page asks at once. */
  #changing: Promise<unknown> = Promise.resolve();

  constructor(options: SessionOptions) {
    this.id = options.id;
    this.#options = options;
    this.#projects = {
      open: (folder) => this.#replace(resolve(folder), () => options.open(resolve(folder))),
      create: (folder, name) => this.#replace(null, () => options.create(resolve(folder), name)),
      openSample: () => this.#replace(null, options.openSample),
      closeProject: () => this.#inTurn(() => this.#closeCurrent(true)),
    };
  }

  get project(): ProjectInfo | null {
    return this.#current?.project.info() ?? null;
  }

  /** Its project, for those who work on it. */
  get current(): ProjectServices | null {
    return this.#current?.project ?? null;
  }

  call(name: unknown, input: unknown): Promise<GateAnswer> {
    const { gate, host, studio } = this.#options;
    return gate(name, input, { studio, host, project: this.#current?.project ?? null, session: this.#projects });
  }

  listen(sink: EventSink): () => void {
    this.#sinks.add(sink);
    return () => {
      this.#sinks.delete(sink);
    };
  }

  command(id: string, argument?: string): void {
    this.tell({ name: "command", payload: argument === undefined ? { id } : { id, argument } });
  }

  runningRuns(): readonly string[] {
    return this.#current?.project.running() ?? [];
  }

  async open(folder: string): Promise<ProjectInfo> {
    return (await this.#projects.open(folder)).info();
  }

  async close(): Promise<void> {
    await this.#inTurn(() => this.#closeCurrent(false));
    this.#options.ended();
  }

  /** Hands an event to the listeners; live data only to those who asked for its run. */
  tell(event: StudioEvent): void {
    for (const sink of this.#sinks) {
      if (event.name === "run.live" && !sink.wants(event.payload.runId)) continue;
      try {
        sink.deliver(event);
      } catch (error) {
        this.#options.studio.log.error("A listener of events failed.", error instanceof Error ? (error.stack ?? error.message) : String(error));
      }
    }
  }

  /**
   * Opens another project first and closes the present one only when that went well.
   * @param opens the folder, where opening it again is no change
   */
  #replace(opens: string | null, open: () => Promise<ProjectServices>): Promise<ProjectServices> {
    return this.#inTurn(async () => {
      if (opens !== null && this.#current?.project.folder === opens) return this.#current.project;
      const project = await open();
      if (this.#current?.project === project) return project;
      await this.#closeCurrent(false);
      this.#current = { project, stopListening: project.onEvent((event) => this.tell(event)) };
      this.tell({ name: "project.changed", payload: project.info() });
      return project;
    });
  }

  async #closeCurrent(tell: boolean): Promise<void> {
    const current = this.#current;
    if (current === null) return;
    const { folder } = current.project;
    try {
      // Runs are heard until they have stopped.
      await current.project.close(this.#options.graceMs);
    } finally {
      this.#current = null;
      current.stopListening();
      this.#options.released(folder);
      this.#options.studio.log.info(`Project closed: ${folder}`);
      if (tell) this.tell({ name: "project.changed", payload: null });
    }
  }

  #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const result = this.#changing.then(work);
    this.#changing = result.catch(() => undefined);
    return result;
  }
}
