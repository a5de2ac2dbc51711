/** Broken and hostile connections to a real host. After each, the host must still answer, and nothing may be revealed to strangers. */
import { connect, type Socket } from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import { WebSocket } from "ws";
import { Rng } from "../../../src-main/engine/random.ts";
import { EVENT_PROTOCOL, TOKEN_HEADER } from "../../../src-shared/web-session.ts";
import type { PartInput } from "../part-input.ts";
import { usage } from "../product/processes.ts";
import { type Served, serve } from "../product/served.ts";
import { Tally } from "../tally.ts";

const CONNECTIONS = 500;
/** How long the host may take to answer another page meanwhile. */
const ANSWER_MS = 3000;

interface Kind {
  readonly name: string;
  /** @returns a fault, or null */
  attack(host: Served, rng: Rng, open: Socket[]): Promise<string | null>;
}

const bytes = (rng: Rng, length: number): Buffer => Buffer.from(Uint8Array.from({ length }, () => Math.floor(rng.uniform() * 256)));

/** Sends bytes and waits for the first answer, the end, or half a second. The socket stays open. */
function raw(host: Served, content: string | Buffer, open: Socket[]): Promise<string> {
  const { hostname, port } = new URL(host.origin);
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname);
    open.push(socket);
    const timer = setTimeout(() => resolve(""), 500);
    const end = (text: string): void => {
      clearTimeout(timer);
      resolve(text);
    };
    socket.on("error", () => end("error"));
    socket.on("data", (data) => end(data.toString("latin1")));
    socket.on("close", () => end("closed"));
    socket.write(content);
  });
}

/** Opens an event connection. @returns the status code of a refusal, or the code with which it was closed after `then` */
function events(host: Served, headers: Readonly<Record<string, string>>, protocols: string[], then: (socket: WebSocket) => void): Promise<string> {
  return new Promise((resolve) => {
    const socket = new WebSocket(`${host.origin.replace("http", "ws")}/events`, protocols, { headers });
    const timer = setTimeout(() => {
      socket.terminate();
      resolve("open");
    }, 1500);
    const end = (text: string): void => {
      clearTimeout(timer);
      socket.terminate();
      resolve(text);
    };
    socket.on("unexpected-response", (_, response) => end(`status ${response.statusCode}`));
    socket.on("error", () => end("error"));
    socket.on("close", (code) => end(`close ${code}`));
    socket.on("open", () => then(socket));
  });
}

function expectOne(found: string, ...allowed: readonly string[]): string | null {
  return allowed.some((text) => found.startsWith(text)) ? null : `got ${JSON.stringify(found.slice(0, 120))} instead of ${allowed.join(" or ")}`;
}

