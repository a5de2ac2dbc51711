import { initBackend } from "../../../../src-main/engine/backend/index.ts";

/** Why TensorFlow cannot be tested here, or undefined if it can. Starts the backend of this process. */
export async function tensorflowMissing(): Promise<string | undefined> {
  try {
    await initBackend({ prefer: "tensorflow" });
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
