/** A process that starts the backend given by its argument (a `BackendChoice` in JSON) and prints the outcome. */
import { type BackendChoice, initBackend } from "../../../../src-main/engine/backend/index.ts";
import { isUserError } from "../../../../src-main/lib/errors.ts";

const choice = JSON.parse(process.argv[2] ?? "{}") as BackendChoice;
const [first, second] = await Promise.allSettled([initBackend(choice), initBackend({ prefer: "wasm" })]);
if (first.status === "fulfilled") {
  const { name, device, libraryVersion, fallbackReason } = first.value;
  const same = second.status === "fulfilled" && second.value === first.value;
  process.stdout.write(`${JSON.stringify({ name, device, libraryVersion, fallbackReason, same })}\n`);
} else {
  const error: unknown = first.reason;
  const again = await initBackend({ prefer: "wasm" });
  process.stdout.write(`${JSON.stringify({ error: isUserError(error) ? error.toJSON() : String(error), again: again.name })}\n`);
}
