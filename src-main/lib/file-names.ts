/** File names that work on every platform, whatever the current one allows. */
import { parse } from "node:path";

/** Maximum length of a file name on common file systems, in UTF-8 bytes. */
const MAX_NAME_BYTES = 255;

const FORBIDDEN = /[/\\:*?"<>|\p{Cc}]/u;
/** Device names that Windows reserves, with any extension. */
const RESERVED = /^(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])$/i;

/**
 * Why a name cannot be used for a file or folder, as the end of a sentence ("is reserved on Windows"); null if it can.
 * @param reserve bytes to leave for suffixes, numbers and temporary names
 */
export function fileNameProblem(name: string, reserve = 0): string | null {
  if (name.trim() === "" || name === "." || name === "..") return "is not a name";
  const bytes = Buffer.byteLength(name);
  if (bytes > MAX_NAME_BYTES - reserve) return `is too long (${bytes} bytes; the limit is ${MAX_NAME_BYTES - reserve})`;
  if (FORBIDDEN.test(name)) return 'contains a control character or one of / \\ : * ? " < > |';
  if (/[. ]$/.test(name)) return "ends with a dot or a space";
  if (isReserved(name)) return "is reserved on Windows";
  return null;
}

/** A file name made from any text: forbidden characters become dashes. Empty if nothing is left. @param maxBytes maximum length of the result in bytes */
export function toFileName(text: string, maxBytes: number): string {
  const name = truncateBytes(text.normalize("NFKC").replace(/[^\p{L}\p{N}._-]+/gu, "-"), maxBytes).replace(/^[.-]+|[.-]+$/g, "");
  return isReserved(name) ? truncateBytes(`_${name}`, maxBytes) : name;
}

/** The longest beginning of a text with at most `maxBytes` bytes in UTF-8, without splitting a character. */
export function truncateBytes(text: string, maxBytes: number): string {
  let bytes = 0;
  let end = 0;
  for (const character of text) {
    bytes += Buffer.byteLength(character);
    if (bytes > maxBytes) break;
    end += character.length;
  }
  return text.slice(0, end);
}

function isReserved(name: string): boolean {
  return RESERVED.test(parse(name.replace(/\..*$/, "")).name.trim());
}
