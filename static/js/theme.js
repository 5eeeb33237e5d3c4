// Runs before the first paint, so that a dark screen never flashes white: "auto" follows the system.
(function () {
  "use strict";
  const root = document.documentElement;
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  function apply() {
    if (root.dataset.theme === "auto") {
      root.dataset.bsTheme = dark.matches ? "dark" : "light";
    }
  }
  dark.addEventListener("change", apply);
  apply();
})();
