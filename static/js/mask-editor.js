// Drawing masks over the picture: areas with corners that are set at moments and move by themselves between them.
// Corners and middles are buttons, so that arrow keys move them as well as mouse and finger do.
(function () {
  "use strict";

  const FULL = 10000;
  const MOST_CORNERS = 40;
  const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
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
  let shapes = JSON.parse(document.getElementById("mask-shapes").textContent);
  let selected = shapes.findIndex((shape) => !shape.fixed);
  let corner = 0;
  let nudged = "";
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

  // Arrow keys at the same handle and moment are one step to undo.
  function remember(nudge) {
    if (nudge && nudge === nudged) {
      return;
    }
    nudged = nudge || "";
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
    const wanted = points ? points.length + 1 : 0;
    const old = Array.from(stage.querySelectorAll(".handle"));
    if (old.length !== wanted) {
      old.forEach((handle) => handle.remove());
    }
    if (!points) {
      return;
    }
    const middle = [0, 1].map((axis) => points.reduce((sum, point) => sum + point[axis], 0) / points.length);
    [middle, ...points].forEach(function (point, order) {
      const handle = stage.querySelectorAll(".handle")[order] || stage.appendChild(newHandle(order - 1));
      handle.style.left = `${point[0] / 100}%`;
      handle.style.top = `${point[1] / 100}%`;
      handle.setAttribute("aria-label", `${shape.name}, ${order ? `${words.corner} ${order}` : words.whole}`);
    });
  }

  // `which` counts corners from 0; -1 is the middle, which moves the whole area.
  function newHandle(which) {
    const move = which < 0 ? moveWhole : (start, dx, dy) => moveCorner(which, start, dx, dy);
    const handle = element("button", "", { type: "button", class: which < 0 ? "handle whole" : "handle" });
    const chosen = function () {
      if (which >= 0 && which !== corner) {
        corner = which;
        rows();
      }
    };
    handle.addEventListener("focus", chosen);
    handle.addEventListener("pointerdown", function (event) {
      chosen();
      drag(event, (dx, dy, start) => move(start, dx, dy));
    });
    handle.addEventListener("keydown", function (event) {
      const step = STEPS[event.key];
      if (event.key === "Delete" && which >= 0 && canLose(shapes[selected])) {
        event.preventDefault();
        remember();
        dropCorner(shapes[selected], which);
        rows();
        paint();
        stage.querySelectorAll(".handle")[corner + 1].focus();
      }
      if (!step) {
        return;
      }
      event.preventDefault();
      video.pause();
      const size = event.shiftKey ? 500 : 100;
      remember(`${selected} ${which} ${now()}`);
      move(at(shapes[selected], now()), step[0] * size, step[1] * size);
      rows();
    });
    return handle;
  }

  // Every place of an area has the same corners: one more or one less is so at all of them.
  function addCorner(shape) {
    const points = at(shape, now()) || shape.keys[0].points;
    const sides = points.map((point, index) => {
      const next = points[(index + 1) % points.length];
      return Math.hypot(next[0] - point[0], next[1] - point[1]);
    });
    const side = sides.indexOf(Math.max(...sides));
    shape.keys.forEach(function (key) {
      const one = key.points[side];
      const other = key.points[(side + 1) % key.points.length];
      key.points.splice(side + 1, 0, [0, 1].map((axis) => clamp((one[axis] + other[axis]) / 2)));
    });
    corner = side + 1;
  }

  function dropCorner(shape, which) {
    shape.keys.forEach((key) => key.points.splice(which, 1));
    corner = Math.min(which, shape.keys[0].points.length - 1);
  }

  const canLose = (shape) => shape.keys[0].points.length > 3;

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
    choose(index);
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

  function choose(index) {
    selected = index;
    corner = 0;
  }

  // The buttons are made anew: whoever stands on one with the keyboard stands on its successor.
  function rows() {
    const held = list.contains(document.activeElement) ? document.activeElement.dataset.does : "";
    editor.querySelector("[data-empty]").hidden = shapes.length > 0;
    list.replaceChildren(...shapes.map(row));
    if (held) {
      const place = held.split(" ")[0];
      const found = ["", `${place} choose`].map((name) => list.querySelector(`[data-does="${name || held}"]`));
      (found.find((button) => button && !button.disabled) || editor.querySelector("[data-add]")).focus();
    }
  }

  function row(shape, index) {
    const item = element("li", "");
    item.classList.toggle("selected", index === selected);
    const title = shape.fixed ? `${shape.name} · ${words.fixed}` : shape.name;
    const name = element("button", title, { type: "button", class: "btn btn-link p-0", "data-does": `${index} choose` });
    name.setAttribute("aria-pressed", String(index === selected));
    name.addEventListener("click", function () {
      choose(index);
      video.currentTime = Math.max(video.currentTime, shape.keys[0].at / 1000);
      rows();
      paint();
    });
    const places = shape.keys.length === 1 ? words.onePlace : `${shape.keys.length} ${words.places}`;
    item.append(name, element("div", places, { class: "age" }));
    if (!shape.fixed) {
      item.append(actions(shape, index));
    }
    return item;
  }

  function actions(shape, index) {
    const box = element("div", "", { class: "row-actions" });
    const moment = now();
    const here = shape.keys.some((key) => key.at === moment);
    const add = function (does, text, act, off) {
      const button = element("button", text, { type: "button", class: "btn", "data-does": `${index} ${does}` });
      button.disabled = off === true;
      button.addEventListener("click", function () {
        remember();
        choose(index);
        act();
        rows();
        paint();
      });
      box.append(button);
    };
    add("key", words.key, () => setKey(shape, at(shape, now()) || shape.keys[0].points));
    add("dropKey", words.dropKey, function () {
      shape.keys = shape.keys.filter((key) => key.at !== now());
    }, !here || shape.keys.length < 2);
    if (shape.until === null || shape.until === undefined) {
      add("end", words.ends, function () {
        shape.until = Math.max(shape.keys[0].at + 1, now());
        shape.keys = shape.keys.filter((key) => key.at < shape.until);
      });
    } else {
      add("end", words.endless, function () {
        shape.until = null;
      });
    }
    const corners = shape.keys[0].points.length;
    add("corner", words.addCorner, () => addCorner(shape), corners >= MOST_CORNERS);
    if (index === selected) {
      const which = corner;
      add("dropCorner", `${words.dropCorner} ${which + 1}`, () => dropCorner(shape, which), !canLose(shape));
    }
    add("remove", words.remove, function () {
      shapes.splice(index, 1);
      choose(shapes.findIndex((other) => !other.fixed));
    });
    return box;
  }

  editor.querySelector("[data-add]").addEventListener("click", function () {
    remember();
    video.pause();
    const points = [[4000, 3500], [6000, 3500], [6000, 6500], [4000, 6500]];
    const number = shapes.filter((shape) => !shape.fixed).length + 1;
    shapes.unshift({ name: `${words.newName} ${number}`, fixed: false, until: null, keys: [{ at: now(), points: points }] });
    choose(0);
    rows();
    paint();
    stage.querySelector(".handle.whole").focus({ preventScroll: true });
  });
  undoButton.addEventListener("click", function () {
    shapes = JSON.parse(past.pop());
    undoButton.disabled = past.length === 0;
    choose(Math.min(selected, shapes.length - 1));
    nudged = "";
    rows();
    paint();
  });
  function save() {
    const value = (name) => editor.querySelector(`[name=${name}]:checked`).value;
    const body = JSON.stringify({
      shapes: shapes.filter((shape) => !shape.fixed),
      style: value("style"),
      inverse: value("inverse") === "yes",
    });
    const token = document.querySelector("[name=csrfmiddlewaretoken]").value;
    // HX-Request: an ended session answers 401 instead of leading to the sign-in page.
    const headers = { "Content-Type": "application/json", "HX-Request": "true", "X-CSRFToken": token };
    fetch(words.save, { method: "POST", headers: headers, body: body })
      .then(function (answer) {
        if (answer.status !== 401) {
          return answer.json().then((data) => [answer.ok, data]);
        }
        document.dispatchEvent(new CustomEvent("session:ended", { detail: { again: save } }));
        return [false, { error: "" }];
      })
      .then(function ([ok, data]) {
        told.textContent = ok ? words.saved : `${words.unsaved} ${data.error || ""}`;
        told.className = ok ? "mt-2 mb-0 state state-RECORDED" : "mt-2 mb-0 state state-NOT_RECORDED";
        if (ok) {
          past.length = 0;
          nudged = "";
          undoButton.disabled = true;
          window.htmx.trigger(editor.querySelector("[data-progress]"), "masks-saved");
        }
      })
      .catch(function () {
        told.textContent = words.failed;
        told.className = "mt-2 mb-0 state state-NOT_RECORDED";
      });
  }
  editor.querySelector("[data-save-button]").addEventListener("click", save);
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
