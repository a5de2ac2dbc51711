/** The folders and files that windows may use: the folder browser, and the check of every path that a window names. */
import { lstat, readdir, realpath, stat } from "node:fs/promises";
import { basename, dirname, isAbsolute, join, resolve, sep } from "node:path";
import type { FolderEntry, FolderListing } from "../../../src-shared/domain/records/system.ts";
import { UserError } from "../../lib/errors.ts";

/** Maximum number of entries listed of a folder. */
const MAX_ENTRIES = 5000;

export class AllowedFolders {
  private readonly realRoots: readonly string[];
  /** What the user has chosen in native dialogs. */
  private readonly chosen = new Set<string>();
  private readonly remedy: string;

  private constructor(roots: readonly string[], remedy: string) {
    this.realRoots = roots;
    this.remedy = remedy;
  }

  /**
   * @param roots absolute folders that may be used; resolved, so that links in them cannot extend them
   * @param remedy how the user can allow another folder
   */
  static async of(roots: readonly string[], remedy = "start `ghn-studio serve` with --root <folder>"): Promise<AllowedFolders> {
    const real = await Promise.all(roots.map((root) => realpath(root).catch(() => null)));
    return new AllowedFolders([...new Set(real.filter((root) => root !== null))], remedy);
  }

  get roots(): readonly string[] {
    return this.realRoots;
  }

  /**
   * Allows a file, or a folder with everything in it, that the user has chosen.
   * @param path absolute; it need not exist yet
   * @returns its real path
   */
  async allow(path: string): Promise<string> {
    const wanted = resolve(path);
    const real = await realpath(wanted).catch(async () => join(await realpath(dirname(wanted)).catch(() => dirname(wanted)), basename(wanted)));
    this.chosen.add(real);
    return real;
  }

  /**
   * The real path of something inside the roots. It need not exist, but its nearest existing folder must be inside.
   * @throws UserError `path-relative`, `path-outside`
   */
  async resolve(path: string): Promise<string> {
    if (!isAbsolute(path) || path.includes("\0"))
      throw new UserError(`The path ${path.slice(0, 200)} is not absolute.`, {
        code: "path-relative",
        remedy: "Enter the full path, starting at the root of the disk.",
      });
    const wanted = resolve(path);
    let existing = wanted;
    let rest = "";
    for (;;) {
      const real = await realpath(existing).catch(() => null);
      if (real !== null) {
        const found = rest === "" ? real : join(real, rest);
        if (this.inside(real) && this.inside(found)) return found;
        throw this.outside(path);
      }
      // A dangling link could be redirected later.
      if (
        await lstat(existing).then(
          (info) => info.isSymbolicLink(),
          () => false,
        )
      )
        throw this.outside(path);
      const parent = dirname(existing);
      if (parent === existing) throw this.outside(path);
      rest = rest === "" ? existing.slice(parent.length).replace(/^[\\/]+/, "") : join(existing.slice(parent.length).replace(/^[\\/]+/, ""), rest);
      existing = parent;
    }
  }

  /**
   * Lists a folder: folders first, by name, without hidden entries. Lists the first root unless a path is given.
   * @throws UserError `path-outside`, `folder-missing`, `folder-unreadable`
   */
  async list(path?: string): Promise<FolderListing> {
    const [first] = this.realRoots;
    if (first === undefined)
      throw new UserError("No folder is available here.", { code: "path-outside", remedy: "Start `ghn-studio serve` with --root <folder>." });
    const folder = await this.resolve(path === undefined || path === "" ? first : path);
    const info = await stat(folder).catch(() => null);
    if (info === null || !info.isDirectory())
      throw new UserError(`There is no folder ${folder}.`, { code: "folder-missing", file: folder, remedy: "Choose another one." });
    const children = await readdir(folder, { withFileTypes: true }).catch((cause: unknown) => {
      throw new UserError(`The folder ${folder} cannot be read.`, {
        code: "folder-unreadable",
        file: folder,
        remedy: "Choose another folder, or change its permissions.",
        cause,
      });
    });
    const visible = children.filter((child) => !child.name.startsWith(".")).slice(0, MAX_ENTRIES);
    const entries = await Promise.all(visible.map((child) => this.entry(join(folder, child.name), child.name)));
    const parent = dirname(folder);
    return {
      path: folder,
      parent: this.inside(parent) && parent !== folder ? parent : null,
      roots: this.realRoots,
      entries: entries
        .filter((entry) => entry !== null)
        .sort((a, b) => (a.kind === b.kind ? a.name.localeCompare(b.name, "en", { numeric: true }) : a.kind === "folder" ? -1 : 1)),
    };
  }

  private async entry(path: string, name: string): Promise<FolderEntry | null> {
    const info = await stat(path).catch(() => null);
    if (info === null || !(info.isDirectory() || info.isFile())) return null;
    const folder = info.isDirectory();
    return { name, path, kind: folder ? "folder" : "file", bytes: folder ? 0 : info.size, isProject: folder && (await hasProjectFile(path)) };
  }

  private inside(path: string): boolean {
    return [...this.realRoots, ...this.chosen].some((root) => path === root || path.startsWith(root.endsWith(sep) ? root : root + sep));
  }

  private outside(path: string): UserError {
    return new UserError(`The path ${path.slice(0, 200)} is outside of the folders that can be used here.`, {
      code: "path-outside",
      file: path.slice(0, 200),
      remedy: `Choose a path inside ${this.realRoots.join(" or ")}, or ${this.remedy}.`,
    });
  }
}

/** True for a folder that contains a project file. */
export async function hasProjectFile(folder: string): Promise<boolean> {
  return stat(join(folder, "project.json")).then(
    (info) => info.isFile(),
    () => false,
  );
}
