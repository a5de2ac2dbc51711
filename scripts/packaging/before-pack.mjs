/** electron-builder calls this before it packs. A package for another system than this one goes without TensorFlow's library, and computes with wasm. */
import { materialise } from "./libraries.mjs";

/** @param {{ readonly electronPlatformName: string }} context */
export default function beforePack({ electronPlatformName }) {
  const here = electronPlatformName === process.platform;
  if (!here || materialise().length === 0)
    process.stderr.write(
      `TensorFlow's library for ${electronPlatformName} is not here${here ? " (npm run setup)" : ""}; this package will compute with wasm.\n`,
    );
}
