import { useDebounceFn, watchDebounced } from "@vueuse/core";
import { type ComputedRef, computed, onScopeDispose, type Ref, ref, shallowRef, watch } from "vue";
import type { CallInput } from "../../../../src-shared/contract.ts";
import { type ConfigProblem, checkRunConfig, kindOf } from "../../../../src-shared/domain/config/check-config.ts";
import { valueAt, withValueAt } from "../../../../src-shared/domain/config/config-diff.ts";
import { type RunConfig, type RunKind, runConfigSchema } from "../../../../src-shared/domain/config/run-config.ts";
import type { RunEstimate } from "../../../../src-shared/domain/records/drafts.ts";
import { call } from "../../../bridge/studio.ts";
import { oneAtATime } from "../../../lib/one-at-a-time.ts";
import { DATASET_TITLES, KIND_TITLES } from "../../../lib/words.ts";
import { unchosen } from "../fields/field-words.ts";
import { type EditedConfig, PartsBox } from "./config-parts.ts";
import { changesFrom } from "./draft-changes.ts";

type Json = CallInput<"draft.save">["config"];

/** The run that the draft was cloned from. */
export interface Origin {
  readonly runId: string;
  readonly name: string;
  readonly config: RunConfig;
}

export interface DraftState {
  readonly config: Ref<EditedConfig>;
  readonly name: Ref<string>;
  readonly tags: Ref<readonly string[]>;
  readonly origin: Ref<Origin | null>;
  readonly ready: Ref<boolean>;
  readonly problems: ComputedRef<readonly ConfigProblem[]>;
  readonly estimate: Ref<RunEstimate | null>;
  readonly checking: Ref<boolean>;
  readonly checkError: Ref<unknown>;
  readonly savedAt: Ref<string | null>;
  readonly saveError: Ref<unknown>;
  /** Paths whose values differ from the cloned run, with the original values. */
  readonly changes: ComputedRef<ReadonlyMap<string, unknown>>;
  readonly defaultName: ComputedRef<string>;
  valueOf(path: string): unknown;
  set(path: string, value: unknown): void;
  replace(config: unknown, from?: Origin | null): void;
  setKind(kind: RunKind): void;
  check(): Promise<void>;
  saveNow(): Promise<void>;
}

/** The config being edited: validated on every change, saved automatically, compared with the run it was cloned from. */
export function useDraft(): DraftState {
  const box = new PartsBox();
  const config = shallowRef<EditedConfig>(box.as("pipeline"));
  const name = ref("");
  const tags = ref<readonly string[]>([]);
  const origin = shallowRef<Origin | null>(null);
  const ready = ref(false);
  const estimate = shallowRef<RunEstimate | null>(null);
  const answered = shallowRef<{ config: EditedConfig; problems: readonly ConfigProblem[] } | null>(null);
  const checking = ref(false);
  const checkError = ref<unknown>(null);
  const savedAt = ref<string | null>(null);
  const saveError = ref<unknown>(null);
  let unsaved = false;

  const local = computed(() => checkRunConfig(config.value));
  /** The main process also checks against the dataset; its problems apply as long as the config is the one it checked. */
  const problems = computed(() => {
    const found = new Map(local.value.map((problem) => [`${problem.path}|${problem.message}`, problem]));
    if (answered.value?.config === config.value)
      for (const problem of answered.value.problems)
        if (![...found.values()].some((own) => own.path === problem.path)) found.set(`${problem.path}|${problem.message}`, problem);
    return [...found.values()].map((problem) => ({ ...problem, message: unchosen(problem.path, valueAt(config.value, problem.path)) ?? problem.message }));
  });
  const changes = computed(() => {
    if (origin.value === null) return new Map<string, unknown>();
    const parsed = runConfigSchema.safeParse(config.value);
    return changesFrom(origin.value.config, parsed.success ? parsed.data : config.value);
  });
  const defaultName = computed(() => {
    const nodes = valueAt(config.value, "space.nodes");
    const dataset = String(valueAt(config.value, "dataset.id") ?? "");
    return [KIND_TITLES[config.value.kind], DATASET_TITLES[dataset] ?? dataset, ...(typeof nodes === "number" ? [`N = ${nodes}`] : [])].join(", ");
  });

  const check = oneAtATime(async () => {
    const checked = config.value;
    checking.value = true;
    try {
      const answer = await call("draft.check", { config: checked as unknown as Json });
      answered.value = { config: checked, problems: answer.problems };
      if (checked === config.value || answer.estimate !== null) estimate.value = answer.estimate;
      checkError.value = null;
    } catch (cause) {
      if (checked === config.value) checkError.value = cause;
    } finally {
      checking.value = checked !== config.value;
    }
  });

  async function saveNow(): Promise<void> {
    unsaved = false;
    try {
      await call("draft.save", { config: config.value as unknown as Json, name: name.value, tags: [...tags.value], clonedFrom: origin.value?.runId ?? null });
      savedAt.value = new Date().toISOString();
      saveError.value = null;
    } catch (cause) {
      saveError.value = cause;
    }
  }

  const saveSoon = useDebounceFn(() => (unsaved ? saveNow() : undefined), 500, { maxWait: 2000 });
  watch([config, name, tags, origin], () => {
    if (!ready.value) return;
    unsaved = true;
    void saveSoon();
  });
  watchDebounced([config, ready], () => ready.value && void check(), { debounce: 300, maxWait: 1500 });
  onScopeDispose(() => {
    if (unsaved && ready.value) void saveNow();
  });

  return {
    config,
    name,
    tags,
    origin,
    ready,
    problems,
    estimate,
    checking,
    checkError,
    savedAt,
    saveError,
    changes,
    defaultName,
    valueOf: (path) => valueAt(config.value, path),
    set(path, value) {
      config.value = withValueAt(config.value, path, value) as EditedConfig;
    },
    replace(next, from = null) {
      const kind = kindOf(next);
      if (kind === undefined) return;
      const parsed = runConfigSchema.safeParse(next);
      config.value = (parsed.success ? parsed.data : next) as EditedConfig;
      box.keep(config.value);
      origin.value = from;
    },
    setKind(kind) {
      if (kind === config.value.kind) return;
      box.keep(config.value);
      config.value = box.as(kind);
      origin.value = null;
    },
    check,
    saveNow,
  };
}
