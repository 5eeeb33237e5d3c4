// Choosing a stretch of a day on its strips: by mouse, by finger, by arrow keys at both ends, or by the time fields.
// The words follow cameras/windows.py; without this file the form's button asks the server for them.
(function () {
  "use strict";

  const DAY = 86400;
  const TSI_MS = 3 * 3600 * 1000;
  const form = document.querySelector("[data-window]");
  const strips = Array.from(document.querySelectorAll("[data-window-strip]"));
  if (!form || !strips.length) {
    return;
  }
  const limit = Math.min(Number(form.dataset.limit), DAY);
  const fields = { from: form.elements.from, to: form.elements.to };
  const told = form.querySelector("[data-window-told]");
  const status = form.querySelector("[data-window-status]");
  let chosen = null;

  const two = (number) => String(number).padStart(2, "0");

  function clock(seconds) {
    return [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60].map(two).join(":");
  }

  function read(field) {
    const parts = field.value.split(":").map(Number);
    return field.value ? parts[0] * 3600 + parts[1] * 60 + (parts[2] || 0) : null;
  }

  // Türkiye is three hours ahead of UTC all year, whatever the reader's own machine says.
  function stamped(ms) {
    const local = new Date(ms + TSI_MS);
    const day = [two(local.getUTCDate()), two(local.getUTCMonth() + 1), local.getUTCFullYear()].join(".");
    const time = [local.getUTCHours(), local.getUTCMinutes(), local.getUTCSeconds()].map(two).join(":");
    return { day: day, time: time };
  }

  function span(offset) {
    const start = Number(form.dataset.dayStart) + offset;
    const first = stamped(start + chosen[0] * 1000);
    const last = stamped(start + chosen[1] * 1000);
    return first.day + " " + first.time + "–" + (first.day === last.day ? "" : last.day + " ") + last.time;
  }

  function length(seconds) {
    const words = form.dataset;
    const hours = Math.floor(seconds / 3600);
    const minutes = Math.floor(seconds / 60) % 60;
    if (hours) {
      return hours + " " + words.hours + " " + two(minutes) + " " + words.minutes;
    }
    const rest = seconds % 60;
    const some = minutes ? [minutes + " " + words.minutes] : [];
    return some.concat(rest || !minutes ? [rest + " " + words.seconds] : []).join(" ");
  }

  function iso(seconds) {
    const at = new Date(Number(form.dataset.dayStart) + seconds * 1000 + TSI_MS);
    return at.toISOString().slice(0, 19) + "+03:00";
  }

  function tell() {
    const lines = [];
    const trueText = span(0) + " TSİ";
    const long = length(chosen[1] - chosen[0]);
    form.querySelector("[data-window-true]").textContent = trueText;
    form.querySelector("[data-window-length]").textContent = long;
    lines.push(form.dataset.place + " · " + trueText + " (" + long + ")");
    form.querySelectorAll("[data-window-device]").forEach(function (cell) {
      if (cell.dataset.windowDevice !== "") {
        cell.textContent = span(Number(cell.dataset.windowDevice));
      }
      lines.push(cell.dataset.name + ": " + cell.textContent);
    });
    form.querySelector("[data-window-text]").value = lines.join("\n");
    document.querySelectorAll("[data-window-at]").forEach(function (field) {
      field.value = iso(chosen[0]);
    });
    const link = form.querySelector("[data-window-request]");
    if (link) {
      const url = new URL(form.dataset.request, window.location.href);
      url.searchParams.set("from", iso(chosen[0]));
      url.searchParams.set("to", iso(chosen[1]));
      link.href = url.href;
    }
  }

  // Each strip gets its shade; the ends of the first one are two sliders for the keyboard.
  const shades = strips.map(function (strip, place) {
    const shade = document.createElement("div");
    shade.className = "window-shade";
    shade.hidden = true;
    ["from", "to"].forEach(function (end) {
      const handle = document.createElement("span");
      handle.className = "window-end window-end-" + end;
      handle.dataset.end = end;
      if (place === 0) {
        handle.setAttribute("role", "slider");
        handle.setAttribute("aria-label", form.dataset[end + "Label"]);
        handle.setAttribute("aria-valuemin", "0");
        handle.setAttribute("aria-valuemax", String(limit));
        handle.tabIndex = 0;
      }
      shade.append(handle);
    });
    strip.append(shade);
    return shade;
  });

  function show(from, to) {
    chosen = [Math.max(0, Math.min(from, to)), Math.min(limit, Math.max(from, to))];
    if (chosen[1] <= chosen[0]) {
      chosen[1] = Math.min(limit, chosen[0] + 60);
      chosen[0] = Math.min(chosen[0], chosen[1] - 1);
    }
    // A time field knows no 24:00: the last second stands for it.
    fields.from.value = clock(Math.min(chosen[0], DAY - 1));
    fields.to.value = clock(Math.min(chosen[1], DAY - 1));
    shades.forEach(function (shade) {
      shade.hidden = false;
      shade.style.left = (100 * chosen[0]) / DAY + "%";
      shade.style.width = (100 * (chosen[1] - chosen[0])) / DAY + "%";
    });
    shades[0].querySelectorAll("[role=slider]").forEach(function (handle) {
      const value = chosen[handle.dataset.end === "from" ? 0 : 1];
      handle.setAttribute("aria-valuenow", String(value));
      handle.setAttribute("aria-valuetext", clock(value));
    });
    status.textContent = "";
    told.hidden = false;
    form.querySelector("[data-window-clear]").hidden = false;
    tell();
  }

  function fromFields() {
    const from = read(fields.from);
    const to = read(fields.to);
    if (from !== null && to !== null && to > from) {
      show(from, to);
    }
  }

  function at(strip, event) {
    const box = strip.getBoundingClientRect();
    const share = Math.min(Math.max((event.clientX - box.left) / box.width, 0), 1);
    return Math.min(Math.round((share * DAY) / 60) * 60, limit);
  }

  strips.forEach(function (strip) {
    let anchor = null;
    let moved = false;
    strip.addEventListener("pointerdown", function (event) {
      if (event.button !== 0) {
        return;
      }
      const end = event.target.dataset.end;
      anchor = end && chosen ? chosen[end === "from" ? 1 : 0] : at(strip, event);
      moved = Boolean(end);
      strip.setPointerCapture(event.pointerId);
    });
    strip.addEventListener("pointermove", function (event) {
      if (anchor === null) {
        return;
      }
      const here = at(strip, event);
      moved = moved || here !== anchor;
      if (moved && here !== anchor) {
        show(anchor, here);
      }
    });
    ["pointerup", "pointercancel"].forEach(function (name) {
      strip.addEventListener(name, function () {
        anchor = null;
      });
    });
  });

  const KEYS = { ArrowLeft: -60, ArrowDown: -60, ArrowRight: 60, ArrowUp: 60, PageDown: -3600, PageUp: 3600 };
  shades[0].addEventListener("keydown", function (event) {
    const end = event.target.dataset.end;
    const edges = { Home: 0, End: limit };
    if (!end || !(event.key in KEYS || event.key in edges)) {
      return;
    }
    event.preventDefault();
    const step = event.shiftKey ? Math.sign(KEYS[event.key]) : KEYS[event.key];
    const place = end === "from" ? 0 : 1;
    const wanted = event.key in edges ? edges[event.key] : chosen[place] + step;
    if (place === 0) {
      show(Math.max(0, Math.min(wanted, chosen[1] - 1)), chosen[1]);
    } else {
      show(chosen[0], Math.min(limit, Math.max(wanted, chosen[0] + 1)));
    }
  });

  const copy = form.querySelector("[data-window-copy]");
  copy.hidden = false;
  copy.addEventListener("click", function () {
    const area = form.querySelector("[data-window-text]");
    const done = function () {
      status.textContent = form.dataset.copied;
    };
    // Browsers give the clipboard to pages under TLS only; elsewhere the text is marked and copied the old way.
    if (navigator.clipboard && window.isSecureContext) {
      navigator.clipboard.writeText(area.value).then(done, function () {
        area.select();
      });
    } else {
      area.select();
      if (document.execCommand("copy")) {
        done();
      }
    }
  });

  fields.from.addEventListener("change", fromFields);
  fields.to.addEventListener("change", fromFields);
  form.addEventListener("submit", function (event) {
    const from = read(fields.from);
    const to = read(fields.to);
    if (from !== null && to !== null && to > from) {
      event.preventDefault();
      fromFields();
    }
  });
  form.querySelector("[data-window-clear]").addEventListener("click", function (event) {
    event.preventDefault();
    chosen = null;
    fields.from.value = fields.to.value = "";
    shades.forEach(function (shade) {
      shade.hidden = true;
    });
    told.hidden = true;
    event.currentTarget.hidden = true;
    fields.from.focus();
  });
  fromFields();
})();
