// Two points on a plan and the metres between them give the metres across the picture; the arrow follows north.
(function () {
  "use strict";

  const stage = document.getElementById("measure");
  if (!stage) {
    return;
  }
  const width = document.getElementById("id_width_m");
  const north = document.getElementById("id_north_degrees");
  const measured = document.getElementById("measured");
  const line = stage.querySelector("[data-line]");
  const dots = stage.querySelectorAll("[data-point]");
  let points = []; // shares of the picture's width, both ways

  function draw() {
    const height = stage.clientHeight / stage.clientWidth;
    const at = (point) => [`${100 * point.x}%`, `${100 * point.y / height}%`];
    dots.forEach((dot, number) => {
      const point = points[number];
      dot.classList.toggle("is-off", !point);
      if (point) {
        const [x, y] = at(point);
        dot.setAttribute("cx", x);
        dot.setAttribute("cy", y);
      }
    });
    line.classList.toggle("is-off", points.length < 2);
    if (points.length === 2) {
      points.map(at).forEach(([x, y], number) => {
        line.setAttribute(`x${number + 1}`, x);
        line.setAttribute(`y${number + 1}`, y);
      });
    }
    measured.disabled = points.length < 2;
  }

  function reckon() {
    const metres = Number(measured.value);
    const [from, to] = points;
    const share = to ? Math.hypot(to.x - from.x, to.y - from.y) : 0;
    if (metres > 0 && share > 0) {
      width.value = (metres / share).toFixed(2);
    }
  }

  function turn() {
    const known = north.value !== "" && north.checkValidity();
    stage.querySelector("[data-north]").classList.toggle("is-off", !known);
    if (known) {
      stage.querySelector("[data-arrow]").setAttribute("transform", `rotate(${north.value})`);
    }
  }

  stage.addEventListener("click", (event) => {
    const box = stage.getBoundingClientRect();
    const point = { x: (event.clientX - box.left) / box.width, y: (event.clientY - box.top) / box.width };
    points = points.length === 2 ? [point] : [...points, point];
    draw();
    reckon();
    if (points.length === 2) {
      measured.focus({ preventScroll: true });
    }
  });
  measured.addEventListener("input", reckon);
  north.addEventListener("input", turn);
  draw();
  turn();
})();
