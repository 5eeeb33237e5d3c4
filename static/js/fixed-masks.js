// One area drawn over a still picture; its corners are buttons, moved by pointer or arrow keys.
(function () {
  "use strict";

  const FULL = 10000;
  const SVG = "http://www.w3.org/2000/svg";
  const stage = document.querySelector("[data-fixed-stage]");
  const form = document.querySelector("[data-fixed-form]");
  if (!stage) {
    return;
  }
  const drawing = stage.querySelector("[data-fixed-drawing]");
  const standing = Object.values(JSON.parse(document.getElementById("fixed-corners").textContent));
  const picture = stage.querySelector("[data-picture]");
  if (picture) {
    picture.addEventListener("error", () => picture.remove());
  }
  let points = [[4000, 4000], [6000, 4000], [6000, 6000], [4000, 6000]];
  if (form && form.elements.points.value) {
    points = JSON.parse(form.elements.points.value);
  }
  const clamp = (value) => Math.max(0, Math.min(FULL, Math.round(value)));

  function area(corners, kind) {
    const made = document.createElementNS(SVG, "polygon");
    made.setAttribute("points", corners.map((corner) => corner.join(",")).join(" "));
    made.classList.add(kind);
    return made;
  }

  function paint() {
    const made = standing.map((corners) => area(corners, "fixed"));
    if (form) {
      made.push(area(points, "selected"));
      form.elements.points.value = JSON.stringify(points);
    }
    drawing.replaceChildren(...made);
    stage.querySelectorAll(".handle").forEach(function (handle, index) {
      handle.style.left = `${points[index][0] / 100}%`;
      handle.style.top = `${points[index][1] / 100}%`;
    });
  }

  function move(index, x, y) {
    points[index] = [clamp(x), clamp(y)];
    paint();
  }

  function newHandle(index) {
    const handle = document.createElement("button");
    handle.type = "button";
    handle.className = "handle";
    handle.setAttribute("aria-label", `${form.dataset.corner} ${index + 1}`);
    handle.addEventListener("keydown", function (event) {
      const steps = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
      const step = steps[event.key];
      if (step) {
        event.preventDefault();
        const size = event.shiftKey ? 500 : 100;
        move(index, points[index][0] + step[0] * size, points[index][1] + step[1] * size);
      }
    });
    handle.addEventListener("pointerdown", function (event) {
      event.preventDefault();
      handle.focus();
      handle.setPointerCapture(event.pointerId);
      const box = stage.getBoundingClientRect();
      const onMove = (step) =>
        move(index, ((step.clientX - box.left) / box.width) * FULL, ((step.clientY - box.top) / box.height) * FULL);
      const onEnd = function () {
        handle.removeEventListener("pointermove", onMove);
        handle.removeEventListener("pointerup", onEnd);
        handle.removeEventListener("pointercancel", onEnd);
      };
      handle.addEventListener("pointermove", onMove);
      handle.addEventListener("pointerup", onEnd);
      handle.addEventListener("pointercancel", onEnd);
    });
    return handle;
  }

  if (form) {
    points.forEach((_point, index) => stage.appendChild(newHandle(index)));
  }
  paint();
})();
