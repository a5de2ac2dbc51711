import { cpSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { runCommand } from "../../src-main/lib/commands.ts";
import { temporaryFolder } from "../tensorflow-install/support/folder.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

it("builds the renderer in a folder with # in its path, with fonts and workers", async () => {
  const root = path.join(temporaryFolder(), "clone #2");
  const sources = path.join(root, "src-renderer");
  mkdirSync(sources, { recursive: true });
  symlinkSync(path.join(ROOT, "node_modules"), path.join(root, "node_modules"), "junction");
  cpSync(path.join(ROOT, "vite.renderer.config.ts"), path.join(root, "vite.renderer.config.ts"));
  writeFileSync(path.join(root, "package.json"), '{ "type": "module" }');
  writeFileSync(path.join(sources, "index.html"), '<script type="module" src="./main.ts"></script>');
  writeFileSync(path.join(sources, "main.ts"), 'import "./page.css";\nimport Work from "./work.ts?worker";\nnew Work();\n');
  writeFileSync(path.join(sources, "page.css"), '@font-face { font-family: "F"; src: url("./font.woff2"); }\n');
  writeFileSync(path.join(sources, "font.woff2"), "font");
  writeFileSync(path.join(sources, "work.ts"), "postMessage(1);\n");

  const vite = path.join(ROOT, "node_modules", "vite", "bin", "vite.js");
  const { code, output } = await runCommand(process.execPath, [vite, "build", "--config", path.join(root, "vite.renderer.config.ts")], { cwd: root });
  expect({ code, output }).toMatchObject({ code: 0 });
  const endings = readdirSync(path.join(root, "out", "renderer", "assets")).map((name) => `${name.split("-")[0]}${path.extname(name)}`);
  expect(endings.sort()).toEqual(["font.woff2", "index.css", "index.js", "work.js"]);
});
