/** The studio: state shared by all windows, and their sessions. */

import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { cp, rename, rm } from "node:fs/promises";
import { isAbsolute, join } from "node:path";
import type { EventMap } from "../../src-shared/contract.ts";
import type { RunConfig } from "../../src-shared/domain/config/run-config.ts";
import type { RunEstimate } from "../../src-shared/domain/records/drafts.ts";
import type { DoctorFindings } from "../doctor/doctor.ts";
import { UserError } from "../lib/errors.ts";
import type { Logger } from "../lib/logger.ts";
import type { ChildLauncher } from "../runs/child/launcher.ts";
import { AllowedFolders, hasProjectFile } from "./access/allowed-folders.ts";
import { authorisePath } from "./access/authorise-path.ts";
import { DatasetService } from "./datasets/dataset-service.ts";
import { createGate, type Gate } from "./gate/dispatch.ts";
import { handlers } from "./handlers/index.ts";
import type { CallContext } from "./services/call-context.ts";
import type { ProjectOpener, ProjectServices } from "./services/project-services.ts";
import type { HostServices, StudioHost, StudioSession } from "./services/session.ts";
import type { StudioServices } from "./services/studio-services.ts";
import { UserSettings } from "./settings/user-settings.ts";
import { Session } from "./studio-session.ts";

export interface StudioOptions {
  /** Folder of the settings. */
  readonly settingsFolder: string;
  /** Folder of downloaded and imported datasets. */
  readonly datasetFolder: string;
  /** Folder in which the sample project is created. */
  readonly sampleParent: string;
  readonly version: string;
  readonly log: Logger;
  readonly opener: ProjectOpener;
  readonly doctor: () => Promise<DoctorFindings>;
  /** Estimates the cost of a run; null if not known yet. */
  readonly estimate: (config: RunConfig, studio: StudioServices, project: ProjectServices | null) => Promise<RunEstimate | null>;
  /** Starts the process that exports networks; Node's own launcher if missing. */
  readonly exportLauncher?: ChildLauncher | undefined;
  /** Entry of the dataset thread. */
  readonly datasetEntry: string;
  /** Folders that windows may read and write. */
  readonly roots: readonly string[];
  /** Whether windows have native dialogs. The paths chosen there are allowed too, also after a restart. */
  readonly nativeDialogs?: boolean;
  /** The sample project, copied when it is first opened; without it, an empty project is created. */
  readonly sampleFolder?: string | undefined;
  /** Texts to remove from errors. */
  readonly secrets?: readonly string[];
}

/** How long runs may take to write their checkpoints before they are killed, in ms. */
const GRACE_MS = 60_000;
/** Internal setting: paths that the user chose in native dialogs, the latest last. */
const CHOSEN_KEY = "host.paths";
const MAX_CHOSEN = 300;
/** User setting: how many runs may run at the same time, 1 to 64. */
const CONCURRENCY_KEY = "runs.concurrency";

export class Studio implements StudioHost, StudioServices {
  readonly version: string;
  readonly log: Logger;
  readonly settings: UserSettings;
  readonly folders: AllowedFolders;
  readonly opener: ProjectOpener;
  readonly datasets: DatasetService;
  readonly exportLauncher: ChildLauncher | undefined;
  private readonly options: StudioOptions;
  private readonly gate: Gate<CallContext>;
  private readonly sessions = new Set<Session>();
  /** Session that has each folder open or is opening it. */
  private readonly holders = new Map<string, Session>();
  private findings: Promise<DoctorFindings> | null = null;

  private constructor(options: StudioOptions, settings: UserSettings, folders: AllowedFolders) {
    this.options = options;
    this.version = options.version;
    this.log = options.log;
    this.settings = settings;
    this.folders = folders;
    this.opener = options.opener;
    this.exportLauncher = options.exportLauncher;
    this.datasets = new DatasetService({
      dataFolder: options.datasetFolder,
      entry: options.datasetEntry,
      log: options.log,
      onProgress: (progress) => this.tellAll(progress),
    });
    this.gate = createGate(handlers, { log: options.log, authorisePath, secrets: options.secrets ?? [] });
  }

  static async create(options: StudioOptions): Promise<Studio> {
    const settings = await UserSettings.open(join(options.settingsFolder, "settings.json"), options.log);
    if (options.nativeDialogs !== true) return new Studio(options, settings, await AllowedFolders.of(options.roots));
    const folders = await AllowedFolders.of(options.roots, "choose it in a dialog of this window");
    for (const path of [...settings.recent.map(({ folder }) => folder), ...chosenPaths(settings)]) await folders.allow(path);
    return new Studio(options, settings, folders);
  }

