/** Preloaded into a child process to simulate a machine on which TensorFlow is not set up. */
import { registerHooks } from "node:module";

registerHooks({
  resolve(specifier, context, next) {
    if (!specifier.endsWith("/load-native.ts")) return next(specifier, context);
    const source = `export async function loadNativeTensorFlow() { throw new Error("The library is not there.\\nDetails."); }`;
    return { url: `data:text/javascript,${encodeURIComponent(source)}`, format: "module", shortCircuit: true };
  },
});
