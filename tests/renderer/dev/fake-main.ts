import { createFakeBridge } from "./bridge.ts";

const wish = new URLSearchParams(location.search);
const theme = wish.get("theme");
const bridge = createFakeBridge({
  runs: Number(wish.get("runs") ?? 60),
  project: wish.get("project") !== "none",
  live: wish.get("live") !== "off",
  points: Number(wish.get("points") ?? 0),
  settings: theme === null ? {} : { "ui.theme": theme },
});
Object.defineProperty(window, "studio", { value: bridge });
await import("../../../src-renderer/main.ts");
