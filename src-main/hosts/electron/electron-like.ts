/** The parts of Electron that the host uses, with Electron's own types. Only main.ts imports the module itself. */
import type * as Electron from "electron";

export type ElectronLike = Pick<
  typeof Electron,
  | "app"
  | "BrowserWindow"
  | "Menu"
  | "Notification"
  | "dialog"
  | "ipcMain"
  | "nativeTheme"
  | "powerMonitor"
  | "powerSaveBlocker"
  | "protocol"
  | "screen"
  | "session"
  | "shell"
  | "utilityProcess"
>;
export type Window = Electron.BrowserWindow;
export type { Electron };
