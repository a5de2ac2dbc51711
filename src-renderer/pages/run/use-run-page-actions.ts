import { type Ref, ref } from "vue";
import type { Router } from "vue-router";
import type { Architecture } from "../../../src-shared/domain/architecture/network.ts";
import { runConfigSchema } from "../../../src-shared/domain/config/run-config.ts";
import type { ExportSubject } from "../../../src-shared/domain/records/exports.ts";
import type { RunDetail } from "../../../src-shared/domain/records/run.ts";
import { call } from "../../bridge/studio.ts";
import { useRunActions } from "../../features/runs/run-actions.ts";
import { cellTrainingOf } from "./cell-training-of.ts";
import type { RunAction } from "./RunHeader.vue";

export interface NamedCell {
  readonly name: string;
  readonly architecture: Architecture;
}

export interface RunPageActions {
  act(action: RunAction): void;
  rename(name: string): Promise<void>;
  tag(tags: string[]): Promise<void>;
  /** Opens the form for a new run that trains these cells from scratch, with the training settings of this run or its pipeline. */
  train(from: RunDetail, cells: readonly NamedCell[]): Promise<void>;
  readonly renaming: Ref<boolean>;
  readonly tagging: Ref<boolean>;
  /** Subject of the open export dialog. */
  readonly exporting: Ref<ExportSubject | null>;
}

/** Actions of the buttons on the run page. */
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
      next: () =>
        router.push({ name: "new-run", query: target.kind === "ghn-training" || target.kind === "anytime-ghn" ? { ghn: target.id } : { source: target.id } }),
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

  async function train(from: RunDetail, cells: readonly NamedCell[]): Promise<void> {
    await actions.attempt("Could not prepare the training", async () => {
      const { dataset, network, compute, seed } = from.config;
      const source = { from: "cells" as const, cells: cells.map(({ name, architecture }) => ({ name, architecture })) };
      const training =
        cellTrainingOf(from.config) ?? (from.parentId === null ? null : cellTrainingOf((await call("runs.get", { runId: from.parentId })).config));
      const config = runConfigSchema.parse({ kind: "cell-training", seed, dataset, network, compute, source, ...(training === null ? {} : { training }) });
      const name = cells.length === 1 ? `Training of ${cells[0]?.name ?? "a cell"}` : `Training of ${cells.length} cells`;
      await call("draft.save", { config: JSON.parse(JSON.stringify(config)), name, clonedFrom: null });
      await router.push({ name: "new-run" });
    });
  }

  return {
    act,
    train,
    rename: (name) => update("Could not rename the run", { name }),
    tag: (tags) => update("Could not save the tags", { tags }),
    renaming,
    tagging,
    exporting,
  };
}
