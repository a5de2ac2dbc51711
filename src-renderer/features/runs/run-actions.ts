import type { Router } from "vue-router";
import { ACTIVE_STATUSES, RESUMABLE_STATUSES, type RunSummary } from "../../../src-shared/domain/records/run.ts";
import { call } from "../../bridge/studio.ts";
import { bytes } from "../../lib/format.ts";
import { useToasts } from "../../stores/toasts.ts";

export function isActive(run: RunSummary): boolean {
  return ACTIVE_STATUSES.includes(run.status);
}

export function canResume(run: RunSummary): boolean {
  return RESUMABLE_STATUSES.includes(run.status);
}

const PLURAL = new Intl.PluralRules("en");

export function runsInWords(count: number): string {
  return PLURAL.select(count) === "one" ? "1 run" : `${count.toLocaleString("en-GB")} runs`;
}

/** What can be done with runs; each says what went wrong in words, and offers the way back where there is one. */
export function useRunActions(router: Router): {
  attempt(what: string, work: () => Promise<unknown>): Promise<boolean>;
  trash(ids: readonly string[]): Promise<void>;
  archive(ids: readonly string[], archived: boolean): Promise<void>;
  restore(ids: readonly string[]): Promise<void>;
  purge(ids: readonly string[]): Promise<void>;
  star(run: RunSummary): Promise<boolean>;
  retry(run: RunSummary): Promise<void>;
  resume(run: RunSummary): Promise<boolean>;
  stop(run: RunSummary): Promise<boolean>;
  kill(run: RunSummary): Promise<boolean>;
  /** Opens the form with the config of a run; what is changed there is marked. */
  clone(run: RunSummary): Promise<void>;
} {
  const toasts = useToasts();

  async function attempt(what: string, work: () => Promise<unknown>): Promise<boolean> {
    try {
      await work();
      return true;
    } catch (cause) {
      toasts.error(what, cause);
      return false;
    }
  }

  async function restore(ids: readonly string[]): Promise<void> {
    await attempt("The runs could not be restored", () => call("runs.restore", { runIds: [...ids] }));
  }

  async function archive(ids: readonly string[], archived: boolean): Promise<void> {
    const done = await attempt("The runs could not be archived", () => call("runs.archive", { runIds: [...ids], archived }));
    if (done)
      toasts.push({
        kind: "info",
        title: `${runsInWords(ids.length)} ${archived ? "archived" : "back in the history"}`,
        action: { label: "Undo", run: () => void call("runs.archive", { runIds: [...ids], archived: !archived }) },
      });
  }

  return {
    attempt,
    restore,
    archive,
    async trash(ids) {
      const done = await attempt("The runs could not be moved to the trash", () => call("runs.trash", { runIds: [...ids] }));
      if (done) toasts.push({ kind: "info", title: `${runsInWords(ids.length)} moved to the trash`, action: { label: "Undo", run: () => void restore(ids) } });
    },
    async purge(ids) {
      await attempt("The runs could not be deleted", async () => {
        const answer = await call("runs.purge", { runIds: [...ids] });
        toasts.push({ kind: "good", title: `${runsInWords(ids.length)} deleted for good`, text: `${bytes(answer.bytes)} set free.` });
      });
    },
    star: (run) => attempt("The star could not be set", () => call("runs.update", { runId: run.id, starred: !run.starred })),
    async retry(run) {
      await attempt("The run could not be started again", async () => {
        const next = await call("runs.retry", { runId: run.id });
        await router.push({ name: "run", params: { runId: next.id } });
      });
    },
    resume: (run) => attempt("The run could not be resumed", () => call("runs.resume", { runId: run.id })),
    stop: (run) => attempt("The run could not be stopped", () => call("runs.stop", { runId: run.id })),
    kill: (run) => attempt("The run could not be killed", () => call("runs.kill", { runId: run.id })),
    async clone(run) {
      await router.push({ name: "new-run", query: { clone: run.id } });
    },
  };
}
