/** Components as the tests see them. `tsconfig.web.json` checks what is inside, with vue-tsc; this lets the faster compiler check the tests. */
declare module "*.vue" {
  import type { Component } from "vue";

  const component: Component;
  export default component;
}
