/** `ghn-studio link`: a new one-time link of a host that `ghn-studio serve` started. */
import { Command, Option } from "commander";
import { UserError } from "../../lib/errors.ts";
import type { Io } from "../output/io.ts";
import { wholeNumber } from "../project/options.ts";

export function linkCommand(io: Io): Command {
  return new Command("link")
    .description("print a new one-time link to a window that `ghn-studio serve` serves")
    .addOption(new Option("--port <port>", "only the host on this port").argParser(wholeNumber(1, 65_535)))
    .action(async (options: { readonly port?: number }) => {
      const { requestLink, runningHosts } = await import("../../hosts/web/running-hosts.ts");
      const hosts = runningHosts().filter(({ base }) => options.port === undefined || new URL(base).port === String(options.port));
      const found = (await Promise.all(hosts.map(async (host) => ({ host, link: await requestLink(host) })))).flatMap(({ host, link }) =>
        link === null ? [] : [{ host, link }],
      );
      if (found.length === 0)
        throw new UserError(`GHN Studio is not being served${options.port === undefined ? "" : ` on port ${options.port}`} by this user.`, {
          code: "not-served",
          remedy: "Start it with `ghn-studio serve`.",
        });
      for (const { host, link } of found) io.out(found.length === 1 ? link : `${link}  (project ${host.project ?? "none"})`);
    });
}
