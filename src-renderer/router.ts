import { createRouter, createWebHashHistory } from "vue-router";
import { useProject } from "./stores/project.ts";
import WelcomeView from "./views/WelcomeView.vue";

export const RUN_TABS = ["overview", "curves", "candidates", "correlation", "anytime", "trainings", "config", "log", "artifacts"] as const;
export type RunTab = (typeof RUN_TABS)[number];

export const router = createRouter({
  history: createWebHashHistory(),
  routes: [
    { path: "/", redirect: () => (useProject().current === null ? "/welcome" : "/runs") },
    { path: "/welcome", name: "welcome", component: WelcomeView, meta: { title: "Welcome", free: true } },
    { path: "/runs", name: "runs", component: () => import("./views/RunsView.vue"), meta: { title: "Runs" } },
    { path: "/new", name: "new-run", component: () => import("./views/NewRunView.vue"), meta: { title: "New run" } },
    { path: "/runs/:runId/:tab?", name: "run", component: () => import("./views/RunView.vue"), props: true, meta: { title: "Run" } },
    { path: "/cells", name: "cells", component: () => import("./views/CellsView.vue"), meta: { title: "Cells" } },
    { path: "/compare", name: "compare", component: () => import("./views/CompareView.vue"), meta: { title: "Compare" } },
    { path: "/datasets", name: "datasets", component: () => import("./views/DatasetsView.vue"), meta: { title: "Datasets" } },
    { path: "/settings", name: "settings", component: () => import("./views/SettingsView.vue"), meta: { title: "Settings", free: true } },
    { path: "/help", name: "help", component: () => import("./views/HelpView.vue"), meta: { title: "Help", free: true } },
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
