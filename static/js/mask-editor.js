// Drawing masks over the picture: areas with corners that are set at moments and move by themselves between them.
// Corners are buttons, so that arrow keys move them as well as mouse and finger do.
(function () {
  "use strict";

  const FULL = 10000;
  const SVG = "http://www.w3.org/2000/svg";
  const editor = document.querySelector("[data-editor]");
  const stage = document.querySelector("[data-stage]");
  if (!editor || !stage) {
    return;
  }
  const words = editor.dataset;
  const video = stage.querySelector("video");
  const drawing = stage.querySelector("[data-drawing]");
  const list = editor.querySelector("[data-shapes]");
  const undoButton = editor.querySelector("[data-undo]");
  const told = editor.querySelector("[data-told]");
  const token = document.querySelector("[name=csrfmiddlewaretoken]").value;
  let shapes = JSON.parse(document.getElementById("mask-shapes").textContent);
  let selected = shapes.findIndex((shape) => !shape.fixed);
  const past = [];

  const now = () => Math.max(0, Math.min(Math.round(video.currentTime * 1000), length() - 1));
  const length = () => JSON.parse(document.getElementById("player-times").textContent).length_ms;
  const clamp = (value) => Math.max(0, Math.min(FULL, Math.round(value)));

  // The same arithmetic as footage_requests/mask_shapes.py: what is seen here is what is masked.
  function at(shape, moment) {
    const keys = shape.keys;
    if (moment < keys[0].at || (shape.until !== null && shape.until !== undefined && moment >= shape.until)) {
      return null;
    }
    const next = keys.findIndex((key) => key.at > moment);
    if (next === -1) {
      return keys[keys.length - 1].points;
    }
    const before = keys[next - 1];
    const after = keys[next];
    const share = (moment - before.at) / (after.at - before.at);
    return before.points.map((point, index) => [
      Math.floor(point[0] + (after.points[index][0] - point[0]) * share),
      Math.floor(point[1] + (after.points[index][1] - point[1]) * share),
    ]);
  }

  function remember() {
    past.push(JSON.stringify(shapes));
    if (past.length > 50) {
      past.shift();
    }
    undoButton.disabled = false;
  }

  function setKey(shape, points) {
    const moment = now();
    const existing = shape.keys.find((key) => key.at === moment);
    if (existing) {
      existing.points = points;
    } else {
      shape.keys.push({ at: moment, points: points });
      shape.keys.sort((a, b) => a.at - b.at);
    }
  }

  function element(name, text, attributes) {
    const made = document.createElement(name);
    made.textContent = text || "";
    Object.entries(attributes || {}).forEach(([key, value]) => made.setAttribute(key, value));
    return made;
  }

  function paint() {
    const moment = now();
    drawing.replaceChildren(...shapes.map(function (shape, index) {
      const points = at(shape, moment);
      const area = document.createElementNS(SVG, "polygon");
      area.setAttribute("points", (points || []).map((point) => point.join(",")).join(" "));
      area.classList.toggle("fixed", shape.fixed === true);
      area.classList.toggle("selected", index === selected);
      area.dataset.index = index;
      return area;
    }));
    handles();
  }

  function handles() {
    const shape = shapes[selected];
    const points = shape && !shape.fixed ? at(shape, now()) : null;
    const old = Array.from(stage.querySelectorAll(".handle"));
    if (!points || old.length !== points.length) {
      old.forEach((handle) => handle.remove());
    }
    (points || []).forEach(function (point, corner) {
      const handle = stage.querySelectorAll(".handle")[corner] || stage.appendChild(newHandle(corner));
      handle.style.left = `${point[0] / 100}%`;
      handle.style.top = `${point[1] / 100}%`;
      handle.setAttribute("aria-label", `${shape.name}, ${words.corner} ${corner + 1}`);
    });
  }

  function newHandle(corner) {
    const handle = element("button", "", { type: "button", class: "handle" });
    handle.addEventListener("pointerdown", (event) => drag(event, (dx, dy, start) => moveCorner(corner, start, dx, dy)));
    handle.addEventListener("keydown", function (event) {
      const steps = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
      const step = steps[event.key];
      if (!step) {
        return;
      }
      event.preventDefault();
      const size = event.shiftKey ? 500 : 100;
      remember();
      moveCorner(corner, at(shapes[selected], now()), step[0] * size, step[1] * size);
      rows();
    });
    return handle;
  }

  function moveCorner(corner, start, dx, dy) {
    const points = start.map((point) => point.slice());
    points[corner] = [clamp(points[corner][0] + dx), clamp(points[corner][1] + dy)];
    setKey(shapes[selected], points);
    paint();
  }

  function moveWhole(start, dx, dy) {
    const xs = start.map((point) => point[0]);
    const ys = start.map((point) => point[1]);
    const right = Math.max(-Math.min(...xs), Math.min(FULL - Math.max(...xs), dx));
    const down = Math.max(-Math.min(...ys), Math.min(FULL - Math.max(...ys), dy));
    setKey(shapes[selected], start.map((point) => [clamp(point[0] + right), clamp(point[1] + down)]));
    paint();
  }

  function drag(event, move) {
    event.preventDefault();
    video.pause();
    const start = at(shapes[selected], now());
    const box = stage.getBoundingClientRect();
    const begin = [event.clientX, event.clientY];
    const target = event.target;
    let moved = false;
    if (!start) {
      return;
    }
    target.setPointerCapture(event.pointerId);
    const onMove = function (step) {
      if (!moved) {
        remember();
        moved = true;
      }
      move(((step.clientX - begin[0]) / box.width) * FULL, ((step.clientY - begin[1]) / box.height) * FULL, start);
    };
    const onEnd = function () {
      target.removeEventListener("pointermove", onMove);
      target.removeEventListener("pointerup", onEnd);
      target.removeEventListener("pointercancel", onEnd);
      rows();
    };
    target.addEventListener("pointermove", onMove);
    target.addEventListener("pointerup", onEnd);
    target.addEventListener("pointercancel", onEnd);
  }

  drawing.addEventListener("pointerdown", function (event) {
    const index = Number(event.target.dataset.index);
    if (!(index >= 0) || shapes[index].fixed) {
      return;
    }
    selected = index;
    paint();
    rows();
    // Painting replaces the polygon: the drawing itself keeps the pointer.
    drag(wrap(event), (dx, dy, first) => moveWhole(first, dx, dy));
  });

  function wrap(event) {
    return {
      preventDefault: () => event.preventDefault(),
      clientX: event.clientX,
      clientY: event.clientY,
      pointerId: event.pointerId,
      target: drawing,
    };
  }

  function rows() {
    editor.querySelector("[data-empty]").hidden = shapes.length > 0;
    list.replaceChildren(...shapes.map(row));
  }

  function row(shape, index) {
    const item = element("li", "");
    item.classList.toggle("selected", index === selected);
    const title = shape.fixed ? `${shape.name} · ${words.fixed}` : shape.name;
    const choose = element("button", title, { type: "button", class: "btn btn-link p-0" });
    choose.addEventListener("click", function () {
      selected = index;
      video.currentTime = Math.max(video.currentTime, shape.keys[0].at / 1000);
      rows();
      paint();
    });
    item.append(choose, element("div", `${shape.keys.length} ${words.places}`, { class: "age" }));
    if (!shape.fixed) {
      item.append(actions(shape, index));
    }
    return item;
  }

  function actions(shape, index) {
    const box = element("div", "", { class: "row-actions" });
    const moment = now();
    const here = shape.keys.some((key) => key.at === moment);
    const add = function (text, act, off) {
      const button = element("button", text, { type: "button", class: "btn" });
      button.disabled = off === true;
      button.addEventListener("click", function () {
        remember();
        act();
        rows();
        paint();
      });
      box.append(button);
    };
    add(words.key, () => setKey(shape, at(shape, now()) || shape.keys[0].points));
    add(words.dropKey, function () {
      shape.keys = shape.keys.filter((key) => key.at !== now());
    }, !here || shape.keys.length < 2);
    if (shape.until === null || shape.until === undefined) {
      add(words.ends, function () {
        shape.until = Math.max(shape.keys[0].at + 1, now());
        shape.keys = shape.keys.filter((key) => key.at < shape.until);
      });
    } else {
      add(words.endless, function () {
        shape.until = null;
      });
    }
    add(words.remove, function () {
      shapes.splice(index, 1);
      selected = shapes.findIndex((other) => !other.fixed);
    });
    return box;
  }

  editor.querySelector("[data-add]").addEventListener("click", function () {
    remember();
    video.pause();
    const points = [[4000, 3500], [6000, 3500], [6000, 6500], [4000, 6500]];
    const number = shapes.filter((shape) => !shape.fixed).length + 1;
    shapes.unshift({ name: `${words.newName} ${number}`, fixed: false, until: null, keys: [{ at: now(), points: points }] });
    selected = 0;
    rows();
    paint();
  });
  undoButton.addEventListener("click", function () {
    shapes = JSON.parse(past.pop());
    undoButton.disabled = past.length === 0;
    selected = Math.min(selected, shapes.length - 1);
    rows();
    paint();
  });
  editor.querySelector("[data-save-button]").addEventListener("click", function () {
    const value = (name) => editor.querySelector(`[name=${name}]:checked`).value;
    const body = JSON.stringify({
      shapes: shapes.filter((shape) => !shape.fixed),
      style: value("style"),
      inverse: value("inverse") === "yes",
    });
    const headers = { "Content-Type": "application/json", "X-CSRFToken": token };
    fetch(words.save, { method: "POST", headers: headers, body: body })
      .then((answer) => answer.json().then((data) => [answer.ok, data]))
      .then(function ([ok, data]) {
        told.textContent = ok ? words.saved : `${words.unsaved} ${data.error || ""}`;
        told.className = ok ? "mt-2 mb-0 state state-RECORDED" : "mt-2 mb-0 state state-NOT_RECORDED";
        if (ok) {
          past.length = 0;
          undoButton.disabled = true;
          window.htmx.trigger(editor.querySelector("[data-progress]"), "masks-saved");
        }
      })
      .catch(function () {
        told.textContent = words.failed;
      });
  });
  // What was drawn is not lost by a slip: the browser asks before the page is left.
  window.addEventListener("beforeunload", function (event) {
    if (past.length) {
      event.preventDefault();
    }
  });
  video.addEventListener("timeupdate", paint);
  video.addEventListener("seeked", function () {
    paint();
    rows();
  });
  video.addEventListener("loadedmetadata", paint);
  rows();
  paint();
})();
