/** electron-builder calls this when it has packed. */
import { relink } from "./libraries.mjs";

export default function afterPack() {
  relink();
}
