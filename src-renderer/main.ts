import "./lib/trusted-types.ts";
import "./bridge/link-code.ts";
import "@fontsource-variable/inter/index.css";
import "@fontsource-variable/jetbrains-mono/index.css";
import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/controls.css";
import { createPinia } from "pinia";
import { createApp } from "vue";
import { z } from "zod";
import type { WireError } from "../src-shared/contract.ts";
import App from "./App.vue";
import { call, connectStudio } from "./bridge/studio.ts";
import type { WebSession } from "./bridge/web-session.ts";
import { router } from "./router.ts";
import SignInPage from "./shell/SignInPage.vue";
import { useActiveRuns } from "./stores/active-runs.ts";
import { useConnection } from "./stores/connection.ts";
import { useNotifications } from "./stores/notifications.ts";
import { useSettings } from "./stores/preferences/settings.ts";
import { useTheme } from "./stores/preferences/theme.ts";
import { useProject } from "./stores/project.ts";
import { describeError, useToasts } from "./stores/toasts.ts";

// The content security policy forbids eval, which zod uses unless told otherwise.
z.config({ jitless: true });

/** Shows the page for signing in until that has succeeded. */
function signInFirst(session: WebSession, reason: WireError): Promise<void> {
  useTheme().apply();
  const page = createApp(SignInPage, { session, reason });
  page.mount("#app");
  return new Promise((resolve) => {
    const stop = session.onSignedIn(() => {
      stop();
      page.unmount();
      resolve();
    });
  });
}

async function start(): Promise<void> {
  const app = createApp(App);
  app.use(createPinia());
  const report = (cause: unknown): void => {
    const { text, detail } = describeError(cause);
    useToasts().error("Something went wrong", cause);
    call("log.report", { message: text.slice(0, 10_000), detail: detail.slice(0, 10_000) }).catch(() => undefined);
  };
  app.config.errorHandler = (cause) => {
    console.error(cause);
    report(cause);
  };
  window.addEventListener("unhandledrejection", (event) => report(event.reason));
  window.addEventListener("dragover", (event) => event.preventDefault());
  window.addEventListener("drop", (event) => event.preventDefault());

  await connectStudio(signInFirst);
  useConnection().watchBridge();
  await Promise.all([useSettings().load(), useProject().load()]);
  useTheme().apply();
  useNotifications().begin();
  if (useProject().current !== null) await useActiveRuns().load();
  app.use(router);
  await router.isReady();
  app.mount("#app");
}

start().catch((cause: unknown) => {
  const root = document.getElementById("app");
  if (root !== null) root.textContent = `GHN Studio could not start: ${describeError(cause).text} Reload the page to try again.`;
});
