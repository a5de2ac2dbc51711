import { defineStore } from "pinia";
import { shallowRef } from "vue";
import { call, studio } from "../bridge/studio.ts";

export interface FolderRequest {
  readonly kind: "folder" | "file";
  readonly title: string;
  readonly confirm: string;
  readonly defaultPath?: string;
  /** A project is wanted: activating one chooses it. */
  readonly project?: true;
}

interface Pending extends FolderRequest {
  resolve(path: string | null): void;
}

/** Asks for a folder or a file, with the native dialog of the desktop or else with the built-in browser. */
export const useFolderChooser = defineStore("folder-chooser", () => {
  const pending = shallowRef<Pending | null>(null);

  async function choose(request: FolderRequest): Promise<string | null> {
    if (studio().host === "electron") {
      const { kind, title, defaultPath } = request;
      const answer = await call("system.choose", defaultPath === undefined ? { kind, title } : { kind, title, defaultPath });
      return answer?.path ?? null;
    }
    pending.value?.resolve(null);
    return new Promise((resolve) => {
      pending.value = { ...request, resolve };
    });
  }

  function answer(path: string | null): void {
    pending.value?.resolve(path);
    pending.value = null;
  }

  return { pending, choose, answer };
});
