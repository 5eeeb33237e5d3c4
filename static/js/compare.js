// Two pictures over each other, cut by a slider. Without this file they stand side by side.
(function () {
  "use strict";

  const pair = document.querySelector("[data-compare]");
  const control = document.querySelector("[data-compare-control]");
  if (!pair || !control) {
    return;
  }
  const slider = control.querySelector("[data-compare-cut]");

  function cut() {
    pair.style.setProperty("--cut", slider.value + "%");
    slider.setAttribute("aria-valuetext", slider.value + " %");
  }

  pair.classList.add("is-sliding");
  control.hidden = false;
  slider.addEventListener("input", cut);
  cut();
})();
