// Makes a floor plan larger and smaller inside its frame, and shows the camera that the page was opened for.
(function () {
  "use strict";

  const LARGEST = 4;
  const frame = document.querySelector(".plan-scroll");
  const stage = frame && frame.querySelector(".plan-stage");
  if (!stage) {
    return;
  }
  let zoom = 1;

  function show(wanted) {
    const before = zoom;
    zoom = Math.min(LARGEST, Math.max(1, wanted));
    const middleX = (frame.scrollLeft + frame.clientWidth / 2) * zoom / before;
    const middleY = (frame.scrollTop + frame.clientHeight / 2) * zoom / before;
    stage.style.width = `${100 * zoom}%`;
    frame.scrollLeft = middleX - frame.clientWidth / 2;
    frame.scrollTop = middleY - frame.clientHeight / 2;
    for (const button of document.querySelectorAll("[data-zoom]")) {
      button.disabled = zoom === (button.dataset.zoom === "1" ? LARGEST : 1);
    }
  }

  for (const button of document.querySelectorAll("[data-zoom]")) {
    button.addEventListener("click", () => show(zoom + Number(button.dataset.zoom)));
  }
  show(1);
})();
