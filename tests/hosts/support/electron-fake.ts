/** The parts of Electron that the host uses; they record calls. */
import { EventEmitter } from "node:events";
import type { ElectronLike } from "../../../src-main/hosts/electron/electron-like.ts";

export class FakeFrame {
  readonly parent: FakeFrame | null;
  url: string;
  constructor(url: string, parent: FakeFrame | null = null) {
    this.url = url;
    this.parent = parent;
  }
}

let nextId = 1;

export class FakeContents extends EventEmitter {
  readonly id = nextId++;
  readonly sent: unknown[][] = [];
  mainFrame = new FakeFrame("app://studio/");
  windowOpen: ((details: { url: string }) => { action: string }) | null = null;
  reloads = 0;
  destroyed = false;
  send(...message: unknown[]): void {
    this.sent.push(message);
  }
  isDestroyed(): boolean {
    return this.destroyed;
  }
  setWindowOpenHandler(handler: (details: { url: string }) => { action: string }): void {
    this.windowOpen = handler;
  }
  reload(): void {
    this.reloads++;
  }
}

export class FakeWindow extends EventEmitter {
  static all: FakeWindow[] = [];
  static app: FakeApp;
  readonly options: Record<string, unknown> & { webPreferences: Record<string, unknown> };
  readonly webContents = new FakeContents();
  url = "";
  title = "";
  focused = false;
  shown = false;
  destroyed = false;
  maximized = false;
  progress = -1;
  bounds: { x: number; y: number; width: number; height: number };
  constructor(options: FakeWindow["options"] & { x: number; y: number; width: number; height: number }) {
    super();
    this.options = options;
    const { x, y, width, height } = options;
    this.bounds = { x, y, width, height };
    FakeWindow.all.push(this);
    FakeWindow.app.emit("web-contents-created", {}, this.webContents);
  }
  loadURL(url: string): Promise<void> {
    this.url = url;
    this.emit("ready-to-show");
    return Promise.resolve();
  }
  show(): void {
    this.shown = true;
  }
  focus(): void {
    for (const other of FakeWindow.all) other.focused = false;
    this.focused = true;
    this.emit("focus");
  }
  isFocused(): boolean {
    return this.focused;
  }
  isMinimized(): boolean {
    return false;
  }
  restore(): void {}
  maximize(): void {
    this.maximized = true;
  }
  isMaximized(): boolean {
    return this.maximized;
  }
  getNormalBounds(): FakeWindow["bounds"] {
    return this.bounds;
  }
  setTitle(title: string): void {
    this.title = title;
  }
  setRepresentedFilename(): void {}
  setProgressBar(progress: number): void {
    this.progress = progress;
  }
  flashFrame(): void {}
  isDestroyed(): boolean {
    return this.destroyed;
  }
  destroy(): void {
    if (this.destroyed) return;
    this.destroyed = true;
    this.webContents.destroyed = true;
    this.webContents.emit("destroyed");
    this.emit("closed");
    FakeWindow.all.splice(FakeWindow.all.indexOf(this), 1);
    if (FakeWindow.all.length === 0) FakeWindow.app.emit("window-all-closed");
  }
  /** Like a click on the window's close button. */
  close(): void {
    let prevented = false;
    this.emit("close", { preventDefault: () => (prevented = true) });
    if (!prevented) this.destroy();
  }
}

export class FakeApp extends EventEmitter {
  name = "GHN Studio";
  isPackaged = true;
  recent: string[] = [];
  quits = 0;
  /** True once a quit went through. */
  gone = false;
  quit(): void {
    this.quits++;
    let prevented = false;
    this.emit("before-quit", { preventDefault: () => (prevented = true) });
    if (!prevented) this.gone = true;
  }
  addRecentDocument(path: string): void {
    this.recent.push(path);
  }
  clearRecentDocuments(): void {
    this.recent = [];
  }
}

export interface FakeNotification extends EventEmitter {
  readonly options: { title: string; body: string };
}

