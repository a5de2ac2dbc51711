/** What a folder of images is for. `unlabelled` images are meant for predictions and are not used. */
export type PartRole = "train" | "validation" | "test" | "unlabelled";

const ROLES: Readonly<Record<string, PartRole>> = {
  train: "train",
  training: "train",
  val: "validation",
  valid: "validation",
  validation: "validation",
  test: "test",
  testing: "test",
  pred: "unlabelled",
  predict: "unlabelled",
  prediction: "unlabelled",
  predictions: "unlabelled",
  unlabeled: "unlabelled",
  unlabelled: "unlabelled",
};
const GENERIC = ["data", "dataset", "image", "images", "img", "imgs", "pictures", "photos"];
/** Words next to a role that have no meaning of their own. */
const FILLERS = new Set([...GENERIC, "set", "split", "folder", "dir", "part"]);

/**
 * The roles of the folders that are named like parts of a dataset: `train`, `Training_Set`, `testset`, `val2017`. A name with another word, such as `seg_train`,
 * counts if a folder with the same word has another role (`seg_test`); otherwise `train_station` would be a training part.
 */
export function partRoles(names: readonly string[]): ReadonlyMap<string, PartRole> {
  const parsed = names.flatMap((name) => {
    const words = parse(name);
    return words === null ? [] : [{ name, ...words }];
  });
  const roles = new Map<string, PartRole>();
  for (const { name, role, rest } of parsed) {
    const known = rest === "" || parsed.some((other) => other.rest === rest && other.role !== role && other.role !== "unlabelled");
    if (known) roles.set(name, role);
  }
  return roles;
}

/** True for a generic name that is not a class, such as `images`. */
export function isGenericName(name: string): boolean {
  return GENERIC.includes(name.toLowerCase());
}

/** True if two folders have the same role by name, such as `seg_train` and `train`. */
export function sameRole(a: string, b: string): boolean {
  const [first, second] = [parse(a), parse(b)];
  return first !== null && second !== null && first.role === second.role;
}

function parse(name: string): { role: PartRole; rest: string } | null {
  const words = wordsOf(name);
  const roles = words.flatMap((word) => {
    // trainset, testdata
    const role = ROLES[word] ?? ROLES[word.replace(/(set|data|images|imgs)$/, "")];
    return role === undefined ? [] : [{ word, role }];
  });
  const [only] = roles;
  if (only === undefined || roles.length > 1) return null;
  return { role: only.role, rest: words.filter((word) => word !== only.word && !FILLERS.has(word)).join(" ") };
}

/** The words of a name in lower case, without numbers. */
function wordsOf(name: string): string[] {
  return name
    .normalize("NFC")
    .replace(/(\p{Ll})(\p{Lu})/gu, "$1 $2")
    .toLowerCase()
    .split(/[^\p{L}]+/u)
    .filter((word) => word !== "");
}
