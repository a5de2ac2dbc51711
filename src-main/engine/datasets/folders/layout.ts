import type { DatasetLayout } from "../../../../src-shared/domain/dataset.ts";
import type { LeftOutReason } from "../../../../src-shared/domain/left-out.ts";
import { UserError } from "../../../lib/errors.ts";
import { isGenericName, type PartRole, partRoles, sameRole } from "./part-names.ts";

export type Part = "train" | "validation" | "test";

/** The place of one image in a layout. */
export type Placement = { readonly part: Part /** Spelled like the folder. */; readonly className: string } | { readonly leftOut: LeftOutReason };

/** How a folder of images is understood. */
export interface FolderLayout {
  /** The folder that contains the class folders or parts, relative to the source; empty for the source itself. */
  readonly prefix: string;
  /** One sentence that describes it to the user. */
  readonly summary: string;
  /** @param path relative to the source */
  place(path: string): Placement;
}

const NAMED = 5;

/**
 * Finds out how images are organised, from their paths alone.
 *
 * - Class folders: `cats/1.jpg`.
 * - Parts: `train/cats/1.jpg`, `test/cats/2.jpg`; see {@link partRoles} for the names. A folder of the same name inside a part is skipped
 *   (`seg_train/seg_train/…`). Without a training part, the validation part is used for training, else the test part.
 * - Class folders with parts inside: `cats/train/1.jpg`.
 *
 * Folders above that contain nothing else are skipped. If all folders with part names contain images directly, they are classes (`car/`, `bus/`, `train/`).
 *
 * @param source for messages
 * @param paths relative, with `/` as separator
 * @param setting the layout chosen by the user; detected if undefined
 * @throws UserError `folder-layout`
 */
export function understandLayout(source: string, paths: readonly string[], setting?: DatasetLayout): FolderLayout {
  let prefix = "";
  let tree = treeOf(paths, prefix);
  for (;;) {
    const [only] = tree.folders;
    if (only === undefined || tree.folders.size > 1 || only[1].folders.size === 0) break;
    const role = partRoles([only[0]]).get(only[0]);
    if (setting !== "classes" && (role === "train" || (setting === "parts" && role !== undefined))) break;
    prefix += `${only[0]}/`;
    tree = treeOf(paths, prefix);
  }
  if (tree.folders.size === 0) {
    if (tree.images === 0) throw layoutError(source, "it contains no images (png, jpg, webp, gif, tif or avif)");
    throw layoutError(source, `its ${figure(tree.images)} ${tree.images === 1 ? "image is" : "images are"} not in class folders`);
  }
  const roles = setting === "classes" ? new Map<string, PartRole>() : rolesOf(source, tree, setting);
  if (roles.size > 0) return partsLayout(source, prefix, tree, roles);
  const inner = setting === undefined ? innerRoles(tree) : null;
  return inner === null ? classLayout(prefix, tree) : classFirstLayout(prefix, tree, inner);
}

/** Numbers of images by first and second folder. */
interface Tree {
  /** Images that are not in any folder. */
  images: number;
  readonly folders: Map<string, { images: number; readonly folders: Map<string, { images: number; deeper: number }> }>;
}

function treeOf(paths: readonly string[], prefix: string): Tree {
  const tree: Tree = { images: 0, folders: new Map() };
  for (const path of paths) {
    if (!path.startsWith(prefix)) continue;
    const first = path.indexOf("/", prefix.length);
    if (first < 0) {
      tree.images++;
      continue;
    }
    const name = path.slice(prefix.length, first);
    let folder = tree.folders.get(name);
    if (folder === undefined) {
      folder = { images: 0, folders: new Map() };
      tree.folders.set(name, folder);
    }
    const second = path.indexOf("/", first + 1);
    if (second < 0) {
      folder.images++;
      continue;
    }
    const innerName = path.slice(first + 1, second);
    let inner = folder.folders.get(innerName);
    if (inner === undefined) {
      inner = { images: 0, deeper: 0 };
      folder.folders.set(innerName, inner);
    }
    if (path.includes("/", second + 1)) inner.deeper++;
    else inner.images++;
  }
  return tree;
}

/** The roles of the folders; empty if they are classes. */
function rolesOf(source: string, tree: Tree, setting: DatasetLayout | undefined): ReadonlyMap<string, PartRole> {
  const names = [...tree.folders.keys()];
  const roles = partRoles(names);
  const parts = names.filter((name) => isLabelled(roles.get(name)));
  const others = names.filter((name) => !roles.has(name));
  if (setting === "parts") {
    if (parts.length === 0)
      throw layoutError(source, `dataset.layout is "parts", but there is no folder that is named like a training, validation or test part`);
    return roles;
  }
  if (parts.length === 0) return new Map();
  const divided = parts.filter((name) => hasClasses(name, tree));
  if (divided.length === 0) {
    // A folder train/ next to car/ and bus/ is a class; train/ and test/ are not.
    if (others.length > 0 && new Set(parts.map((name) => roles.get(name))).size === 1) return new Map();
    throw notInClasses(source, tree, parts[0] ?? "");
  }
  if (others.length > 0)
    throw new UserError(
      `The folder ${source} cannot be used as a dataset: it contains ${listed(divided)}, which ${divided.length === 1 ? "looks like a part" : "look like parts"} of a dataset, next to ${listed(others)}.`,
      {
        code: "folder-layout",
        file: source,
        field: "dataset.layout",
        remedy: `Set dataset.layout to "classes" if each of these folders is a class, or to "parts" to use ${listed(divided)} only.`,
      },
    );
  return roles;
}

