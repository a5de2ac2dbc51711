/** Called by electron-builder after it has packed the files. */
import { relink } from "./libraries.mjs";

export default function afterPack() {
  relink();
}
