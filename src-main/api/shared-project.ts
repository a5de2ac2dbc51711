/**
 * A project that several processes may have open. The first one executes its runs; the others view it, and the first that notices takes over when that process
 * has closed it.
 */
import { hostname } from "node:os";
import type { ProjectInfo, ProjectLeader } from "../../src-shared/domain/records/projects.ts";
import { isUserError } from "../lib/errors.ts";
import type { RunEvent, RunServices } from "../runs/run-services.ts";
import { leaderOf, openViewer } from "../runs/viewer/viewer-services.ts";
import { isStoreError } from "../store/database/store-error.ts";
import type { ProjectServices } from "./services/project-services.ts";
import type { StudioEvent } from "./services/session.ts";

/** How often a viewer checks whether the project can be taken over, in ms. */
const TAKE_OVER_MS = 1000;
/** How long queries that use the view may still take after taking over, in ms. */
const LINGER_MS = 10_000;

/**
 * Opens a project for executing its runs, or for viewing if another process executes them.
 * @param lead opens it for executing
 * @throws UserError as `lead`, except that another process may have the project open
 */
export async function openShared(folder: string, lead: (folder: string) => Promise<RunServices>): Promise<ProjectServices> {
  try {
    return new SharedProject(await lead(folder), lead, false);
  } catch (error) {
    if (!isUserError(error) || error.code !== "project-locked" || isOwn(leaderOf(folder))) throw error;
    return new SharedProject(openViewer(folder), lead, true);
  }
}

/** Processes in different containers may have the same pid. */
function isOwn(leader: ProjectLeader | null): boolean {
  return leader !== null && leader.pid === process.pid && leader.host === hostname();
}

/** Stores the draft and the settings that were changed in a view. */
function keepChanges({ settings: viewed }: RunServices["store"], { settings }: RunServices["store"]): void {
  try {
    for (const [key, value] of Object.entries(viewed.all())) if (JSON.stringify(settings.get(key)) !== JSON.stringify(value)) settings.set(key, value);
    const draft = viewed.draft();
    if (draft === null) settings.clearDraft();
    else if (draft.savedAt !== settings.draft()?.savedAt) settings.saveDraft(draft);
  } catch (error) {
    // A full disk must not keep the runs from being taken over; the page still has the draft.
    if (!isStoreError(error)) throw error;
  }
}

class SharedProject implements ProjectServices {
  readonly folder: string;
  private readonly lead: (folder: string) => Promise<RunServices>;
  private current: RunServices;
  private readonly listeners = new Set<(event: StudioEvent) => void>();
  private stopListening: () => void;
  private concurrency: number | null = null;
  private timer: NodeJS.Timeout | null = null;
  private viewing: boolean;
  /** Why taking over failed last; null if it was not tried, or another process was faster. */
  private obstacle: string | null = null;
  private closed: Promise<void> | null = null;
  private taking: Promise<void> = Promise.resolve();

  constructor(first: RunServices, lead: (folder: string) => Promise<RunServices>, viewing: boolean) {
    this.folder = first.folder;
    this.lead = lead;
    this.current = first;
    this.viewing = viewing;
    this.stopListening = first.onEvent((event) => this.tell(event));
    if (viewing) this.waitForTurn();
  }

  get store(): ProjectServices["store"] {
    return this.current.store;
  }

  get commands(): ProjectServices["commands"] {
    return this.current.commands;
  }

  info(): ProjectInfo {
    const info = this.current.info();
    const leader = this.viewing ? leaderOf(this.folder) : null;
    if (leader !== null) return { ...info, leader };
    return this.obstacle === null ? info : { ...info, notTakenOver: this.obstacle };
  }

  running(): readonly string[] {
    return this.current.running();
  }

  setConcurrency(count: number): void {
    this.concurrency = count;
    this.current.setConcurrency(count);
  }

  onEvent(listener: (event: StudioEvent) => void): () => void {
    this.listeners.add(listener);
    return () => {
      this.listeners.delete(listener);
    };
  }

  rename(name: string): Promise<void> {
    return this.current.rename(name);
  }

  close(graceMs: number): Promise<void> {
    this.closed ??= (async () => {
      if (this.timer !== null) clearTimeout(this.timer);
      await this.taking;
      await this.current.close(graceMs);
      this.stopListening();
    })();
    return this.closed;
  }

  private tell(event: StudioEvent | RunEvent): void {
    for (const listener of this.listeners) listener(event);
  }

  private waitForTurn(): void {
    if (this.closed !== null) return;
    this.timer = setTimeout(() => {
      this.taking = this.tryToLead();
    }, TAKE_OVER_MS);
    this.timer.unref();
  }

  private setObstacle(reason: string | null): void {
    if (reason === this.obstacle) return;
    this.obstacle = reason;
    this.tell({ name: "project.changed", payload: this.info() });
  }

  private async tryToLead(): Promise<void> {
    const before = this.current;
    try {
      if (leaderOf(this.folder) !== null) {
        this.setObstacle(null);
        return;
      }
      const led = await this.lead(this.folder);
      keepChanges(before.store, led.store);
      this.viewing = false;
      this.obstacle = null;
      this.stopListening();
      this.current = led;
      this.stopListening = led.onEvent((event) => this.tell(event));
      if (this.concurrency !== null) led.setConcurrency(this.concurrency);
      // A query may be reading the view.
      setTimeout(() => void before.close(0), LINGER_MS).unref();
      this.tell({ name: "project.changed", payload: this.info() });
      // Runs that the other process left as running are interrupted now.
      for (const run of led.store.runs.withStatus("interrupted", "queued", "running")) this.tell({ name: "run.changed", payload: run });
    } catch (error) {
      // Another viewer was faster, or the project cannot be opened for writing now: keep viewing, and say why.
      this.setObstacle(isUserError(error) && error.code === "project-locked" ? null : error instanceof Error ? error.message : String(error));
    } finally {
      if (this.viewing) this.waitForTurn();
    }
  }
}
