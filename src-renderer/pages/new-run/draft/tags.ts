const MAX_TAGS = 50;
const MAX_LENGTH = 100;

/** Tags in comma-separated text: trimmed, without duplicates, within the limits of the store. */
export function tagsIn(text: string): string[] {
  const tags = text
    .split(",")
    .map((tag) => tag.trim().slice(0, MAX_LENGTH))
    .filter((tag) => tag !== "");
  return [...new Set(tags)].slice(0, MAX_TAGS);
}
