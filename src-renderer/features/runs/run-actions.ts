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

/** Actions on runs. Each reports its errors as a toast and offers Undo where possible. */
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
  /** Opens the form with the config of a run; changes are highlighted there. */
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
    await attempt("Could not restore the runs", () => call("runs.restore", { runIds: [...ids] }));
  }

  async function archive(ids: readonly string[], archived: boolean): Promise<void> {
    const done = await attempt("Could not archive the runs", () => call("runs.archive", { runIds: [...ids], archived }));
    if (done)
      toasts.push({
        kind: "info",
        title: `${runsInWords(ids.length)} ${archived ? "archived" : "unarchived"}`,
        action: { label: "Undo", run: () => void call("runs.archive", { runIds: [...ids], archived: !archived }) },
      });
  }

  return {
    attempt,
    restore,
    archive,
    async trash(ids) {
      const done = await attempt("Could not move the runs to the trash", () => call("runs.trash", { runIds: [...ids] }));
      if (done) toasts.push({ kind: "info", title: `${runsInWords(ids.length)} moved to the trash`, action: { label: "Undo", run: () => void restore(ids) } });
    },
    async purge(ids) {
      await attempt("Could not delete the runs", async () => {
        const answer = await call("runs.purge", { runIds: [...ids] });
        toasts.push({ kind: "good", title: `${runsInWords(ids.length)} deleted`, text: `${bytes(answer.bytes)} freed.` });
      });
    },
    star: (run) => attempt("Could not star the run", () => call("runs.update", { runId: run.id, starred: !run.starred })),
    async retry(run) {
      await attempt("Could not rerun", async () => {
        const next = await call("runs.retry", { runId: run.id });
        await router.push({ name: "run", params: { runId: next.id } });
      });
    },
    resume: (run) => attempt("Could not resume the run", () => call("runs.resume", { runId: run.id })),
    stop: (run) => attempt("Could not stop the run", () => call("runs.stop", { runId: run.id })),
    kill: (run) => attempt("Could not kill the run", () => call("runs.kill", { runId: run.id })),
    async clone(run) {
      await router.push({ name: "new-run", query: { clone: run.id } });
    },
  };
}
