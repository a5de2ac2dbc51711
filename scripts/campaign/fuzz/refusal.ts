/** What every refusal must look like, whoever shows it. */

/** Longest message that fits a terminal or a dialog. */
const MAX_MESSAGE = 6000;

/** Control characters except line breaks and tabs, and those that reverse the direction of text. */
const CONTROL = /(?![\n\t])[\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069]/u;

/** What is wrong with a refusal; null if it is a sentence without a stack or control characters, and so is its remedy. */
export function faultOfRefusal({ message, remedy }: { readonly message: string; readonly remedy?: string | undefined }): string | null {
  for (const text of remedy === undefined ? [message] : [message, remedy]) {
    const shown = JSON.stringify(text.slice(0, 300));
    if (!/([.?!:)”"…]|: ghn-studio .*)$/.test(text.trimEnd()) || text.trim().length < 5) return `not a sentence: ${shown}`;
    if (text.length > MAX_MESSAGE) return `too long (${text.length} characters): ${shown}`;
    if (/\n\s+at .*:\d+/.test(text)) return `with a stack: ${shown}`;
    if (CONTROL.test(text)) return `with a control character: ${shown}`;
    // A path that a caller gave may be NaN.
    if (/\b((?<!received )undefined|\[object Object\]|(?<!path )NaN is|Maximum call stack|Cannot read prop|is not a function|is not iterable)\b/.test(text))
      return `an internal error: ${shown}`;
  }
  return null;
}

/** Names of properties that a value from outside has put on the prototypes of objects and lists; empty if none. */
export function pollution(): string[] {
  return [...Object.keys(Object.prototype), ...Object.keys(Array.prototype)];
}