const KINDS: readonly Kind[] = [
  {
    name: "half-open: headers that never end",
    attack: async (host, _, open) => {
      await raw(host, "POST /call/system.info HTTP/1.1\r\nHost: 127.0.0.1\r\nX: ", open);
      return null;
    },
  },
  {
    name: "connected and silent",
    attack: async (host, _, open) => {
      await raw(host, "", open);
      return null;
    },
  },
  {
    name: "slow: one byte at a time",
    attack: async (host, _, open) => {
      await raw(host, "G", open);
      const socket = open.at(-1);
      for (const letter of "ET / HT") {
        socket?.write(letter);
        await wait(20);
      }
      return null;
    },
  },
  { name: "random bytes", attack: async (host, rng, open) => expectOne(await raw(host, bytes(rng, 400), open), "HTTP/1.1 400", "closed", "error", "") },
  {
    name: "headers of 200 KB",
    attack: async (host, _, open) =>
      expectOne(
        await raw(host, `GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: ${"a".repeat(200_000)}\r\n\r\n`, open),
        "HTTP/1.1 431",
        "HTTP/1.1 400",
        "closed",
        "error",
      ),
  },
  {
    name: "a body of 100 MB that is only announced",
    attack: async (host, _, open) =>
      expectOne(
        await raw(
          host,
          `POST /call/system.info HTTP/1.1\r\nHost: ${new URL(host.origin).host}\r\nOrigin: ${host.origin}\r\n${TOKEN_HEADER}: ${host.token}\r\nContent-Type: application/json\r\nContent-Length: 104857600\r\n\r\n{`,
          open,
        ),
        "HTTP/1.1 413",
        "HTTP/1.1 400",
        "closed",
      ),
  },
  {
    name: "a body that breaks off",
    attack: async (host, _, open) => {
      await raw(
        host,
        `POST /call/system.info HTTP/1.1\r\nHost: ${new URL(host.origin).host}\r\nOrigin: ${host.origin}\r\n${TOKEN_HEADER}: ${host.token}\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{`,
        open,
      );
      open.at(-1)?.destroy();
      return null;
    },
  },
  { name: "a call from another origin", attack: (host) => status(host, { origin: "http://evil.example", [TOKEN_HEADER]: host.token }, 403) },
  { name: "a call without an origin", attack: (host) => status(host, { [TOKEN_HEADER]: host.token }, 403) },
  { name: "a call without a token", attack: (host) => status(host, { origin: host.origin }, 401) },
  { name: "a call with another token", attack: (host) => status(host, { origin: host.origin, [TOKEN_HEADER]: "A".repeat(43) }, 401) },
  {
    name: "another host name",
    attack: async (host, _, open) => expectOne(await raw(host, "GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n", open), "HTTP/1.1 421"),
  },
  {
    name: "paths out of the page",
    attack: async (host, _, open) =>
      expectOne(await raw(host, `GET /../../../../etc/passwd HTTP/1.1\r\nHost: ${new URL(host.origin).host}\r\n\r\n`, open), "HTTP/1.1 404", "HTTP/1.1 400"),
  },
  {
    name: "events from another origin",
    attack: async (host) => expectOne(await events(host, { origin: "http://evil.example" }, [EVENT_PROTOCOL, host.token], () => undefined), "status 403"),
  },
  {
    name: "events without a token",
    attack: async (host) => expectOne(await events(host, { origin: host.origin }, [EVENT_PROTOCOL], () => undefined), "status 401"),
  },
  {
    name: "an event message of 1 MB",
    attack: async (host) =>
      expectOne(
        await events(host, { origin: host.origin }, [EVENT_PROTOCOL, host.token], (socket) => socket.send("a".repeat(2 ** 20))),
        "close 1009",
        "close 1006",
        "error",
      ),
  },
  {
    name: "a binary event message",
    attack: async (host, rng) =>
      expectOne(await events(host, { origin: host.origin }, [EVENT_PROTOCOL, host.token], (socket) => socket.send(bytes(rng, 50))), "close 1008"),
  },
  {
    name: "an event message that is not JSON",
    attack: async (host) =>
      expectOne(await events(host, { origin: host.origin }, [EVENT_PROTOCOL, host.token], (socket) => socket.send("{".repeat(50_000))), "close 1008"),
  },
  {
    name: "broken frames",
    attack: async (host, rng) =>
      expectOne(
        await events(host, { origin: host.origin }, [EVENT_PROTOCOL, host.token], (socket) => {
          const inner: unknown = Reflect.get(socket, "_socket");
          if (typeof inner === "object" && inner !== null && "write" in inner && typeof inner.write === "function") inner.write(bytes(rng, 100));
        }),
        "close",
        "error",
      ),
  },
];

async function status(host: Served, headers: Readonly<Record<string, string>>, expected: number): Promise<string | null> {
  const response = await fetch(`${host.origin}/call/system.info`, { method: "POST", headers: { "content-type": "application/json", ...headers }, body: "{}" });
  await response.text();
  return response.status === expected ? null : `status ${response.status} instead of ${expected}`;
}

export async function socketCampaign({ folder, scale, seed, say }: PartInput): Promise<Tally[]> {
  const tallies = KINDS.map(({ name }) => new Tally(`sockets: ${name}`));
  const alive = new Tally("sockets: the host answers others meanwhile");
  const rng = Rng.fromSeed(seed, "sockets");
  const host = await serve(folder);
  const open: Socket[] = [];
  try {
    const wanted = Math.max(KINDS.length, Math.round(CONNECTIONS * scale));
    for (let i = 0; i < wanted && !host.hasEnded(); i++) {
      const kind = KINDS[i % KINDS.length];
      const tally = tallies[i % KINDS.length];
      if (kind === undefined || tally === undefined) break;
      tally.count(await kind.attack(host, rng, open).catch((error: unknown) => `the attack itself failed: ${String(error)}`));
      alive.count(await answers(host));
      if (i % 50 === 49) say(`${i + 1} of ${wanted}`);
    }
    for (const socket of open) socket.destroy();
    await wait(500);
    alive.count(await answers(host));
    alive.facts.push(`${open.length} raw connections were left open meanwhile; ${usage(host.pid).handles} handles afterwards`);
  } finally {
    for (const socket of open) socket.destroy();
    await host.stop();
  }
  return [...tallies, alive];
}

async function answers(host: Served): Promise<string | null> {
  if (host.hasEnded()) return `the host has ended: ${host.output().slice(-600)}`;
  const began = performance.now();
  try {
    await host.call("project.current", {});
  } catch (error) {
    return `no answer: ${String(error)}`;
  }
  const ms = performance.now() - began;
  return ms > ANSWER_MS ? `an answer took ${Math.round(ms)} ms` : null;
}