  createSession(host: HostServices): StudioSession {
    const session: Session = new Session({
      id: randomUUID(),
      gate: this.gate,
      host,
      studio: this,
      graceMs: GRACE_MS,
      open: (folder) => this.open(session, folder, () => this.opener.open(folder)),
      create: (folder, name) => this.open(session, folder, () => this.opener.create(folder, name)),
      openSample: () => this.openSample(session),
      released: (folder) => {
        if (this.holders.get(folder) === session) this.holders.delete(folder);
      },
      ended: () => this.sessions.delete(session),
    });
    this.sessions.add(session);
    return session;
  }

  async allowPath(path: string): Promise<void> {
    const real = await this.folders.allow(path);
    this.settings.set(CHOSEN_KEY, [...chosenPaths(this.settings).filter((chosen) => chosen !== real), real].slice(-MAX_CHOSEN));
  }

  doctor(): Promise<DoctorFindings> {
    this.findings ??= this.options.doctor().catch((error: unknown) => {
      this.findings = null;
      throw error;
    });
    return this.findings;
  }

  estimate(config: RunConfig, project: ProjectServices | null): Promise<RunEstimate | null> {
    return this.options.estimate(config, this, project);
  }

  projectChanged(project: ProjectServices): void {
    this.holders.get(project.folder)?.tell({ name: "project.changed", payload: project.info() });
  }

  settingChanged(key: string): void {
    if (key === CONCURRENCY_KEY) for (const { current } of this.sessions) if (current !== null) this.applyConcurrency(current);
  }

  setting(key: string): unknown {
    return this.settings.get(key);
  }

  setSetting(key: string, value: unknown): void {
    this.settings.set(key, JSON.parse(JSON.stringify(value ?? null)) as null);
  }

  async recentProjects(): Promise<readonly { readonly folder: string; readonly name: string }[]> {
    return this.settings.recent;
  }

  async forgetAllRecent(): Promise<void> {
    this.settings.forgetAll();
  }

  async close(): Promise<void> {
    this.datasets.close();
    await Promise.all([...this.sessions].map((session) => session.close()));
    await this.settings.flush();
  }

  private async open(session: Session, folder: string, open: () => Promise<ProjectServices>): Promise<ProjectServices> {
    const holder = this.holders.get(folder);
    if (holder !== undefined && holder !== session) {
      holder.command("focus");
      throw new UserError("This project is open in another window.", {
        code: "project-open-elsewhere",
        file: folder,
        remedy: "Use that window, or close the project there first.",
      });
    }
    this.holders.set(folder, session);
    try {
      const project = await open();
      // Also the sample project, whose folder is not one that the user named.
      await this.folders.allow(project.folder);
      // The opener may normalise the path of the folder.
      this.holders.set(project.folder, session);
      if (project.folder !== folder) this.holders.delete(folder);
      this.applyConcurrency(project);
      const info = project.info();
      if (!info.isSample) this.settings.remember(project.folder, info.name);
      this.log.info(`Project opened: ${project.folder}`);
      return project;
    } catch (error) {
      if (session.current?.folder !== folder) this.holders.delete(folder);
      throw error;
    }
  }

  private async openSample(session: Session): Promise<ProjectServices> {
    const folder = join(this.options.sampleParent, "sample-project");
    if (session.current?.folder === folder) return session.current;
    const source = this.options.sampleFolder;
    if (!(await hasProjectFile(folder))) {
      if (source === undefined || !existsSync(source)) return this.open(session, folder, () => this.opener.create(folder, "Sample project", true));
      // Copied and then renamed, so that an incomplete copy is never opened.
      const copy = `${folder}.${randomUUID()}.tmp`;
      try {
        await cp(source, copy, { recursive: true, errorOnExist: true, force: false });
        await rename(copy, folder);
      } finally {
        await rm(copy, { recursive: true, force: true });
      }
    }
    return this.open(session, folder, () => this.opener.open(folder));
  }

  private applyConcurrency(project: ProjectServices): void {
    const count = this.settings.get(CONCURRENCY_KEY);
    if (typeof count === "number" && Number.isInteger(count) && count >= 1 && count <= 64) project.setConcurrency(count);
  }

  private tellAll(payload: EventMap["dataset.progress"]): void {
    for (const session of this.sessions) session.tell({ name: "dataset.progress", payload });
  }
}

/** Creates the studio. */
export function createStudio(options: StudioOptions): Promise<Studio> {
  return Studio.create(options);
}

function chosenPaths(settings: UserSettings): string[] {
  const stored = settings.get(CHOSEN_KEY);
  return Array.isArray(stored) ? stored.filter((path): path is string => typeof path === "string" && isAbsolute(path)) : [];
}
