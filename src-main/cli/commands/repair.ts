/** `ghn-studio repair`: recovers what can be read of a damaged project database. */
import { Command } from "commander";
import { whole } from "../../../src-shared/analysis/format.ts";
import { type RepairResult, repairProject } from "../../store/repair/repair-project.ts";
import type { Io } from "../output/io.ts";
import { quotePath } from "../output/quote-path.ts";
import { table } from "../output/tables.ts";
import { type JsonFlag, jsonOption, type ProjectFlag, projectOption } from "../project/options.ts";
import { requireProject } from "../project/project.ts";

export function repairCommand(io: Io): Command {
  return new Command("repair")
    .description("check the database of a project and recover what can be read; the damaged one is kept")
    .addOption(projectOption())
    .option("--check", "only report what is damaged and what could be recovered")
    .addOption(jsonOption())
    .action((options: JsonFlag & ProjectFlag & { readonly check?: true }) => {
      const folder = requireProject(options.project);
      const result = repairProject(folder, { checkOnly: options.check === true, say: (text) => io.note(text) });
      const { report, backup } = result;
      if (options.json === true) io.json({ damaged: !report.isClean, problems: report.problems, tables: report.tables, details: report.details, backup });
      else present(io, folder, result, options.check === true);
    });
}

function present(io: Io, folder: string, { report, backup }: RepairResult, checkOnly: boolean): void {
  if (report.isClean) {
    io.out(`The database of ${quotePath(folder)} is intact; nothing was changed.`);
    return;
  }
  io.out(
    table(
      io,
      [{ title: "Table" }, { title: "Recovered", align: "right" }, { title: "of these changed", align: "right" }, { title: "Known lost", align: "right" }],
      report.tables.map(({ table: name, recovered, changed, lost }) => [name, whole(recovered), whole(changed), whole(lost)]),
    ),
  );
  if (report.problems.length > 0) section(io, "Damage of the file", report.problems);
  section(io, "Changed or lost", report.details.length === 0 ? ["Nothing: all rows could be read."] : report.details);
  if (checkOnly) io.out("\nNothing was changed. Run the command without --check to repair the project.");
  else if (backup !== null) io.out(`\nThe project is repaired. The damaged database is kept as ${quotePath(backup)}; delete it when nothing is missing.`);
}

function section(io: Io, title: string, lines: readonly string[]): void {
  io.out(`\n${io.style("bold", title)}\n${lines.join("\n")}`);
}
