/** Called by electron-builder before it packs the files. Packages for other platforms do not contain TensorFlow's library and compute with wasm. */
import { materialise } from "./libraries.mjs";
import { writeNativeHashes } from "./native-hashes.mjs";

/** @param {{ readonly electronPlatformName: string }} context */
export default function beforePack({ electronPlatformName }) {
  const here = electronPlatformName === process.platform;
  if (!here || materialise().length === 0)
    process.stderr.write(
      `TensorFlow's library for ${electronPlatformName} is not available${here ? " (npm run setup installs it)" : ""}. This package will compute with wasm.\n`,
    );
  writeNativeHashes(electronPlatformName);
}
