import { expect, it } from "vitest";
import { allowedHtml, allowedScript } from "../../../src-renderer/lib/trusted-types.ts";

it("the default policy passes the empty string and scripts of the build, and nothing else", () => {
  expect(allowedHtml("")).toBe("");
  for (const html of [" ", "<b>x</b>", "text"]) expect(allowedHtml(html)).toBeNull();
  for (const page of ["http://127.0.0.1:8420/", "http://127.0.0.1:8420/user/ada/#/runs", "app://studio/"]) {
    const own = new URL("assets/elk-worker-1a2b.js", page).href;
    expect(allowedScript(own, page)).toBe(own);
    for (const url of [
      "data:text/javascript,1",
      "blob:x",
      "https://evil.example/assets/x.js",
      "assets/../x.js",
      "assets/x.html",
      "//evil.example/assets/x.js",
      "javascript:1",
    ])
      expect(allowedScript(url, page), url).toBeNull();
  }
});