export interface Fake {
  readonly electron: ElectronLike;
  readonly app: FakeApp;
  readonly windows: FakeWindow[];
  readonly handlers: Map<string, (...args: unknown[]) => unknown>;
  readonly listeners: Map<string, (...args: unknown[]) => void>;
  readonly opened: string[];
  readonly boxes: { message: string; buttons?: string[] }[];
  readonly notifications: FakeNotification[];
  readonly blockers: Set<number>;
  readonly permissions: Record<string, (...args: never[]) => unknown>;
  readonly power: EventEmitter;
  menu: { label?: string; submenu?: unknown }[];
  /** Answers of dialogs. */
  answer: { response: number; filePaths: string[] };
  protocol: ((request: Request) => Promise<Response>) | null;
}

export function fakeElectron(): Fake {
  const app = new FakeApp();
  FakeWindow.all = [];
  FakeWindow.app = app;
  const notifications: FakeNotification[] = [];
  class Notification extends EventEmitter {
    readonly options: { title: string; body: string };
    static isSupported(): boolean {
      return true;
    }
    constructor(options: { title: string; body: string }) {
      super();
      this.options = options;
    }
    show(): void {
      notifications.push(this);
    }
  }
  const fake: Fake = {
    app,
    windows: FakeWindow.all,
    handlers: new Map(),
    listeners: new Map(),
    opened: [],
    boxes: [],
    notifications,
    blockers: new Set(),
    permissions: {},
    power: new EventEmitter(),
    menu: [],
    answer: { response: 1, filePaths: [] },
    protocol: null,
    electron: null as unknown as ElectronLike,
  };
  let blocker = 0;
  const box = (...args: unknown[]): Promise<unknown> => {
    fake.boxes.push(args[args.length - 1] as { message: string });
    return Promise.resolve({ response: fake.answer.response });
  };
  const choose = (...args: unknown[]): Promise<unknown> => {
    fake.boxes.push(args[args.length - 1] as { message: string });
    return Promise.resolve({ canceled: fake.answer.filePaths.length === 0, filePaths: fake.answer.filePaths, filePath: fake.answer.filePaths[0] ?? "" });
  };
  const parts = {
    app,
    BrowserWindow: FakeWindow,
    Menu: { buildFromTemplate: (template: Fake["menu"]) => template, setApplicationMenu: (menu: Fake["menu"]) => (fake.menu = menu) },
    Notification,
    dialog: { showMessageBox: box, showOpenDialog: choose, showSaveDialog: choose },
    ipcMain: {
      handle: (channel: string, handler: (...args: unknown[]) => unknown) => fake.handlers.set(channel, handler),
      on: (channel: string, listener: (...args: unknown[]) => void) => fake.listeners.set(channel, listener),
    },
    nativeTheme: { shouldUseDarkColors: true },
    powerMonitor: fake.power,
    powerSaveBlocker: {
      start: () => {
        fake.blockers.add(++blocker);
        return blocker;
      },
      stop: (id: number) => fake.blockers.delete(id),
    },
    protocol: { handle: (_scheme: string, handler: Fake["protocol"]) => (fake.protocol = handler) },
    screen: { getAllDisplays: () => [{ workArea: { x: 0, y: 0, width: 1920, height: 1080 } }] },
    session: {
      defaultSession: {
        setPermissionRequestHandler: (handler: never) => (fake.permissions["request"] = handler),
        setPermissionCheckHandler: (handler: never) => (fake.permissions["check"] = handler),
        setDevicePermissionHandler: (handler: never) => (fake.permissions["device"] = handler),
        setDisplayMediaRequestHandler: (handler: never) => (fake.permissions["display"] = handler),
      },
    },
    shell: { openExternal: async (url: string) => void fake.opened.push(url), showItemInFolder: (path: string) => void fake.opened.push(path) },
    utilityProcess: {},
  };
  return Object.assign(fake, { electron: parts as unknown as ElectronLike });
}
