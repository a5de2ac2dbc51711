import { existsSync, readdirSync, rmdirSync, rmSync, statSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import type { ProjectInfo } from "../../../src-shared/domain/records/projects.ts";
import { UserError } from "../../lib/errors.ts";
import { fileNameProblem } from "../../lib/file-names.ts";
import { makeFolder } from "../../lib/make-folder.ts";
import type { ProcessIdentity } from "../../lib/process-identity.ts";
import { openDatabase, type SqliteDatabase } from "../database/database.ts";
import { copyFromReadOnlyFolder } from "../database/read-only-copy.ts";
import { finishSwap, repairedFile } from "../database/swap.ts";
import { WalCheckpointer } from "../database/wal-checkpointer.ts";
import type { NewRun } from "../records/run-writer.ts";
import { type StoreReader, type StoreWriter, storeReader, storeWriter } from "../store.ts";
import { type Lock, type LockOptions, lockOwner, takeLock } from "./lock.ts";
import { newProjectFile, PROJECT_FILE_NAME, type ProjectFile, readProjectFile, writeProjectFile } from "./project-file.ts";
import { artifactFile, refuseLinkedFiles, runFolder } from "./project-paths.ts";

export const DATABASE_NAME = "runs.sqlite";
const LOCK_NAME = "project.lock";
const ARTIFACTS = "artifacts";
const DATA = "data";
/** Paths that are read or written when a project is opened. */
const FILES = [
  PROJECT_FILE_NAME,
  DATABASE_NAME,
  `${DATABASE_NAME}-wal`,
  `${DATABASE_NAME}-shm`,
  repairedFile(DATABASE_NAME),
  LOCK_NAME,
  `${LOCK_NAME}-guard`,
  DATA,
];

/** A project that this process holds open. */
export interface Project {
  readonly folder: string;
  readonly store: StoreWriter;
  info(): ProjectInfo;
  rename(name: string): ProjectInfo;
  /** Folder for the files of a run. @throws UserError `run-id`, `path-outside` when it is not a real folder of the project */
  runFolder(runId: string): string;
  /** The same folder; created if missing. */
  artifactFolder(runId: string): string;
  /** Absolute path of an artifact. @throws UserError `path-outside` when it is not a real file of the project */
  resolvePath(path: string): string;
  /** Removes the files of a run. @returns the number of bytes freed */
  removeArtifacts(runId: string): number;
  /** Whether its folder is still where it was opened: not moved, deleted or replaced. A disk that does not answer counts as in place. */
  isInPlace(): boolean;
  /** Folder for datasets that belong to the project. */
  readonly dataFolder: string;
  close(): void;
}

/** A read-only view of a project that may be open elsewhere. */
export interface ProjectView {
  readonly folder: string;
  readonly store: StoreReader;
  info(): ProjectInfo;
  /** A number that changes whenever another process has changed the database. */
  version(): number;
  close(): void;
}

/**
 * Creates a project folder and opens it. The folder may exist if it is empty.
 * @throws UserError when the folder is not empty or cannot be written; nothing is then left behind
 */
export function createProject(folder: string, name: string, options: { readonly sample?: boolean } = {}): Project {
  const path = resolve(folder);
  const title = name.trim();
  if (title.length > 200)
    throw new UserError(`The project name has ${title.length} characters.`, {
      code: "project-name",
      remedy: "Use a name of 1 to 200 characters.",
      field: "name",
    });
  const problem = existsSync(path) ? null : fileNameProblem(basename(path));
  if (problem !== null)
    throw new UserError(`The folder name ${basename(path)} ${problem}.`, { code: "project-folder", remedy: "Choose another folder.", file: path });
  if (title === "") throw new UserError("A project needs a name.", { code: "project-name", remedy: "Give it a name of 1 to 200 characters.", field: "name" });
  if (existsSync(path)) {
    if (!statSync(path).isDirectory())
      throw new UserError(`${path} is a file, not a folder.`, { code: "project-folder", remedy: "Choose an empty or a new folder.", file: path });
    if (readdirSync(path).length > 0)
      throw new UserError(`The folder ${path} is not empty.`, {
        code: isProjectFolder(path) ? "project-exists" : "project-folder",
        remedy: isProjectFolder(path) ? "Open the project that is in it, or choose another folder." : "Choose an empty or a new folder.",
        file: path,
      });
  }
  const existed = existsSync(path);
  try {
    fillProjectFolder(path, newProjectFile(title, options.sample));
    return openProject(path);
  } catch (error) {
    takeBack(path, existed);
    throw error;
  }
}

/** The project file comes first: a folder with anything else but without it could never be used. */
function fillProjectFolder(path: string, file: ProjectFile): void {
  try {
    makeFolder(path);
    writeProjectFile(path, file);
    makeFolder(join(path, ARTIFACTS));
  } catch (cause) {
    if (cause instanceof UserError) throw cause;
    throw new UserError(`The folder ${path} cannot be created.`, {
      code: "project-unwritable",
      remedy: "Choose a folder that you can write to, on a disk with free space.",
      file: path,
      cause,
    });
  }
}

/** Removes a project that could not be created, unless another process has opened it meanwhile. */
function takeBack(path: string, existed: boolean): void {
  try {
    if (projectOwner(path) !== null) return;
    for (const name of FILES) rmSync(join(path, name), { force: true });
    for (const folder of existed ? [join(path, ARTIFACTS)] : [join(path, ARTIFACTS), path]) if (existsSync(folder)) rmdirSync(folder);
  } catch {
    // The first failure is reported.
  }
}

/**
 * Opens a project for this process alone.
 * @throws UserError when the folder is not a project, of a newer version, damaged, or open in another live process
 */
export function openProject(folder: string, options: LockOptions = {}): Project {
  const path = resolve(folder);
  refuseLinkedFiles(path, FILES);
  const file = readProjectFile(path);
  const lock = lockProject(path, file, options);
  try {
    // A repair may have been killed at its last step.
    finishSwap(join(path, DATABASE_NAME));
    refuseLostDatabase(path);
    removeOldCache(join(path, DATA, "cache"));
    const db = openDatabase(join(path, DATABASE_NAME));
    return new OpenProject(path, file, db, lock);
  } catch (error) {
    lock.release();
    throw error;
  }
}

/** Runs work on the closed database of a project, while no other process can open it. @throws UserError like {@link openProject} */
export function lockedProject<Result>(folder: string, work: () => Result): Result {
  const path = resolve(folder);
  refuseLinkedFiles(path, FILES);
  const lock = lockProject(path, readProjectFile(path), {});
  try {
    return work();
  } finally {
    lock.release();
  }
}

/** Earlier versions cached decoded images in the project; now there is one cache for all projects of the user. */
function removeOldCache(folder: string): void {
  if (!existsSync(folder)) return;
  try {
    for (const name of readdirSync(folder)) if (/^images-[0-9a-f]{64}\.bin$/.test(name)) rmSync(join(folder, name), { force: true });
    if (readdirSync(folder).length === 0) rmdirSync(folder);
  } catch {
    // It only takes up space.
  }
}

/** A database that is empty or missing while runs have files was lost: it must not become that of an empty project. */
function refuseLostDatabase(path: string): void {
  const file = join(path, DATABASE_NAME);
  // A write-ahead log alone is no database: SQLite deletes it when it opens an empty file.
  if (fileBytes(file) > 0 || !existsSync(join(path, ARTIFACTS)) || readdirSync(join(path, ARTIFACTS)).length === 0) return;
  throw new UserError(`The project database ${file} is ${existsSync(file) ? "empty" : "missing"}, but the project has files of runs.`, {
    code: "project-damaged",
    remedy: "Restore it from a backup. Copies that GHN Studio made before migrations and repairs are next to it.",
    file,
  });
}

/**
 * Opens a project for reading, even while another process uses it.
 * @throws UserError like {@link openProject}, except that the project may be open elsewhere
 */
export function viewProject(folder: string): ProjectView {
  const path = resolve(folder);
  refuseLinkedFiles(path, FILES);
  const file = readProjectFile(path);
  const copy = copyFromReadOnlyFolder(join(path, DATABASE_NAME));
  try {
    const db = openDatabase(copy?.file ?? join(path, DATABASE_NAME), { readOnly: true });
    const store = storeReader(db);
    store.damage.tolerant = true;
    const close = (): void => {
      db.close();
      copy?.remove();
    };
    return { folder: path, store, info: () => infoOf(path, file, store), version: () => Number(db.pragma("data_version", { simple: true })), close };
  } catch (error) {
    copy?.remove();
    throw error;
  }
}

/**
 * Asks the process that holds a project open to stop, kill or resume a run.
 * @returns false when no process holds it open
 */
export function postRequest(folder: string, type: "stop" | "kill" | "resume", runId: string): boolean {
  const path = resolve(folder);
  refuseLinkedFiles(path, FILES);
  if (projectOwner(path) === null) return false;
  const db = openDatabase(join(path, DATABASE_NAME));
  try {
    storeWriter(db).requests.post(type, runId);
    return true;
  } finally {
    db.close();
  }
}

/**
 * Queues a run in a project that another process holds open, and asks that process to look at its queue.
 * @returns id of the run; null when no process holds the project open
 */
export function postRun(folder: string, run: NewRun): string | null {
  const path = resolve(folder);
  refuseLinkedFiles(path, FILES);
  if (projectOwner(path) === null) return null;
  const db = openDatabase(join(path, DATABASE_NAME));
  try {
    const store = storeWriter(db);
    return store.transaction(() => {
      const id = store.runs.create(run);
      store.requests.post("resume", id);
      return id;
    });
  } finally {
    db.close();
  }
}

/** Pid of the process that holds a project open; null when there is none. */
export function projectOwner(folder: string): number | null {
  return projectHolder(folder)?.pid ?? null;
}

/** Process that holds a project open, with its machine; null when none does. */
export function projectHolder(folder: string): ProcessIdentity | null {
  return lockOwner(join(resolve(folder), LOCK_NAME));
}

export function isProjectFolder(folder: string): boolean {
  try {
    readProjectFile(folder);
    return true;
  } catch {
    return false;
  }
}

function lockProject(path: string, file: ProjectFile, options: LockOptions): Lock {
  try {
    return takeLock(join(path, LOCK_NAME), `The project ${file.name}`, options);
  } catch (cause) {
    if (cause instanceof UserError) throw cause;
    throw new UserError(`The project folder ${path} cannot be written.`, {
      code: "project-unwritable",
      remedy: "Check that you have write permission and that the disk is not full.",
      file: path,
      cause,
    });
  }
}

class OpenProject implements Project {
  readonly folder: string;
  readonly store: StoreWriter;
  private file: ProjectFile;
  private readonly db: SqliteDatabase;
  private readonly walCheckpointer: WalCheckpointer;
  private readonly lock: Lock;

  constructor(folder: string, file: ProjectFile, db: SqliteDatabase, lock: Lock) {
    this.folder = folder;
    this.file = file;
    this.db = db;
    this.lock = lock;
    this.store = storeWriter(db);
    this.walCheckpointer = new WalCheckpointer(db, join(folder, DATABASE_NAME));
  }

  get dataFolder(): string {
    return join(this.folder, DATA);
  }

  info(): ProjectInfo {
    return infoOf(this.folder, this.file, this.store);
  }

  rename(name: string): ProjectInfo {
    const next = { ...this.file, name };
    writeProjectFile(this.folder, next);
    this.file = next;
    return this.info();
  }

  runFolder(runId: string): string {
    return runFolder(this.folder, runId);
  }

  isInPlace(): boolean {
    try {
      return readProjectFile(this.folder).id === this.file.id && existsSync(join(this.folder, DATABASE_NAME));
    } catch (error) {
      return !(error instanceof UserError && error.code === "project-foreign");
    }
  }

  artifactFolder(runId: string): string {
    // Must not begin a second folder where the project was.
    if (!this.isInPlace()) throw projectGone(this.folder);
    const folder = runFolder(this.folder, runId);
    makeFolder(folder);
    return folder;
  }

  resolvePath(path: string): string {
    return artifactFile(this.folder, path);
  }

  removeArtifacts(runId: string): number {
    const folder = runFolder(this.folder, runId);
    const bytes = folderBytes(folder);
    rmSync(folder, { recursive: true, force: true });
    return bytes;
  }

  close(): void {
    this.walCheckpointer.close();
    if (this.db.open) this.db.close();
    this.lock.release();
  }
}

/** The error about a project whose folder is no longer where it was opened. */
export function projectGone(folder: string): UserError {
  return new UserError(`The project folder ${folder} was moved or deleted while the project was open.`, {
    code: "project-gone",
    remedy: "Close the project. If the folder was moved, open it in its new place and resume the run there.",
    file: folder,
  });
}

function infoOf(folder: string, file: ProjectFile, store: StoreReader): ProjectInfo {
  const database = [DATABASE_NAME, `${DATABASE_NAME}-wal`].reduce((sum, name) => sum + fileBytes(join(folder, name)), 0);
  return {
    id: file.id,
    name: file.name,
    folder,
    createdAt: file.createdAt,
    runs: store.runs.count(),
    bytes: database + store.artifacts.bytes(),
    isSample: file.sample ?? false,
    damage: store.damage.sentences,
  };
}

function fileBytes(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

function folderBytes(folder: string): number {
  if (!existsSync(folder)) return 0;
  return readdirSync(folder, { withFileTypes: true }).reduce(
    (sum, entry) => sum + (entry.isDirectory() ? folderBytes(join(folder, entry.name)) : fileBytes(join(folder, entry.name))),
    0,
  );
}
