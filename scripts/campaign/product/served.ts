/** A real `ghn-studio serve`, and a client that does what the window does. */
import { setTimeout as wait } from "node:timers/promises";
import type { CallInput, CallName, CallOutput } from "../../../src-shared/contract.ts";
import { codeIn, TOKEN_HEADER } from "../../../src-shared/web-session.ts";
import { type Ended, start } from "./cli.ts";

export interface Served {
  readonly pid: number;
  readonly origin: string;
  readonly token: string;
  /** The answer of a call as the page gets it. @throws Error when the host does not answer in 60 s */
  answer(name: string, input: unknown): Promise<unknown>;
  /** The value of a call. @throws Error when it is refused */
  call<Name extends CallName>(name: Name, input: CallInput<Name>): Promise<CallOutput<Name>>;
  hasEnded(): boolean;
  output(): string;
  /** Asks it to end. */
  stop(): Promise<Ended>;
}

/** Starts a host that may use `root` and below, and signs in. */
export async function serve(root: string): Promise<Served> {
  const started = start(["serve", "--root", root, "--port", "0"], root, 24 * 3_600_000);
  const link = await printedLink(started.output, started.hasEnded);
  const { origin } = new URL(link);
  const signIn = await fetch(`${origin}/session`, {
    method: "POST",
    headers: { origin, "content-type": "application/json" },
    body: JSON.stringify({ code: codeIn(link) }),
  });
  const token = tokenIn(await signIn.json());
  const answer = async (name: string, input: unknown): Promise<unknown> => {
    const response = await fetch(`${origin}/call/${encodeURIComponent(name.toWellFormed())}`, {
      method: "POST",
      headers: { origin, "content-type": "application/json", [TOKEN_HEADER]: token },
      body: JSON.stringify(input ?? null),
      signal: AbortSignal.timeout(60_000),
    });
    const text = await response.text();
    try {
      return JSON.parse(text);
    } catch {
      return { ok: false, error: { code: `http-${response.status}`, message: text } };
    }
  };
  return {
    pid: started.pid,
    origin,
    token,
    answer,
    call: async (name, input) => {
      const given = await answer(name, input);
      if (typeof given === "object" && given !== null && "ok" in given && given.ok === true && "value" in given) return given.value as CallOutput<typeof name>;
      throw new Error(`${name} was refused: ${JSON.stringify(given).slice(0, 500)}`);
    },
    hasEnded: started.hasEnded,
    output: started.output,
    stop: () => {
      if (!started.hasEnded()) process.kill(started.pid, "SIGTERM");
      return started.ended;
    },
  };
}

async function printedLink(output: () => string, hasEnded: () => boolean): Promise<string> {
  for (let waited = 0; waited < 60_000; waited += 50) {
    const link = /http:\/\/127\.0\.0\.1:\d+\/\S*#code=\S+/.exec(output())?.[0];
    if (link !== undefined) return link;
    if (hasEnded()) break;
    await wait(50);
  }
  throw new Error(`The web host gave no link:\n${output()}`);
}

function tokenIn(answer: unknown): string {
  if (typeof answer === "object" && answer !== null && "token" in answer && typeof answer.token === "string") return answer.token;
  throw new Error(`Signing in failed: ${JSON.stringify(answer)}`);
}
