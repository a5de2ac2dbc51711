/** The native menu. Its items send the commands of the window's palette, so that there is one list of actions. */
import type { Electron } from "./electron-like.ts";

export interface MenuContext {
  readonly platform: NodeJS.Platform;
  readonly appName: string;
  readonly packaged: boolean;
  readonly recent: readonly { readonly folder: string; readonly name: string }[];
  /** Sends a command to the focused window. */
  readonly command: (id: string, argument?: string) => void;
  readonly newWindow: () => void;
  readonly openFolder: () => void;
  readonly openRecent: (folder: string) => void;
  readonly clearRecent: () => void;
  readonly openExternal: (url: string) => void;
}

type Item = Electron.MenuItemConstructorOptions;
const SEPARATOR: Item = { type: "separator" };

/** The menu as an Electron template. Pure. */
export function menuTemplate(context: MenuContext): Item[] {
  const mac = context.platform === "darwin";
  const send = (id: string, label: string, accelerator?: string): Item => ({
    id,
    label,
    click: () => context.command(id),
    ...(accelerator === undefined ? {} : { accelerator }),
  });
  const settings = send("settings", "Settings…", "CmdOrCtrl+,");
  const recent: Item = {
    id: "recent",
    label: "Open Recent",
    enabled: context.recent.length > 0,
    submenu: [
      ...context.recent
        .slice(0, 10)
        .map((project): Item => ({ label: `${project.name} (${project.folder})`, click: () => context.openRecent(project.folder) })),
      SEPARATOR,
      { label: "Clear Recent", click: context.clearRecent },
    ],
  };
  const appMenu: Item = {
    label: context.appName,
    submenu: [
      { role: "about" },
      SEPARATOR,
      settings,
      SEPARATOR,
      { role: "services" },
      SEPARATOR,
      { role: "hide" },
      { role: "hideOthers" },
      { role: "unhide" },
      SEPARATOR,
      { role: "quit" },
    ],
  };
  return [
    ...(mac ? [appMenu] : []),
    {
      label: "&File",
      submenu: [
        { id: "new-window", label: "New Window", accelerator: "CmdOrCtrl+Shift+N", click: context.newWindow },
        { id: "open-folder", label: "Open Project…", accelerator: "CmdOrCtrl+O", click: context.openFolder },
        recent,
        SEPARATOR,
        send("new-run", "New Run", "CmdOrCtrl+N"),
        SEPARATOR,
        send("close-project", "Close Project"),
        ...(mac ? [] : [settings]),
        SEPARATOR,
        mac ? { role: "close" } : { role: "quit", accelerator: "Ctrl+Q" },
      ],
    },
    {
      label: "&Edit",
      submenu: [{ role: "undo" }, { role: "redo" }, SEPARATOR, { role: "cut" }, { role: "copy" }, { role: "paste" }, { role: "delete" }, { role: "selectAll" }],
    },
    {
      label: "&View",
      submenu: [
        send("palette", "Command Palette…", "CmdOrCtrl+K"),
        SEPARATOR,
        send("go-runs", "Runs", "CmdOrCtrl+1"),
        send("go-compare", "Compare", "CmdOrCtrl+2"),
        send("go-cells", "Cells", "CmdOrCtrl+3"),
        send("go-datasets", "Datasets", "CmdOrCtrl+4"),
        SEPARATOR,
        send("theme", "Change Theme"),
        { role: "resetZoom" },
        { role: "zoomIn" },
        { role: "zoomOut" },
        { role: "togglefullscreen" },
        ...(context.packaged ? [] : [SEPARATOR, { role: "reload" } as Item, { role: "toggleDevTools" } as Item]),
      ],
    },
    {
      label: "&Window",
      role: "window",
      submenu: [
        { role: "minimize" },
        ...(mac ? [{ role: "zoom" } as Item, SEPARATOR, { role: "front" } as Item] : [{ role: "close", accelerator: "Ctrl+W" } as Item]),
      ],
    },
    {
      label: "&Help",
      role: "help",
      submenu: [
        send("help", "Help and Shortcuts", "F1"),
        { id: "paper", label: "The Paper (arXiv 1810.05749)", click: () => context.openExternal("https://arxiv.org/abs/1810.05749") },
      ],
    },
  ];
}
