/** The part of package-lock.json, version 3, that is used here. Keys are folders of packages; "" is the project. */
export interface Lockfile {
  readonly packages: Readonly<Record<string, LockedPackage>>;
}

interface LockedPackage {
  readonly version?: string;
  readonly license?: string;
  readonly optional?: boolean;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

export interface UsedPackage {
  readonly name: string;
  /** Relative to the project, for example `node_modules/a/node_modules/b`. */
  readonly folder: string;
  readonly version: string;
  /** SPDX expression, if the package has one. */
  readonly license: string | undefined;
  /** Whether it may be missing, like packages for one platform. */
  readonly optional: boolean;
}

/**
 * The given packages and all that they depend on, sorted by name and version. A version that is installed twice is listed once; packages of types, and names
 * that the lockfile does not have, are left out.
 */
export function packagesUnder(lockfile: Lockfile, roots: readonly string[]): readonly UsedPackage[] {
  const folders = new Set<string>();
  const visit = (name: string, from: string): void => {
    const folder = resolve(lockfile, name, from);
    if (folder === null || folders.has(folder) || name.startsWith("@types/")) return;
    folders.add(folder);
    const { dependencies, optionalDependencies } = lockfile.packages[folder] ?? {};
    for (const next of Object.keys({ ...dependencies, ...optionalDependencies })) visit(next, folder);
  };
  for (const name of roots) visit(name, "");
  const used = [...folders].map((folder): UsedPackage => {
    const { version = "", license, optional = false } = lockfile.packages[folder] ?? {};
    return { name: nameOf(folder), folder, version, license, optional };
  });
  const unique = new Map(used.map((each) => [`${each.name} ${each.version}`, each]));
  return [...unique.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, each]) => each);
}

/** Folder of a package as Node finds it from another one; null when it is not installed. */
function resolve(lockfile: Lockfile, name: string, from: string): string | null {
  for (let folder = from; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf("/node_modules/")))) {
    const candidate = folder === "" ? `node_modules/${name}` : `${folder}/node_modules/${name}`;
    if (candidate in lockfile.packages) return candidate;
    if (folder === "") return null;
  }
}

function nameOf(folder: string): string {
  return folder.slice(folder.lastIndexOf("node_modules/") + "node_modules/".length);
}
