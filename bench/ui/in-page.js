// @ts-nocheck: this script runs in the page; the benchmark is compiled without DOM types.
/**
 * Timers inside the page, injected before its own scripts, because only the page knows when its contents are visible.
 * Times are in milliseconds of the page's clock.
 */
(() => {
  const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
  /** Waits until the browser has drawn the current document. */
  const drawn = async () => {
    await frame();
    await frame();
    return performance.now();
  };
  const rows = () => document.querySelectorAll('[data-testid="runs-table"] [role="row"][data-key]').length;

  const bench = {
    /** Waits until the history shows rows and the page runs tasks again; times since the start of the navigation. */
    historyReady: async () => {
      while (rows() === 0) await frame();
      const shown = await drawn();
      await new Promise((resolve) => setTimeout(resolve, 0));
      return { shown, interactive: performance.now() };
    },

    /** Measures the time from the next input into a field until the number of rows has changed and the table has been stable for a while. */
    watchFilter: (testid) => {
      const table = document.querySelector('[data-testid="runs-table"]');
      const field = document.querySelector(`[data-testid="${testid}"]`);
      bench.filtered = new Promise((resolve) => {
        field.addEventListener(
          "input",
          () => {
            const from = performance.now();
            const before = table.dataset.rows;
            let last = from;
            const observer = new MutationObserver(() => {
              last = performance.now();
              // Changes are visible in the next frame.
              requestAnimationFrame(() => {
                last = performance.now();
              });
            });
            observer.observe(table, { subtree: true, childList: true, attributes: true, characterData: true });
            const look = () => {
              if (table.dataset.rows === before || performance.now() - last < 150) {
                requestAnimationFrame(look);
                return;
              }
              observer.disconnect();
              resolve({ time: last - from, rows: Number(table.dataset.rows) });
            };
            requestAnimationFrame(look);
          },
          { once: true },
        );
      });
    },

    /** Opens a page of the window; returns the time until each chart has drawn the given number of points. */
    curvesDrawn: async (hash, names, points) => {
      const from = performance.now();
      location.hash = hash;
      const done = () =>
        names.every((name) => {
          const chart = document.querySelector(`[data-testid="chart-${name}"]`);
          return chart !== null && Number(chart.dataset.points) === points && chart.querySelector("canvas") !== null;
        });
      while (!done()) await frame();
      return (await drawn()) - from;
    },

    startFrames: () => {
      const deltas = [];
      let waiting = 0;
      let last = performance.now();
      let going = true;
      const tick = (now) => {
        if (!going) return;
        deltas.push(now - last);
        last = now;
        if (document.querySelector('[data-testid="runs-table"] [role="row"]:not([data-key]) .wait') !== null) waiting++;
        requestAnimationFrame(tick);
      };
      requestAnimationFrame((now) => {
        last = now;
        requestAnimationFrame(tick);
      });
      bench.endFrames = () => {
        going = false;
        return { deltas, waiting };
      };
    },
  };
  window.bench = bench;
})();
