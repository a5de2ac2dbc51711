import { createRouter, createWebHashHistory } from "vue-router";
import WelcomePage from "./pages/welcome/WelcomePage.vue";
import { useProject } from "./stores/project.ts";

export const router = createRouter({
  history: createWebHashHistory(),
  routes: [
    { path: "/", redirect: () => (useProject().current === null ? "/welcome" : "/runs") },
    { path: "/welcome", name: "welcome", component: WelcomePage, meta: { title: "Welcome", free: true } },
    { path: "/runs", name: "runs", component: () => import("./pages/runs/RunsPage.vue"), meta: { title: "Runs" } },
    { path: "/new", name: "new-run", component: () => import("./pages/new-run/NewRunPage.vue"), meta: { title: "New run" } },
    { path: "/runs/:runId/:tab?", name: "run", component: () => import("./pages/run/RunPage.vue"), props: true, meta: { title: "Run" } },
    { path: "/cells", name: "cells", component: () => import("./pages/cells/CellsPage.vue"), meta: { title: "Cells" } },
    { path: "/compare", name: "compare", component: () => import("./pages/compare/ComparePage.vue"), meta: { title: "Compare" } },
    { path: "/datasets", name: "datasets", component: () => import("./pages/datasets/DatasetsPage.vue"), meta: { title: "Datasets" } },
    { path: "/settings", name: "settings", component: () => import("./pages/settings/SettingsPage.vue"), meta: { title: "Settings", free: true } },
    { path: "/help", name: "help", component: () => import("./pages/help/HelpPage.vue"), meta: { title: "Help", free: true } },
    { path: "/:rest(.*)*", redirect: "/" },
  ],
});

router.beforeEach((to) => {
  if (to.meta.free !== true && useProject().current === null) return { name: "welcome" };
  return true;
});

router.afterEach((to) => {
  const project = useProject().current;
  const page = typeof to.meta.title === "string" ? to.meta.title : "";
  document.title = [page, project?.name, "GHN Studio"].filter((part) => part !== undefined && part !== "").join(" · ");
});
