/** Rows of one table. */
export interface TableReport {
  readonly table: string;
  readonly recovered: number;
  /** Recovered with some values replaced. */
  readonly changed: number;
  /** Known to be lost; where pages cannot be read, the number of lost rows is not known. */
  readonly lost: number;
}

/** Sentences kept per table; more are only counted. */
const MAX_SENTENCES = 20;

/** What a repair found, recovered and lost. */
export class RepairReport {
  /** Damage of the file, in SQLite's words. */
  readonly problems: string[] = [];
  private readonly counts = new Map<string, { recovered: number; changed: number; lost: number; said: number }>();
  private readonly sentences: string[] = [];

  /** One sentence for each thing that was changed or is lost. */
  get details(): readonly string[] {
    const more = [...this.counts]
      .filter(([, { said }]) => said > MAX_SENTENCES)
      .map(([table, { said }]) => `${said - MAX_SENTENCES} more rows of ${table} were changed or are lost.`);
    return [...this.sentences, ...more];
  }

  get tables(): readonly TableReport[] {
    return [...this.counts].map(([table, { recovered, changed, lost }]) => ({ table, recovered, changed, lost }));
  }

  /** Whether nothing was damaged. */
  get isClean(): boolean {
    return this.problems.length === 0 && this.sentences.length === 0;
  }

  problem(text: string): void {
    this.problems.push(text);
  }

  say(sentence: string): void {
    this.sentences.push(sentence);
  }

  kept(table: string, id: unknown, changedColumns: readonly string[]): void {
    const counts = this.of(table);
    counts.recovered += 1;
    if (changedColumns.length === 0) return;
    counts.changed += 1;
    this.detail(
      table,
      `Row ${String(id)} of ${table}: ${changedColumns.join(", ")} could not be read and ${changedColumns.length === 1 ? "was" : "were"} replaced.`,
    );
  }

  lostRow(table: string, id: unknown, reasons: readonly string[]): void {
    this.of(table).lost += 1;
    this.detail(table, `Row ${String(id)} of ${table} is lost (${reasons.join(", ")}).`);
  }

  /** @param last null when nothing from `first` on can be read */
  lostRange(table: string, first: number, last: number | null): void {
    if (last === first) this.of(table).lost += 1;
    this.detail(table, `Rows of ${table} from number ${first} ${last === null ? "on" : `to ${last}`} cannot be read.`);
  }

  lostTable(table: string): void {
    this.detail(table, `The table ${table} is lost.`);
  }

  lostPart(table: string): void {
    this.detail(table, `Some rows of ${table} cannot be read.`);
  }

  private detail(table: string, sentence: string): void {
    const counts = this.of(table);
    counts.said += 1;
    if (counts.said <= MAX_SENTENCES) this.sentences.push(sentence);
  }

  private of(table: string): { recovered: number; changed: number; lost: number; said: number } {
    const known = this.counts.get(table) ?? { recovered: 0, changed: 0, lost: 0, said: 0 };
    this.counts.set(table, known);
    return known;
  }
}
