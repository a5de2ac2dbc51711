import { Command } from "commander";
import type { DoctorItem } from "../../../src-shared/domain/records/system.ts";
import { packageVersion } from "../../config/version.ts";
import type { Io } from "../output/io.ts";
import { type JsonFlag, jsonOption } from "../project/options.ts";

/** Never colour alone: the word carries the meaning. */
const STATES: Readonly<Record<DoctorItem["state"], { readonly word: string; readonly style: "green" | "yellow" | "red" }>> = {
  ok: { word: "ok", style: "green" },
  warning: { word: "warning", style: "yellow" },
  missing: { word: "missing", style: "red" },
};

/** `ghn-studio doctor`: checks this machine and suggests fixes. */
export function doctorCommand(io: Io): Command {
  return new Command("doctor")
    .description("check this machine (Node, backend, device, threads, memory, folders) and suggest fixes")
    .addOption(jsonOption())
    .action(async (options: JsonFlag) => {
      const { collectDoctorFindings } = await import("../../doctor/doctor.ts");
      const findings = await collectDoctorFindings();
      if (options.json === true) {
        io.json({ version: packageVersion(), ...findings });
        return;
      }
      io.out(`GHN Studio ${packageVersion()}: backend ${io.style("bold", findings.backend)} on ${io.style("bold", findings.device)}`);
      const width = Math.max(0, ...findings.items.map((item) => item.name.length));
      let area = "";
      for (const item of findings.items) {
        if (item.area !== area) io.out(`\n${io.style("bold", item.area)}`);
        area = item.area;
        const { word, style } = STATES[item.state];
        io.out(`  ${io.style(style, word.padEnd(7))}  ${item.name.padEnd(width)}  ${item.value}`);
        const indent = " ".repeat(width + 13);
        if (item.reason !== undefined) io.out(`${indent}${item.reason}`);
        if (item.remedy !== undefined) io.out(`${indent}Fix: ${item.remedy}`);
      }
    });
}
