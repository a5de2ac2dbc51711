/** Options shared by several commands. */
import { InvalidArgumentError, Option } from "commander";

/** How a run can be given on the command line. */
export const RUN_REFERENCE = "run id, start of the id, name, or last";

export function projectOption(): Option {
  return new Option("-p, --project <folder>", "project folder (default: the current one)").env("GHN_STUDIO_PROJECT");
}

export function jsonOption(): Option {
  return new Option("--json", "print JSON to stdout, everything else to stderr");
}

export function setOption(): Option {
  return new Option("-s, --set <field=value>", "set a config field, for example training.epochs=10; may be repeated").argParser(collect).default([], "none");
}

export function collect(value: string, before: readonly string[]): string[] {
  return [...before, value];
}

/** Parser of a whole number within bounds, for commander. */
export function wholeNumber(low: number, high: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || !Number.isSafeInteger(value) || value < low || value > high)
      throw new InvalidArgumentError(`Expected a whole number from ${low} to ${high}.`);
    return value;
  };
}

export interface JsonFlag {
  readonly json?: true;
}
export interface ProjectFlag {
  readonly project?: string;
}
