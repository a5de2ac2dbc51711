/** Control characters except line breaks and tabs, including 8-bit ones, and characters that reverse the direction of text. */
const CONTROL = /(?![\n\t])[\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;
/** Colours and weights, as `styleText` writes them. */
const STYLE = new RegExp(`(${String.fromCharCode(27)}\\[[\\d;]*m)`, "u");

/**
 * Text that can be written to a terminal: control characters from names, notes or file names appear as `\xNN` instead of having an effect.
 * @param styled keeps colours and weights
 */
export function printable(text: string, styled = false): string {
  const visible = (part: string): string => part.replace(CONTROL, (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`);
  if (!styled) return visible(text);
  return text
    .split(STYLE)
    .map((part, i) => (i % 2 === 1 ? part : visible(part)))
    .join("");
}

/** JSON text in which no control character is left raw; its value is the same. */
export function printableJson(json: string): string {
  return json.replace(CONTROL, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
