/** Opens projects on disk together with the supervisor that executes their runs. */

import type { ChildLauncher } from "../runs/child/launcher.ts";
import { openProjectServices } from "../runs/run-services.ts";
import { createProject, viewProject } from "../store/project/project.ts";
import type { ProjectOpener } from "./services/project-services.ts";
import { openShared } from "./shared-project.ts";

/** For windows: a project whose runs another process executes is opened for viewing. */
export function sharedProjectOpener(launcher: ChildLauncher): ProjectOpener {
  return { ...projectOpener(launcher), open: (folder) => openShared(folder, (path) => openProjectServices(path, { launcher })) };
}

export function projectOpener(launcher: ChildLauncher): ProjectOpener {
  return {
    open: async (folder) => openProjectServices(folder, { launcher }),
    create: async (folder, name, sample = false) => {
      createProject(folder, name, { sample }).close();
      return openProjectServices(folder, { launcher });
    },
    peek: async (folder) => {
      try {
        const view = viewProject(folder);
        try {
          const { name, runs } = view.info();
          return { name, runs };
        } finally {
          view.close();
        }
      } catch {
        // Damaged, too new or foreign: opening it reports the reason.
        return null;
      }
    },
  };
}
