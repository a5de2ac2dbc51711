import { onScopeDispose, type Ref, ref } from "vue";
import type { EventMap } from "../../../src-shared/contract.ts";
import { DATASET_IDS, type DatasetId } from "../../../src-shared/domain/dataset-facts.ts";
import type { DatasetInfo } from "../../../src-shared/domain/records/dataset-info.ts";
import { call, onEvent } from "../../bridge/studio.ts";
import { type Loading, useLoad } from "../../lib/use-load.ts";
import { useToasts } from "../../stores/toasts.ts";

export type DownloadProgress = EventMap["dataset.progress"];

export interface Datasets extends Loading<readonly DatasetInfo[]> {
  /** Downloads that are running or have just failed, by dataset. */
  readonly downloads: Ref<ReadonlyMap<string, DownloadProgress>>;
  download(id: string): Promise<void>;
  cancel(id: string): Promise<void>;
}

export function datasetId(id: string): DatasetId | undefined {
  return DATASET_IDS.find((known) => known === id);
}

/** The datasets and their downloads. */
export function useDatasets(): Datasets {
  const loading = useLoad(() => call("datasets.list", {}));
  const downloads = ref<ReadonlyMap<string, DownloadProgress>>(new Map());
  const toasts = useToasts();

  function note(progress: DownloadProgress): void {
    const next = new Map(downloads.value);
    if (progress.state === "running" || progress.state === "failed") next.set(progress.id, progress);
    else next.delete(progress.id);
    downloads.value = next;
    if (progress.state !== "running") void loading.reload();
  }

  async function download(id: string): Promise<void> {
    const known = datasetId(id);
    if (known === undefined) return;
    note({ id, receivedBytes: 0, totalBytes: null, state: "running", message: "Contacting the server…" });
    try {
      await call("datasets.download", { id: known });
    } catch (cause) {
      const next = new Map(downloads.value);
      next.delete(id);
      downloads.value = next;
      toasts.error("Could not start the download", cause);
    }
  }

  async function cancel(id: string): Promise<void> {
    const known = datasetId(id);
    if (known === undefined) return;
    try {
      await call("datasets.cancelDownload", { id: known });
    } catch (cause) {
      toasts.error("Could not cancel the download", cause);
    }
  }

  onScopeDispose(onEvent("dataset.progress", note));
  return { ...loading, downloads, download, cancel };
}
