/** The end of the output of a process, bounded. */
export class OutputTail {
  private text = "";
  private readonly limit: number;

  /** @param limit number of characters to keep */
  constructor(limit = 8000) {
    this.limit = limit;
  }

  add(text: string): void {
    this.text = (this.text + text).slice(-this.limit);
  }

  /** The last complete lines. */
  toString(): string {
    const cut = this.text.length >= this.limit ? this.text.indexOf("\n") + 1 : 0;
    return this.text.slice(cut).trimEnd();
  }
}
