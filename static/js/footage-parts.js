// What the players of exhibits share: places and true times, bars on the track, and the report of what was played.
// Spans are [from, until) in milliseconds of an exhibit; true times are milliseconds since 1970.
window.footage = (function () {
  "use strict";

  const BEAT_MS = 5000;
  const TOUCH_MS = 250;
  const MOST_SPANS = 200;
  const TSI_MS = 3 * 3600 * 1000;
  const SVG = "http://www.w3.org/2000/svg";

  const two = (number) => String(number).padStart(2, "0");

  function clockTime(ms) {
    const at = new Date(ms + TSI_MS);
    return [at.getUTCHours(), at.getUTCMinutes(), at.getUTCSeconds()].map(two).join(":");
  }

  function stamped(ms) {
    const at = new Date(ms + TSI_MS);
    const day = [two(at.getUTCDate()), two(at.getUTCMonth() + 1), at.getUTCFullYear()].join(".");
    return `${day} ${clockTime(ms)}`;
  }

  function place(ms) {
    const seconds = Math.floor(ms / 1000);
    return [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60].map(two).join(":");
  }

  // Piece by piece where the exhibit says so; otherwise pictures keep their distances in time.
  function trueTime(times, ms) {
    const piece = times.timeline.find((entry) => ms >= entry[0] && ms < entry[0] + entry[2]);
    return piece ? piece[1] + ms - piece[0] : times.delivered[0] + ms;
  }

  function placeOf(times, trueMs) {
    const piece = times.timeline.find((entry) => trueMs < entry[1] + entry[2]);
    return piece ? piece[0] + Math.max(0, trueMs - piece[1]) : trueMs - times.delivered[0];
  }

  function join(spans) {
    const joined = [];
    spans.slice().sort((a, b) => a[0] - b[0]).forEach(function (span) {
      const last = joined[joined.length - 1];
      if (last && span[0] <= last[1] + TOUCH_MS) {
        last[1] = Math.max(last[1], span[1]);
      } else {
        joined.push(span.slice());
      }
    });
    return joined;
  }

  function missing(span, seen) {
    const left = [];
    let at = span[0];
    seen.forEach(function (one) {
      if (one[1] <= at || one[0] >= span[1]) {
        return;
      }
      if (one[0] > at) {
        left.push([at, one[0]]);
      }
      at = Math.max(at, one[1]);
    });
    if (at < span[1]) {
      left.push([at, span[1]]);
    }
    return left;
  }

  const size = (spans) => spans.reduce((sum, span) => sum + span[1] - span[0], 0);

  // `spans`: [from, until, class]; a bar is never too thin to be seen.
  function bars(box, spans, from, until) {
    const whole = Math.max(1, until - from);
    const svg = document.createElementNS(SVG, "svg");
    svg.setAttribute("viewBox", `0 0 ${whole} 10`);
    svg.setAttribute("preserveAspectRatio", "none");
    spans.forEach(function (span) {
      const bar = document.createElementNS(SVG, "rect");
      bar.setAttribute("x", Math.max(0, span[0] - from));
      bar.setAttribute("width", Math.max(whole / 400, span[1] - span[0]));
      bar.setAttribute("height", 10);
      if (span[2]) {
        bar.setAttribute("class", span[2]);
      }
      svg.appendChild(bar);
    });
    box.replaceChildren(svg);
  }

  // Tells the server which parts of one viewing were really played; a seek begins anew.
  function report(video, url, ended, changed) {
    const token = document.querySelector("[name=csrfmiddlewaretoken]").value;
    const watched = [];
    let pending = [];
    let from = null;
    const now = () => Math.round(video.currentTime * 1000);

    function note(start, end) {
      pending.push([start, end]);
      watched.push([start, end]);
      changed(join(watched));
    }

    function take() {
      const at = now();
      if (from !== null && at > from) {
        note(from, at);
      }
      from = video.paused || video.seeking ? null : at;
    }

    function beat(last) {
      take();
      const body = JSON.stringify({ watched: join(pending).slice(0, MOST_SPANS) });
      pending = [];
      const headers = { "Content-Type": "application/json", "X-CSRFToken": token };
      return fetch(url, { method: "POST", headers: headers, body: body, keepalive: last })
        .then((answer) => (answer.ok ? answer.json() : { open: false }))
        .then(function (told) {
          if (!told.open) {
            video.pause();
            ended();
          }
        })
        .catch(function () {});
    }

    video.addEventListener("timeupdate", take);
    video.addEventListener("pause", take);
    video.addEventListener("seeking", function () {
      from = null;
    });
    video.addEventListener("play", function () {
      from = now();
    });
    video.addEventListener("contextmenu", (event) => event.preventDefault());
    window.setInterval(() => beat(false), BEAT_MS);
    window.addEventListener("pagehide", () => beat(true));
    return { beat: beat, note: note };
  }

  // The time that lies over the picture beside the viewer's name.
  function watermarks(root) {
    const marks = root.querySelectorAll("[data-now]");
    function tick() {
      const text = stamped(Date.now());
      marks.forEach(function (mark) {
        mark.textContent = text;
      });
    }
    tick();
    window.setInterval(tick, 1000);
  }

  // Keys count while the player has the focus; fields, buttons and the corners of masks keep their own.
  function keys(root, actions) {
    root.addEventListener("keydown", function (event) {
      const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
      const isField = event.target.closest("input:not([type=range]), select, textarea");
      const isButton = event.target.closest("button, a, summary") && (key === " " || key === "Enter");
      if (event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey || isField || isButton) {
        return;
      }
      if (actions[key]) {
        event.preventDefault();
        actions[key](event);
      }
    });
    root.focus({ preventScroll: true });
  }

  return {
    bars: bars, clockTime: clockTime, join: join, keys: keys, missing: missing, place: place,
    placeOf: placeOf, report: report, size: size, stamped: stamped, trueTime: trueTime, watermarks: watermarks,
  };
})();
