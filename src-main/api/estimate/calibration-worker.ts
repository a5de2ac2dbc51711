/** Entry of a child process that measures this device once. A separate process, since GPU memory is released only with it. */
import { initBackend } from "../../engine/backend/index.ts";
import { measureDevice } from "./measure-device.ts";

const port = (process as { parentPort?: { postMessage(message: unknown): void } }).parentPort;
const post = (message: unknown): void => {
  if (port !== undefined && port !== null) port.postMessage(message);
  else process.send?.(message);
};

try {
  const prefer = process.env["GHN_STUDIO_CALIBRATE"];
  const backend = await initBackend({ prefer: prefer === "tensorflow" || prefer === "wasm" ? prefer : "auto" });
  post({ type: "measured", calibration: measureDevice(backend) });
} catch (error) {
  post({ type: "failed", message: error instanceof Error ? error.message : String(error) });
}
process.disconnect?.();