function partsLayout(source: string, prefix: string, tree: Tree, roles: ReadonlyMap<string, PartRole>): FolderLayout {
  const roleSet = new Set(roles.values());
  // Without train/, the best available labelled part.
  const training: PartRole = roleSet.has("train") ? "train" : roleSet.has("validation") ? "validation" : "test";
  const parts = new Map<string, { readonly part: Part | null; readonly start: string }>();
  const sentences: string[] = [];
  for (const [name, role] of roles) {
    const wrapper = wrapperOf(name, tree);
    const start = wrapper === null ? `${name}/` : `${name}/${wrapper}/`;
    const classes = hasClasses(name, tree);
    if (!classes && (role === "train" || role === "validation")) throw notInClasses(source, tree, name);
    const part = !classes || !isLabelled(role) ? null : role === training ? "train" : role;
    parts.set(name, { part, start });
    const because = part === "train" && role !== "train" ? ", because there is no train/ folder" : "";
    sentences.push(part === null ? `${start} has no class folders and is not used` : `${start} is the ${part === "train" ? "training" : part} part${because}`);
  }
  return {
    prefix,
    summary: `${prefix === "" ? "" : `In ${prefix}: `}${sentences.join("; ")}.`,
    place(path) {
      if (!path.startsWith(prefix)) return { leftOut: "no-class" };
      const inside = path.slice(prefix.length);
      const slash = inside.indexOf("/");
      if (slash < 0) return { leftOut: "no-class" };
      const found = parts.get(inside.slice(0, slash));
      if (found === undefined) return { leftOut: "outside-parts" };
      if (found.part === null) return { leftOut: "unlabelled" };
      if (!inside.startsWith(found.start)) return { leftOut: "no-class" };
      const end = inside.indexOf("/", found.start.length);
      return end < 0 ? { leftOut: "no-class" } : { part: found.part, className: inside.slice(found.start.length, end) };
    },
  };
}

function classLayout(prefix: string, tree: Tree): FolderLayout {
  const names = [...new Set([...tree.folders.keys()].map((name) => name.normalize("NFC")))].sort();
  return {
    prefix,
    summary: `${prefix === "" ? "" : `In ${prefix}: `}${figure(names.length)} class ${names.length === 1 ? "folder" : "folders"}: ${listed(names)}.`,
    place(path) {
      const end = path.startsWith(prefix) ? path.indexOf("/", prefix.length) : -1;
      return end < 0 ? { leftOut: "no-class" } : { part: "train", className: path.slice(prefix.length, end) };
    },
  };
}

function classFirstLayout(prefix: string, tree: Tree, inner: ReadonlyMap<string, PartRole>): FolderLayout {
  const classes = [...new Set([...tree.folders.keys()].map((name) => name.normalize("NFC")))];
  return {
    prefix,
    summary: `${prefix === "" ? "" : `In ${prefix}: `}${figure(classes.length)} class folders, each with ${listed([...inner.keys()])} inside.`,
    place(path) {
      const end = path.startsWith(prefix) ? path.indexOf("/", prefix.length) : -1;
      if (end < 0) return { leftOut: "no-class" };
      const next = path.indexOf("/", end + 1);
      const role = next < 0 ? undefined : inner.get(path.slice(end + 1, next));
      if (role === undefined) return { leftOut: "outside-parts" };
      return isLabelled(role) ? { part: role, className: path.slice(prefix.length, end) } : { leftOut: "unlabelled" };
    },
  };
}

/** The roles of the folders inside of classes, if all of these are parts and there are at least training and test or validation images; null otherwise. */
function innerRoles(tree: Tree): ReadonlyMap<string, PartRole> | null {
  const folders = [...tree.folders.values()];
  if (folders.length < 2 || folders.some(({ images, folders: inner }) => images > 0 || inner.size === 0)) return null;
  const names = [...new Set(folders.flatMap(({ folders: inner }) => [...inner.keys()]))];
  const roles = partRoles(names);
  const found = new Set(roles.values());
  return roles.size === names.length && found.has("train") && (found.has("test") || found.has("validation")) ? roles : null;
}

/** The only folder inside a part, if it is not a class: it has the same role by name, or a name like `images`. */
function wrapperOf(name: string, tree: Tree): string | null {
  const folders = tree.folders.get(name)?.folders;
  const [only] = folders?.keys() ?? [];
  if (only === undefined || folders?.size !== 1) return null;
  return sameRole(only, name) || isGenericName(only) ? only : null;
}

function hasClasses(name: string, tree: Tree): boolean {
  const folder = tree.folders.get(name);
  if (folder === undefined) return false;
  const wrapper = wrapperOf(name, tree);
  return wrapper === null ? folder.folders.size > 0 : (folder.folders.get(wrapper)?.deeper ?? 0) > 0;
}

function isLabelled(role: PartRole | undefined): role is Part {
  return role !== undefined && role !== "unlabelled";
}

function notInClasses(source: string, tree: Tree, name: string): UserError {
  const folder = tree.folders.get(name);
  const images = (folder?.images ?? 0) + [...(folder?.folders.values() ?? [])].reduce((sum, inner) => sum + inner.images, 0);
  return layoutError(
    source,
    `${images === 1 ? "the image" : `the ${figure(images)} images`} in ${name}/ ${images === 1 ? "is" : "are"} not in class folders`,
    ` Or set dataset.layout to "classes" if ${name}/ is a class.`,
  );
}

export function layoutError(source: string, why: string, otherwise = ""): UserError {
  return new UserError(`The folder ${source} cannot be used as a dataset: ${why}.`, {
    code: "folder-layout",
    file: source,
    remedy: `Put the images of each class in a separate folder, either directly or inside train/, val/ and test/.${otherwise}`,
  });
}

function listed(names: readonly string[]): string {
  return names.length > NAMED ? `${names.slice(0, NAMED).join(", ")}, …` : names.join(", ");
}

function figure(count: number): string {
  return count.toLocaleString("en-US");
}
