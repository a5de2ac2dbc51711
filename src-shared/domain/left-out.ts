/**
 * Why entries of an image folder are not used. `counts` states whether an entry counts towards the share of images that may be left out (a tenth): it does if the
 * user probably meant it to be an image of the dataset. `what` is the plural and `one` the singular form for sentences.
 */
export const LEFT_OUT_REASONS = {
  "unsupported-image": { counts: true, one: "image of an unsupported type", what: "images of unsupported types" },
  "no-class": { counts: true, one: "image that is not in a class folder", what: "images that are not in a class folder" },
  "outside-parts": {
    counts: true,
    one: "image outside the training, validation and test folders",
    what: "images outside the training, validation and test folders",
  },
  "too-deep": { counts: true, one: "image more than 16 folders deep", what: "images more than 16 folders deep" },
  "link-outside": { counts: true, one: "link that leads outside the folder", what: "links that lead outside the folder" },
  "bad-name": { counts: true, one: "file or folder whose name is not valid UTF-8", what: "files or folders whose names are not valid UTF-8" },
  "link-broken": { counts: true, one: "broken link", what: "broken links" },
  undecodable: { counts: false, one: "image that cannot be decoded", what: "images that cannot be decoded" },
  unlabelled: {
    counts: false,
    one: "image in a test or prediction folder without class folders",
    what: "images in a test or prediction folder without class folders",
  },
  duplicate: {
    counts: false,
    one: "second name of a file or folder that is already included",
    what: "other names of files or folders that are already included",
  },
  empty: { counts: false, one: "empty folder", what: "empty folders" },
  hidden: { counts: false, one: "hidden file or folder", what: "hidden files or folders" },
  system: { counts: false, one: "file or folder of a file manager or archive tool", what: "files or folders of file managers or archive tools" },
  "other-type": { counts: false, one: "file that is not an image", what: "files that are not images" },
  special: { counts: false, one: "pipe, socket or device", what: "pipes, sockets or devices" },
} as const;

export type LeftOutReason = keyof typeof LEFT_OUT_REASONS;

/** Entries of an image folder that are not used, for one reason. */
export interface LeftOut {
  readonly reason: LeftOutReason;
  /** Files, or whole folders where these were not entered. */
  readonly count: number;
  /** Up to three of their paths, relative to the folder. */
  readonly examples: readonly string[];
}

/** For example "12 images of unsupported types (cats/1.bmp, cats/2.bmp, cats/3.bmp, …)". */
export function leftOutPhrase({ reason, count, examples }: LeftOut): string {
  const { one, what } = LEFT_OUT_REASONS[reason];
  const named = examples.length === 0 ? "" : ` (${examples.join(", ")}${count > examples.length ? ", …" : ""})`;
  return `${count.toLocaleString("en-US")} ${count === 1 ? one : what}${named}`;
}
