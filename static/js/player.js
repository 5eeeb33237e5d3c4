// The player of one viewing: where the clip stands in true time and in the picture's own time, which parts
// were watched (reported every few seconds), gaps on the track. The watermark lies over the picture only.
(function () {
  "use strict";

  const BEAT_MS = 5000;
  const FRAME_S = 1 / 25;
  const TSI_MS = 3 * 3600 * 1000;
  const SVG = "http://www.w3.org/2000/svg";
  const root = document.querySelector("[data-player]");
  const source = document.getElementById("player-times");
  if (!root || !source) {
    return;
  }
  const times = JSON.parse(source.textContent);
  const video = root.querySelector("video");
  const find = (name) => root.querySelector(`[data-${name}]`);
  const seek = find("seek");
  const token = document.querySelector("[name=csrfmiddlewaretoken]").value;
  let pending = [];
  let from = null;
  const watched = [];

  const two = (number) => String(number).padStart(2, "0");

  function stamped(ms) {
    const at = new Date(ms + TSI_MS);
    const day = [two(at.getUTCDate()), two(at.getUTCMonth() + 1), at.getUTCFullYear()].join(".");
    return `${day} ${[at.getUTCHours(), at.getUTCMinutes(), at.getUTCSeconds()].map(two).join(":")}`;
  }

  function place(ms) {
    const seconds = Math.floor(ms / 1000);
    return [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60].map(two).join(":");
  }

  // Piece by piece where the exhibit says so; otherwise pictures keep their distances in time.
  function trueTime(ms) {
    const piece = times.timeline.find((entry) => ms >= entry[0] && ms < entry[0] + entry[2]);
    return piece ? piece[1] + ms - piece[0] : times.delivered[0] + ms;
  }

  function placeOf(trueMs) {
    const piece = times.timeline.find((entry) => trueMs >= entry[1] && trueMs < entry[1] + entry[2]);
    return piece ? piece[0] + trueMs - piece[1] : trueMs - times.delivered[0];
  }

  const now = () => Math.round(video.currentTime * 1000);
  const length = () => (isFinite(video.duration) ? Math.round(video.duration * 1000) : times.length_ms);

  function show() {
    const ms = now();
    find("true").textContent = stamped(trueTime(ms));
    if (times.offset_ms !== null) {
      find("device").textContent = stamped(trueTime(ms) + times.offset_ms);
    }
    find("place").textContent = `${place(ms)} / ${place(length())}`;
    if (document.activeElement !== seek || video.paused === false) {
      seek.value = ms;
    }
    seek.setAttribute("aria-valuetext", stamped(trueTime(ms)));
  }

  function bars(box, spans) {
    const svg = document.createElementNS(SVG, "svg");
    svg.setAttribute("viewBox", `0 0 ${Math.max(1, length())} 10`);
    svg.setAttribute("preserveAspectRatio", "none");
    spans.forEach(function (span) {
      const bar = document.createElementNS(SVG, "rect");
      bar.setAttribute("x", Math.max(0, span[0]));
      bar.setAttribute("width", Math.max(length() / 400, span[1] - span[0]));
      bar.setAttribute("height", 10);
      svg.appendChild(bar);
    });
    box.replaceChildren(svg);
  }

  function drawGaps() {
    const spans = times.gaps.map((gap) => [placeOf(gap[0]), placeOf(gap[1])]);
    bars(find("gaps"), spans);
    const list = find("gap-list");
    if (list) {
      list.replaceChildren(...times.gaps.map(function (gap) {
        const item = document.createElement("li");
        item.className = "tabular";
        item.textContent = `${stamped(gap[0])} – ${stamped(gap[1])}`;
        return item;
      }));
    }
  }

  function note(text) {
    const line = find("note");
    line.textContent = text;
    line.hidden = !text;
  }

  function join(spans) {
    const joined = [];
    spans.slice().sort((a, b) => a[0] - b[0]).forEach(function (span) {
      const last = joined[joined.length - 1];
      if (last && span[0] <= last[1] + 250) {
        last[1] = Math.max(last[1], span[1]);
      } else {
        joined.push(span.slice());
      }
    });
    return joined;
  }

  // What was really played: from the last known place to this one. A seek begins anew.
  function take() {
    const at = now();
    if (from !== null && at > from) {
      pending.push([from, at]);
      watched.push([from, at]);
      const all = join(watched);
      bars(find("watched"), all);
      const share = all.reduce((sum, span) => sum + span[1] - span[0], 0) / Math.max(1, length());
      find("share").textContent = `${Math.min(100, Math.round(share * 100))} %`;
    }
    from = video.paused || video.seeking ? null : at;
  }

  function beat(last) {
    take();
    const body = JSON.stringify({ watched: join(pending).slice(0, 200) });
    pending = [];
    const headers = { "Content-Type": "application/json", "X-CSRFToken": token };
    return fetch(root.dataset.beat, { method: "POST", headers: headers, body: body, keepalive: last })
      .then((answer) => (answer.ok ? answer.json() : { open: false }))
      .then(function (told) {
        if (!told.open) {
          video.pause();
          note(root.dataset.ended);
        }
      })
      .catch(function () {});
  }

  video.addEventListener("loadedmetadata", function () {
    seek.max = length();
    drawGaps();
    show();
  });
  video.addEventListener("timeupdate", function () {
    take();
    show();
  });
  video.addEventListener("seeking", function () {
    from = null;
    show();
  });
  video.addEventListener("play", function () {
    from = now();
  });
  video.addEventListener("pause", take);
  video.addEventListener("error", () => note(root.dataset.failed));
  video.addEventListener("contextmenu", (event) => event.preventDefault());
  seek.addEventListener("input", function () {
    video.currentTime = Number(seek.value) / 1000;
  });
  find("play").addEventListener("click", () => (video.paused ? video.play() : video.pause()));
  find("speed").addEventListener("change", function (event) {
    video.playbackRate = Number(event.target.value);
  });
  root.querySelectorAll("[data-step]").forEach(function (button) {
    button.addEventListener("click", function () {
      video.pause();
      const at = now();
      video.currentTime = Math.max(0, video.currentTime + Number(button.dataset.step) * FRAME_S);
      if (Number(button.dataset.step) > 0) {
        pending.push([at, at + 40]);
      }
    });
  });
  const marks = root.querySelectorAll("[data-now]");
  function clock() {
    const text = stamped(Date.now());
    marks.forEach(function (mark) {
      mark.textContent = text;
    });
  }
  clock();
  window.setInterval(clock, 1000);
  window.setInterval(() => beat(false), BEAT_MS);
  window.addEventListener("pagehide", () => beat(true));
  const closing = document.querySelector("[data-close]");
  closing.addEventListener("submit", function (event) {
    event.preventDefault();
    beat(true).then(() => closing.submit());
  });
  if (video.readyState >= 1) {
    seek.max = length();
    drawGaps();
    show();
  }
})();
