// Placing cameras on a floor plan: drag, turn, keys, numbers. Each change is saved at once and can be undone.
// Units are those of inventory.models.PlanPlace: x and y in parts of 10,000, degrees clockwise from the top.
(function () {
  "use strict";

  const { PARTS, placeOf, cone, send } = window.floorSpots;
  const STEP = 50, SMALL_STEP = 10; // parts per arrow key
  const TURN = 5, SMALL_TURN = 1; // degrees per key
  const DRAG_FROM = 4; // pixels: less is a click
  const KEYS_REST_MS = 500;

  const stage = document.getElementById("arrange");
  if (!stage) {
    return;
  }
  const form = document.getElementById("plan-spot");
  const undoButton = document.getElementById("plan-undo");
  const lists = { tray: document.getElementById("plan-tray"), placed: document.getElementById("plan-placed") };
  const cameras = new Map();
  const undos = [];
  let chosen = null; // the camera whose numbers are shown
  let awaited = null; // the camera that the next click on the plan places

  for (const mark of stage.querySelectorAll("[data-mark]")) {
    const id = mark.dataset.mark;
    const place = mark.dataset.seen ? placeOf(mark.dataset) : null;
    cameras.set(id, {
      id, mark, place, stored: place, seen: mark.dataset.seen || "",
      name: mark.dataset.name,
      told: [mark.dataset.name, mark.dataset.state].filter(Boolean).join(" · "),
      at: mark.querySelector("[data-at]"),
      handle: mark.querySelector("[data-handle]"),
      view: stage.querySelector(`[data-view="${id}"]`),
      row: document.querySelector(`[data-row="${id}"]`),
      isSaving: false, isWaiting: false, timer: 0,
    });
  }

  // --- what is seen

  function say(words, camera) {
    const time = new Date().toLocaleTimeString(document.documentElement.lang);
    document.getElementById("plan-said").textContent =
      words.replace("{name}", camera ? camera.name : "").replace("{time}", time);
  }

  function refuse(words) {
    const box = document.getElementById("plan-refused");
    box.querySelector("[data-text]").textContent = words;
    box.hidden = !words;
  }

  function draw(camera) {
    const place = camera.place;
    camera.mark.classList.toggle("is-off", !place);
    camera.view.setAttribute("d", place ? cone(stage, place) : "");
    const list = place ? lists.placed : lists.tray;
    // Not while it is dragged: a row that moves in the page lets go of the pointer.
    if (camera.row.parentElement !== list && !camera.mark.classList.contains("is-dragged")) {
      list.append(camera.row);
    }
    if (place) {
      camera.at.setAttribute("x", `${place.x / 100}%`);
      camera.at.setAttribute("y", `${place.y / 100}%`);
      camera.handle.setAttribute("transform", `rotate(${place.direction})`);
      camera.mark.setAttribute("aria-label", stage.dataset.sayPlace
        .replace("{name}", camera.told).replace("{direction}", place.direction)
        .replace("{x}", (place.x / 100).toFixed(1)).replace("{y}", (place.y / 100).toFixed(1)));
    }
    if (camera === chosen) {
      fill();
    }
  }

  function fill() {
    form.hidden = !chosen || !chosen.place;
    if (form.hidden) {
      return;
    }
    document.getElementById("spot-title").textContent = chosen.name;
    const { x, y, direction, angle, reach } = chosen.place;
    const values = { x: (x / 100).toFixed(2), y: (y / 100).toFixed(2), direction, angle, reach_m: reach === null ? "" : reach };
    for (const [name, value] of Object.entries(values)) {
      const field = form.elements[name];
      if (field !== document.activeElement || Number(field.value) !== Number(value)) {
        field.value = value;
      }
    }
  }

  function choose(camera) {
    chosen = camera;
    for (const other of cameras.values()) {
      other.mark.setAttribute("aria-pressed", String(other === camera));
      other.row.querySelector("[data-pick]").toggleAttribute("aria-current", other === camera);
    }
    fill();
  }

  // --- saving

  async function save(camera) {
    if (camera.isSaving) {
      camera.isWaiting = true;
      return;
    }
    camera.isSaving = true;
    const sent = camera.place;
    const answer = await send(stage, camera, sent, form.elements.csrfmiddlewaretoken.value);
    camera.isSaving = false;
    if (answer.ok) {
      camera.stored = answer.place;
      camera.seen = answer.seen;
      refuse("");
      say(sent ? stage.dataset.saySaved : stage.dataset.sayTaken, camera);
    } else {
      // What is stored counts: the picture must never show a place that is nowhere.
      camera.stored = answer.place === undefined ? camera.stored : answer.place;
      camera.seen = answer.seen === undefined ? camera.seen : answer.seen;
      camera.place = camera.stored;
      camera.isWaiting = false;
      forget(camera);
      draw(camera);
      refuse(answer.message.replace("{name}", camera.name));
    }
    if (camera.isWaiting) {
      camera.isWaiting = false;
      save(camera);
    }
  }

  function keep(camera, before) {
    undos.push({ camera, place: before });
    undoButton.disabled = false;
    save(camera);
  }

  function forget(camera) {
    const others = undos.filter((one) => one.camera !== camera);
    undos.splice(0, undos.length, ...others);
    undoButton.disabled = !undos.length;
  }

  function undo() {
    cameras.forEach(settle);
    const last = undos.pop();
    undoButton.disabled = !undos.length;
    if (last) {
      last.camera.place = last.place;
      choose(last.camera);
      draw(last.camera);
      save(last.camera);
    }
  }

  function takeOff(camera) {
    settle(camera);
    const before = camera.place;
    camera.place = null;
    draw(camera);
    keep(camera, before);
    camera.row.querySelector("[data-pick]").focus();
  }

  // --- mouse and finger

  function spotAt(event, off) {
    const box = stage.getBoundingClientRect();
    const part = (value, size) => Math.round(Math.min(PARTS, Math.max(0, value / size * PARTS)));
    return {
      x: part(event.clientX - (off ? off.x : 0) - box.left, box.width),
      y: part(event.clientY - (off ? off.y : 0) - box.top, box.height),
    };
  }

  function isOnPlan(event) {
    const box = stage.parentElement.getBoundingClientRect();
    return event.clientX >= box.left && event.clientX <= box.right && event.clientY >= box.top && event.clientY <= box.bottom;
  }

  function fresh(spot) {
    return { x: spot.x, y: spot.y, direction: 0, angle: Number(form.elements.angle.defaultValue) || 90, reach: null };
  }

  // Follows one pointer until it is let go; `onMove` draws, and what changed is saved once at the end.
  function follow(camera, start, target, onMove) {
    settle(camera);
    const before = camera.place;
    let moved = false;
    target.setPointerCapture(start.pointerId);
    const move = (event) => {
      const way = Math.hypot(event.clientX - start.clientX, event.clientY - start.clientY);
      if (moved || way >= DRAG_FROM) {
        moved = true;
        camera.mark.classList.add("is-dragged");
        onMove(event);
        draw(camera);
      }
    };
    const end = (event) => {
      target.removeEventListener("pointermove", move);
      target.removeEventListener("pointerup", end);
      target.removeEventListener("pointercancel", end);
      camera.mark.classList.remove("is-dragged");
      if (event.type === "pointercancel") {
        camera.place = before;
      }
      draw(camera);
      if (moved && camera.place !== before) {
        choose(camera);
        keep(camera, before);
      }
    };
    target.addEventListener("pointermove", move);
    target.addEventListener("pointerup", end);
    target.addEventListener("pointercancel", end);
  }

  function centre(camera) {
    const box = camera.mark.querySelector(".plan-disc").getBoundingClientRect();
    return { x: box.left + box.width / 2, y: box.top + box.height / 2 };
  }

  for (const camera of cameras.values()) {
    camera.mark.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) {
        return;
      }
      choose(camera);
      camera.mark.focus({ preventScroll: true });
      event.preventDefault();
      const from = centre(camera);
      if (event.target.closest("[data-handle]")) {
        follow(camera, event, camera.mark, (now) => {
          const degrees = Math.atan2(now.clientX - from.x, from.y - now.clientY) * 180 / Math.PI;
          camera.place = { ...camera.place, direction: (Math.round(degrees) + 360) % 360 };
        });
      } else {
        const off = { x: event.clientX - from.x, y: event.clientY - from.y };
        follow(camera, event, camera.mark, (now) => {
          camera.place = { ...camera.place, ...spotAt(now, off) };
        });
      }
    });
    camera.mark.addEventListener("keydown", (event) => onKey(camera, event));
    camera.mark.addEventListener("focus", () => choose(camera));

    const pick = camera.row.querySelector("[data-pick]");
    pick.addEventListener("pointerdown", (event) => {
      // A finger on the list scrolls it; it places by tapping the list and then the plan.
      if (camera.place || event.button !== 0 || event.pointerType === "touch") {
        return;
      }
      follow(camera, event, pick, (now) => {
        camera.place = isOnPlan(now) ? { ...(camera.place || fresh(spotAt(now))), ...spotAt(now) } : null;
      });
    });
    pick.addEventListener("click", (event) => {
      choose(camera);
      if (camera.place) {
        camera.mark.focus();
      } else if (event.detail === 0) {
        place(camera, { x: PARTS / 2, y: PARTS / 2 });
      } else {
        awaited = camera;
        stage.classList.add("is-awaiting");
        stage.parentElement.scrollIntoView({ block: "nearest" });
        say(stage.dataset.sayTap, camera);
      }
    });
  }

  function place(camera, spot) {
    awaited = null;
    stage.classList.remove("is-awaiting");
    camera.place = fresh(spot);
    draw(camera);
    choose(camera);
    keep(camera, null);
    camera.mark.focus({ preventScroll: true });
  }

  stage.addEventListener("click", (event) => {
    if (awaited && !awaited.place) {
      place(awaited, spotAt(event));
    }
  });

  // --- keys and numbers

  const KEYS = {
    ArrowLeft: [-1, 0, 0], ArrowRight: [1, 0, 0], ArrowUp: [0, -1, 0], ArrowDown: [0, 1, 0],
    PageUp: [0, 0, -1], PageDown: [0, 0, 1],
  };

  function onKey(camera, event) {
    if (event.key === "Delete") {
      event.preventDefault();
      takeOff(camera);
      return;
    }
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      choose(camera);
      form.elements.x.focus();
      return;
    }
    const way = KEYS[event.key];
    if (!way || event.ctrlKey || event.altKey || event.metaKey) {
      return;
    }
    event.preventDefault();
    const step = event.shiftKey ? SMALL_STEP : STEP, turn = event.shiftKey ? SMALL_TURN : TURN;
    const within = (value) => Math.min(PARTS, Math.max(0, value));
    const now = camera.place;
    change(camera, {
      ...now, x: within(now.x + way[0] * step), y: within(now.y + way[1] * step),
      direction: (now.direction + way[2] * turn + 360) % 360,
    });
  }

  // Several keys in a row are one change: saved, and undone, as one.
  function change(camera, place) {
    if (!camera.timer) {
      camera.before = camera.place;
    }
    window.clearTimeout(camera.timer);
    camera.place = place;
    draw(camera);
    camera.timer = window.setTimeout(() => settle(camera), KEYS_REST_MS);
  }

  function settle(camera) {
    if (camera.timer) {
      window.clearTimeout(camera.timer);
      camera.timer = 0;
      keep(camera, camera.before);
    }
  }

  form.addEventListener("input", () => {
    if (!chosen || !chosen.place || !form.checkValidity()) {
      return;
    }
    const value = (name) => Number(form.elements[name].value);
    change(chosen, {
      x: Math.round(value("x") * 100), y: Math.round(value("y") * 100),
      direction: value("direction") % 360, angle: value("angle"),
      reach: form.elements.reach_m.value === "" ? null : value("reach_m"),
    });
  });
  form.addEventListener("change", () => form.reportValidity());
  form.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && chosen) {
      chosen.mark.focus();
    }
  });
  form.addEventListener("submit", (event) => event.preventDefault());
  document.getElementById("plan-take-off").addEventListener("click", () => chosen && chosen.place && takeOff(chosen));
  undoButton.addEventListener("click", undo);
  document.addEventListener("keydown", (event) => {
    const typing = /^(INPUT|TEXTAREA|SELECT)$/.test(document.activeElement.tagName);
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "z" && !typing) {
      event.preventDefault();
      undo();
    }
  });
  window.addEventListener("pagehide", () => cameras.forEach(settle));

  const first = cameras.get(stage.dataset.marked);
  if (first) {
    choose(first);
    (first.place ? first.mark : first.row.querySelector("[data-pick]")).focus();
  }
})();
