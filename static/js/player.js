// The player of one viewing: where the clip stands in true time and in the picture's own time, its gaps, what was
// watched, and what a verifier must still watch. The watermark lies over the picture only.
(function () {
  "use strict";

  const FRAME_S = 1 / 25;
  const FRAME_MS = 40;
  const JUMP_S = 5;
  const LONG_JUMP_S = 10;
  const parts = window.footage;
  const root = document.querySelector("[data-player]");
  const source = document.getElementById("player-times");
  if (!root || !source) {
    return;
  }
  const times = JSON.parse(source.textContent);
  const rule = JSON.parse(document.getElementById("player-watch").textContent);
  const video = root.querySelector("video");
  const find = (name) => root.querySelector(`[data-${name}]`);
  const seek = find("seek");
  const speeds = Array.from(find("speed").options, (option) => Number(option.value));
  const now = () => Math.round(video.currentTime * 1000);
  const length = () => (isFinite(video.duration) ? Math.round(video.duration * 1000) : times.length_ms);
  let watched = rule ? rule.watched : [];

  function show() {
    const ms = now();
    const at = parts.trueTime(times, ms);
    find("true").textContent = parts.stamped(at);
    if (times.offset_ms !== null) {
      find("device").textContent = parts.stamped(at + times.offset_ms);
    }
    find("place").textContent = `${parts.place(ms)} / ${parts.place(length())}`;
    if (document.activeElement !== seek || video.paused === false) {
      seek.value = ms;
    }
    seek.setAttribute("aria-valuetext", parts.stamped(at));
  }

  // For screen readers: the time is said when something was done, not while the clip runs.
  function say() {
    const device = times.offset_ms === null ? "" : `, ${find("device").textContent}`;
    find("spoken").textContent = `${find("true").textContent}${device}, ${find("place").textContent}`;
  }

  function drawGaps() {
    const spans = times.gaps.map((gap) => [parts.placeOf(times, gap[0]), parts.placeOf(times, gap[1])]);
    parts.bars(find("gaps"), spans, 0, length());
    const list = find("gap-list");
    if (list) {
      list.replaceChildren(...times.gaps.map(function (gap) {
        const item = document.createElement("li");
        item.className = "tabular";
        item.textContent = `${parts.stamped(gap[0])} – ${parts.stamped(gap[1])}`;
        return item;
      }));
    }
  }

  // What must still be seen: first the marks (ends, edges of gaps), then anything while the share is too small.
  function unseenMarks() {
    return rule.marks.filter(function (mark) {
      const left = parts.size(parts.missing(mark, watched));
      return left > Math.min(rule.missed_ms, (mark[1] - mark[0]) / 2);
    });
  }

  function pictures() {
    return Math.max(1, times.length_ms - parts.size(rule.blanks));
  }

  function seen() {
    const blank = rule.blanks.reduce(
      (sum, one) => sum + one[1] - one[0] - parts.size(parts.missing(one, watched)), 0);
    return parts.size(watched) - blank;
  }

  function drawWatched() {
    parts.bars(find("watched"), watched, 0, length());
    if (!rule) {
      const share = parts.size(watched) / Math.max(1, length());
      find("share").textContent = `${Math.min(100, Math.round(share * 100))} %`;
      return;
    }
    const unseen = unseenMarks();
    parts.bars(find("marks"), rule.marks.map((mark) => [...mark, unseen.includes(mark) ? "unseen" : "seen"]), 0, length());
    const percent = Math.min(100, Math.floor((seen() * 100) / pictures()));
    const isEnough = unseen.length === 0 && percent >= rule.percent;
    find("share").textContent = `${percent} % / ${rule.percent} %`;
    find("left").textContent = isEnough ? root.dataset.enough : root.dataset.leftWords.replace("{n}", unseen.length);
    find("next").disabled = isEnough;
  }

  function nextUnseen() {
    const left = unseenMarks().flatMap((mark) => parts.missing(mark, watched));
    const others = parts.missing([0, times.length_ms], parts.join([...watched, ...rule.blanks]));
    const open = left.length ? left : others;
    const target = open.find((span) => span[0] > now() + 1000) || open[0];
    if (target) {
      video.currentTime = target[0] / 1000;
      video.play();
    }
  }

  function note(text) {
    const line = find("note");
    line.textContent = text;
    line.hidden = !text;
  }

  const reporter = parts.report(video, root.dataset.beat, () => note(root.dataset.ended), function (spans) {
    watched = parts.join([...(rule ? rule.watched : []), ...spans]);
    drawWatched();
  });

  function start() {
    seek.max = length();
    drawGaps();
    drawWatched();
    show();
  }

  function toggle() {
    if (video.paused) {
      video.play();
    } else {
      video.pause();
    }
  }

  function jump(seconds) {
    video.currentTime = Math.max(0, Math.min(length() / 1000, video.currentTime + seconds));
  }

  function step(frames) {
    video.pause();
    const at = now();
    video.currentTime = Math.max(0, video.currentTime + frames * FRAME_S);
    if (frames > 0) {
      reporter.note(at, at + FRAME_MS);
    }
  }

  function pace(rate) {
    video.playbackRate = rate;
    find("speed").value = String(rate);
  }

  function faster() {
    if (video.paused) {
      video.play();
      return;
    }
    pace(speeds[Math.min(speeds.length - 1, speeds.indexOf(video.playbackRate) + 1)]);
  }

  function playing() {
    const button = find("play");
    button.setAttribute("aria-label", video.paused ? button.dataset.labelPlay : button.dataset.labelPause);
    button.classList.toggle("is-playing", !video.paused);
  }

  video.addEventListener("loadedmetadata", start);
  ["timeupdate", "seeking"].forEach((name) => video.addEventListener(name, show));
  ["play", "pause"].forEach((name) => video.addEventListener(name, playing));
  ["seeked", "pause"].forEach(function (name) {
    video.addEventListener(name, function () {
      show();
      if (video.paused) {
        say();
      }
    });
  });
  video.addEventListener("error", () => note(root.dataset.failed));
  seek.addEventListener("input", function () {
    video.currentTime = Number(seek.value) / 1000;
  });
  find("play").addEventListener("click", toggle);
  find("speed").addEventListener("change", (event) => pace(Number(event.target.value)));
  root.querySelectorAll("[data-step]").forEach(function (button) {
    button.addEventListener("click", () => step(Number(button.dataset.step)));
  });
  if (rule) {
    find("next").addEventListener("click", nextUnseen);
  }
  parts.keys(root, {
    " ": toggle,
    k: () => video.pause(),
    j: () => jump(-LONG_JUMP_S),
    l: faster,
    ArrowLeft: (event) => jump(event.shiftKey ? -1 : -JUMP_S),
    ArrowRight: (event) => jump(event.shiftKey ? 1 : JUMP_S),
    Home: () => jump(-length()),
    End: () => jump(length()),
    ",": () => step(-1),
    ".": () => step(1),
    n: () => rule && nextUnseen(),
    t: say,
  });
  parts.watermarks(root);
  const closing = document.querySelector("[data-close]");
  closing.addEventListener("submit", function (event) {
    event.preventDefault();
    reporter.beat(true).then(() => closing.submit());
  });
  if (video.readyState >= 1) {
    start();
  }
})();
