/** Which requests the web host answers at all: those for its own address that come from its own pages. */
import type { IncomingHttpHeaders } from "node:http";
import { UserError } from "../../lib/errors.ts";

/** Names of this computer on the loopback interface. Any other name is a DNS rebinding attack or a mistake, unless it was allowed. */
const LOOPBACK_NAMES = ["localhost", "127.0.0.1", "[::1]"] as const;

export interface Access {
  /** True when the Host header names this computer or an allowed host. Any port: a tunnel or proxy may use another one than the host. */
  hostAllowed(host: string | undefined): boolean;
  /** True when a request comes from a page of this host; required for everything that changes or reveals something. */
  originAllowed(headers: IncomingHttpHeaders): boolean;
}

/** @param allowedHosts names under which a reverse proxy serves the host, without port; lower case */
export function createAccess(allowedHosts: readonly string[] = []): Access {
  const names = new Set<string>([...LOOPBACK_NAMES, ...allowedHosts]);
  return {
    hostAllowed(host) {
      const match = /^(\[[0-9a-f:]+\]|[a-z0-9.-]+)(?::\d{1,5})?$/i.exec(host ?? "");
      return match !== null && names.has((match[1] ?? "").toLowerCase());
    },
    originAllowed({ host, origin }) {
      if (host === undefined || origin === undefined) return false;
      if (origin === `http://${host}`) return true;
      // A proxy may replace the Host header and add TLS, but the page's origin names the proxy.
      const parsed = URL.parse(origin);
      return parsed !== null && parsed.origin === origin && /^https?:$/.test(parsed.protocol) && allowedHosts.includes(parsed.hostname);
    },
  };
}

/**
 * A host name for {@link createAccess}.
 * @throws UserError `host-invalid` for anything but a plain name or address: a port, a scheme, a path or a wildcard
 */
export function parseAllowedHost(text: string): string {
  const name = text.trim().toLowerCase();
  if (/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/.test(name) || /^\[[0-9a-f:]+\]$/.test(name)) return name;
  throw new UserError(`${text} is not a host name.`, {
    code: "host-invalid",
    field: "--allowed-host",
    remedy: "Give the name that browsers use, without scheme, port and path, such as hub.example.org.",
  });
}

/**
 * A base path with a slash at both ends; "/" for the root.
 * @throws UserError `base-path-invalid`
 */
export function parseBasePath(text: string): string {
  const segments = text.split("/").filter((segment) => segment !== "");
  if (segments.every((segment) => /^[\w.~%@-]+$/.test(segment) && !/^\.+$/.test(segment))) return segments.length === 0 ? "/" : `/${segments.join("/")}/`;
  throw new UserError(`${text} is not a base path.`, {
    code: "base-path-invalid",
    field: "--base-path",
    remedy: "Give the path under which the proxy serves GHN Studio, such as /user/ada/ghn-studio.",
  });
}
