import { useEventListener } from "@vueuse/core";
import { onScopeDispose, type Ref } from "vue";
import { type Router, useRouter } from "vue-router";
import { onEvent, webSession } from "../bridge/studio.ts";
import { copyText } from "../lib/files.ts";
import { allCommands, type Command, executeCommand, registerCommands } from "../stores/commands.ts";
import { useSideBar } from "../stores/preferences/side-bar.ts";
import { useTheme } from "../stores/preferences/theme.ts";
import { useProject } from "../stores/project.ts";
import { useToasts } from "../stores/toasts.ts";

function globalCommands(router: Router, palette: Ref<boolean>): Command[] {
  const go = (name: string): void => {
    void router.push({ name });
  };
  const copyLinkCommand: Command = { id: "copy-link", title: "Copy a link for another browser", group: "Window", run: () => void copyLink() };
  return [
    { id: "palette", title: "Command palette", group: "Window", keys: "Ctrl+K", run: () => (palette.value = true) },
    { id: "go-runs", title: "Runs", group: "Go to", keys: "G R", needsProject: true, run: () => go("runs") },
    { id: "new-run", title: "New run", group: "Go to", keys: "N", needsProject: true, run: () => go("new-run") },
    { id: "go-compare", title: "Compare", group: "Go to", keys: "G C", needsProject: true, run: () => go("compare") },
    { id: "go-cells", title: "Cells", group: "Go to", keys: "G E", needsProject: true, run: () => go("cells") },
    { id: "go-datasets", title: "Datasets", group: "Go to", keys: "G D", needsProject: true, run: () => go("datasets") },
    { id: "settings", title: "Settings", group: "Go to", keys: "Ctrl+,", run: () => go("settings") },
    { id: "help", title: "Help and shortcuts", group: "Go to", keys: "?", run: () => go("help") },
    { id: "open-project", title: "Open another project", group: "Project", run: () => go("welcome") },
    { id: "close-project", title: "Close project", group: "Project", needsProject: true, run: () => void useProject().close() },
    { id: "side-bar", title: "Collapse or expand the side bar", group: "Window", keys: "Ctrl+B", needsProject: true, run: () => useSideBar().toggle() },
    { id: "theme", title: "Change theme: dark, light, system", group: "Window", run: () => useTheme().next() },
    ...(webSession() === null ? [] : [copyLinkCommand]),
  ];
}

/** Copies a one-time link that signs in another browser. */
async function copyLink(): Promise<void> {
  const toasts = useToasts();
  try {
    const link = (await webSession()?.newLink()) ?? "";
    if (await copyText(link)) toasts.push({ kind: "good", title: "Link copied", text: "It works once, within 10 minutes." });
    else toasts.push({ kind: "info", title: "Open this link in the other browser", text: link });
  } catch (cause) {
    toasts.error("Could not create a link", cause);
  }
}

/** Registers the global commands and runs them from shortcuts and from the menus of the host. */
export function useWindowCommands(palette: Ref<boolean>): void {
  const router = useRouter();
  registerCommands(globalCommands(router, palette));
  let prefix = "";
  let prefixAt = 0;

  useEventListener(window, "keydown", (event: KeyboardEvent) => {
    if (event.defaultPrevented || event.isComposing || event.altKey) return;
    const modified = event.ctrlKey || event.metaKey;
    const key = event.key.length === 1 ? event.key.toUpperCase() : event.key;
    if (!modified && isTyping(event.target)) return;
    if (!modified && document.querySelector('[role="dialog"], [role="menu"], [role="listbox"]') !== null) return;
    const pressed = modified ? `Ctrl+${key}` : key;
    const sequence = !modified && prefix !== "" && event.timeStamp - prefixAt < 1200 ? `${prefix} ${pressed}` : pressed;
    prefix = modified ? "" : pressed;
    prefixAt = event.timeStamp;
    const command = allCommands().find((entry) => entry.keys === sequence) ?? allCommands().find((entry) => entry.keys === pressed);
    if (command === undefined) return;
    event.preventDefault();
    prefix = "";
    command.run();
  });

  onScopeDispose(
    onEvent("command", ({ id, argument }) => {
      if (id === "open-run" && argument !== undefined) void router.push({ name: "run", params: { runId: argument } });
      else if (id === "open-folder" && argument !== undefined) void useProject().open(argument);
      else executeCommand(id);
    }),
  );
}

function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName)) &&
    !(target instanceof HTMLInputElement && ["checkbox", "radio", "range"].includes(target.type))
  );
}
