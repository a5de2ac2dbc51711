/** A project that another process executes: everything can be seen live, and runs can be queued, stopped, killed and resumed by asking that process. */
import type { Draft } from "../../../src-shared/domain/records/drafts.ts";
import type { ProjectLeader } from "../../../src-shared/domain/records/projects.ts";
import { ACTIVE_STATUSES, RESUMABLE_STATUSES, type RunSummary } from "../../../src-shared/domain/records/run.ts";
import { withAbsolutePaths } from "../../config/absolute-paths.ts";
import { packageVersion } from "../../config/version.ts";
import { UserError } from "../../lib/errors.ts";
import { isStoreError } from "../../store/database/store-error.ts";
import { postRequest, postRun, projectHolder, viewProject } from "../../store/project/project.ts";
import type { SettingsReader, SettingsWriter } from "../../store/records/settings.ts";
import type { RunEvent, RunServices } from "../run-services.ts";
import { existingRun, runDetail } from "../supervisor/run-detail.ts";
import { RunFollower } from "./run-follower.ts";

const LOOK_MS = 250;

/**
 * Opens a project for viewing.
 * @throws UserError as {@link viewProject}
 */
export function openViewer(folder: string): RunServices {
  const view = viewProject(folder);
  const listeners = new Set<(event: RunEvent) => void>();
  const follower = new RunFollower(view.store, (event) => {
    for (const listener of listeners) listener(event);
  });
  let version = -1;
  const timer = setInterval(() => {
    try {
      const now = view.version();
      if (now === version) return;
      follower.look();
      version = now;
    } catch (error) {
      // Busy, or being closed by the other process: the next look reads the same again.
      if (!isStoreError(error)) throw error;
    }
  }, LOOK_MS);
  timer.unref();

  const ask = (type: "stop" | "kill" | "resume", run: RunSummary): void => {
    if (!postRequest(view.folder, type, run.id)) throw leaderGone();
  };
  const end = (type: "stop" | "kill", runId: string): void => {
    const run = existingRun(view.store, runId);
    if (!ACTIVE_STATUSES.includes(run.status))
      throw new UserError(`The run ${run.name} is ${run.status}, not running.`, {
        code: "run-not-active",
        remedy: "Only running and queued runs can be stopped.",
      });
    ask(type, run);
  };
  const create: RunServices["commands"]["create"] = (name, config, tags = []) => {
    const runId = postRun(view.folder, { name, config: withAbsolutePaths(config), codeVersion: packageVersion(), tags });
    if (runId === null) throw leaderGone();
    return runDetail(view.store, runId);
  };
  const refuse = (): never => {
    const leader = projectHolder(view.folder);
    throw new UserError(
      `This project is executed by ${leader === null ? "another process" : `process ${leader.pid} on ${leader.host}`}, and only that process can change it in this way.`,
      {
        code: "project-viewed",
        remedy: "Do it there, or end that process; this window then takes over.",
        file: view.folder,
      },
    );
  };
  return {
    folder: view.folder,
    info: () => view.info(),
    store: { ...view.store, settings: new TemporarySettings(view.store.settings) },
    commands: {
      detail: (runId) => runDetail(view.store, runId),
      create,
      stop: (runId) => end("stop", runId),
      kill: (runId) => end("kill", runId),
      resume: (runId) => {
        const run = existingRun(view.store, runId);
        if (!RESUMABLE_STATUSES.includes(run.status))
          throw new UserError(`The run ${run.name} is ${run.status}; there is nothing to resume.`, {
            code: "run-not-resumable",
            remedy: "Only stopped, interrupted or failed runs can be resumed.",
          });
        ask("resume", run);
      },
      retry: (runId) => {
        const { name, config, tags } = runDetail(view.store, runId);
        return create(name, config, tags);
      },
      reorderQueue: refuse,
      update: refuse,
      archive: refuse,
      trash: refuse,
      restore: refuse,
      purge: async () => refuse(),
    },
    running: () => [],
    setConcurrency: () => undefined,
    onEvent(listener) {
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
      };
    },
    rename: async () => refuse(),
    async close() {
      clearInterval(timer);
      view.close();
    },
  };
}

/** The process that executes the runs of a project; null if there is none. */
export function leaderOf(folder: string): ProjectLeader | null {
  const holder = projectHolder(folder);
  return holder === null ? null : { pid: holder.pid, host: holder.host };
}

function leaderGone(): UserError {
  return new UserError("The process that executed the runs of this project has just ended.", {
    code: "leader-gone",
    remedy: "This window is taking over. Try again in a moment.",
  });
}

/** Settings of a viewer: its changes, such as the draft of a run, are kept until it is closed. */
class TemporarySettings implements SettingsWriter {
  private readonly stored: SettingsReader;
  private readonly changed = new Map<string, unknown>();
  private ownDraft: Draft | null | undefined;

  constructor(stored: SettingsReader) {
    this.stored = stored;
  }

  get(key: string): unknown {
    return this.changed.has(key) ? this.changed.get(key) : this.stored.get(key);
  }

  all(): Record<string, unknown> {
    return Object.fromEntries(Object.entries({ ...this.stored.all(), ...Object.fromEntries(this.changed) }).filter(([, value]) => value !== undefined));
  }

  draft(): Draft | null {
    return this.ownDraft === undefined ? this.stored.draft() : this.ownDraft;
  }

  set(key: string, value: unknown): void {
    this.changed.set(key, value);
  }

  saveDraft(draft: Omit<Draft, "savedAt">): void {
    this.ownDraft = { ...draft, savedAt: new Date().toISOString() };
  }

  clearDraft(): void {
    this.ownDraft = null;
  }
}
