/** Options that several commands share, and how their values are read. */
import { InvalidArgumentError, Option } from "commander";

export function projectOption(): Option {
  return new Option("-p, --project <folder>", "the project folder; without it the one you are in, or $GHN_STUDIO_PROJECT").env("GHN_STUDIO_PROJECT");
}

export function jsonOption(): Option {
  return new Option("--json", "for scripts: JSON on stdout, everything else on stderr");
}

export function setOption(): Option {
  return new Option("-s, --set <field=value>", "change one field of the config, for example training.epochs=10; may be repeated")
    .argParser(collect)
    .default([], "none");
}

export function collect(value: string, before: readonly string[]): string[] {
  return [...before, value];
}

/** A whole number within bounds, as commander wants it. */
export function wholeNumber(low: number, high: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || !Number.isSafeInteger(value) || value < low || value > high)
      throw new InvalidArgumentError(`It must be a whole number from ${low} to ${high}.`);
    return value;
  };
}

export interface JsonFlag {
  readonly json?: true;
}
export interface ProjectFlag {
  readonly project?: string;
}
