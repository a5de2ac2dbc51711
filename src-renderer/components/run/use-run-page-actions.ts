import { ref, type Ref } from "vue";
import type { Router } from "vue-router";
import type { ExportSubject } from "../../../src-shared/contract.ts";
import type { RunDetail } from "../../../src-shared/domain/run.ts";
import { call } from "../../bridge/studio.ts";
import { useRunActions } from "../runs/run-actions.ts";
import type { RunAction } from "./RunHeader.vue";

export interface RunPageActions {
  act(action: RunAction): void;
  rename(name: string): Promise<void>;
  tag(tags: string[]): Promise<void>;
  readonly renaming: Ref<boolean>;
  readonly tagging: Ref<boolean>;
  /** What the export dialog is open for. */
  readonly exporting: Ref<ExportSubject | null>;
}

/** What the buttons of the run page do. */
export function useRunPageActions(run: Ref<RunDetail | null>, router: Router): RunPageActions {
  const actions = useRunActions(router);
  const renaming = ref(false);
  const tagging = ref(false);
  const exporting = ref<ExportSubject | null>(null);

  async function trash(target: RunDetail): Promise<void> {
    await actions.trash([target.id]);
    await router.push({ name: "runs" });
  }

  function act(action: RunAction): void {
    const target = run.value;
    if (target === null) return;
    const work: Readonly<Record<RunAction, () => unknown>> = {
      stop: () => actions.stop(target),
      kill: () => actions.kill(target),
      resume: () => actions.resume(target),
      retry: () => actions.retry(target),
      clone: () => actions.clone(target),
      star: () => actions.star(target),
      archive: () => actions.archive([target.id], !target.archived),
      trash: () => trash(target),
      compare: () => router.push({ name: "compare", query: { runs: target.id } }),
      export: () => (exporting.value = { type: "run", runId: target.id }),
      rename: () => (renaming.value = true),
      tags: () => (tagging.value = true),
    };
    void work[action]();
  }

  async function update(what: string, part: { name: string } | { tags: string[] }): Promise<void> {
    const target = run.value;
    if (target !== null) await actions.attempt(what, () => call("runs.update", { runId: target.id, ...part }));
  }

  return { act, rename: (name) => update("The run could not be renamed", { name }), tag: (tags) => update("The tags could not be saved", { tags }), renaming, tagging, exporting };
}
