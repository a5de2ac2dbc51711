import { defineStore } from "pinia";
import { ref } from "vue";
import type { ProjectInfo } from "../../src-shared/domain/records/projects.ts";
import { call, onEvent } from "../bridge/studio.ts";

export const useProject = defineStore("project", () => {
  const current = ref<ProjectInfo | null>(null);
  const loaded = ref(false);

  async function load(): Promise<void> {
    onEvent("project.changed", (project) => {
      current.value = project;
    });
    try {
      await refresh();
    } finally {
      loaded.value = true;
    }
  }

  /** Asks the host again, which may have been restarted with another project. */
  async function refresh(): Promise<void> {
    current.value = await call("project.current", {});
  }

  async function open(folder: string): Promise<void> {
    current.value = await call("project.open", { folder });
  }

  async function create(folder: string, name: string): Promise<void> {
    current.value = await call("project.create", { folder, name });
  }

  async function openSample(): Promise<void> {
    current.value = await call("project.openSample", {});
  }

  async function close(): Promise<void> {
    await call("project.close", {});
    current.value = null;
  }

  async function rename(name: string): Promise<void> {
    current.value = await call("project.rename", { name });
  }

  return { current, loaded, load, refresh, open, create, openSample, close, rename };
});
