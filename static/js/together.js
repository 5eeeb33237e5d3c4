// Two to four exhibits in step by true time: one head for all, each film at the place that its own clock error gives it.
(function () {
  "use strict";

  const JUMP_MS = 5000;
  const LONG_JUMP_MS = 10000;
  const SECOND_MS = 1000;
  const FRAME_MS = 40;
  const DRIFT_MS = 250;
  const parts = window.footage;
  const root = document.querySelector("[data-together]");
  const source = document.getElementById("lanes");
  if (!root || !source) {
    return;
  }
  const find = (name) => root.querySelector(`[data-${name}]`);
  const seek = find("seek");
  const films = root.querySelectorAll("[data-film]");
  const bars = root.querySelectorAll("[data-bars]");
  const lanes = JSON.parse(source.textContent).map(function (told, number) {
    return {
      times: told.times, beat: told.beat, before: told.watched, watched: told.watched, bars: bars[number],
      film: films[number], video: films[number].querySelector("video"), failed: "",
    };
  });
  const open = (lane) => lane.times.uncertainty_ms || 0;
  const first = Math.min(...lanes.map((lane) => lane.times.delivered[0] - open(lane)));
  const last = Math.max(...lanes.map((lane) => lane.times.delivered[1] + open(lane)));
  let head = Math.min(...lanes.map((lane) => lane.times.delivered[0]));
  let rate = 1;
  let isPlaying = false;
  let tickedAt = 0;

  // Where a film stands at a true moment: its place, or why there is no picture.
  function standing(lane, at) {
    if (at < lane.times.delivered[0] || at >= lane.times.delivered[1]) {
      return { why: root.dataset.outside };
    }
    if (lane.times.gaps.some((gap) => at >= gap[0] && at < gap[1])) {
      return { why: root.dataset.gap };
    }
    return { place: parts.placeOf(lane.times, at) };
  }

  function note(lane, text) {
    const line = lane.film.querySelector("[data-note]");
    line.textContent = text;
    line.hidden = !text;
    lane.film.classList.toggle("is-blank", Boolean(text));
  }

  // Brings one film to the head. Returns whether it is ready, so that all others wait for it.
  function follow(lane) {
    const found = standing(lane, head);
    note(lane, lane.failed || found.why || "");
    if (lane.failed || found.why) {
      lane.video.pause();
      return true;
    }
    const ends = isFinite(lane.video.duration) ? lane.video.duration * 1000 - 1 : Infinity;
    const place = Math.min(found.place, ends);
    const most = isPlaying ? DRIFT_MS * Math.max(1, rate) : FRAME_MS / 2;
    if (Math.abs(lane.video.currentTime * 1000 - place) > most && !lane.video.seeking) {
      lane.video.currentTime = place / 1000;
    }
    lane.video.playbackRate = rate;
    const isReady = lane.video.readyState >= 2 && !lane.video.seeking;
    if (isPlaying && isReady && lane.video.paused) {
      lane.video.play().catch(function () {});
    } else if (!isPlaying && !lane.video.paused) {
      lane.video.pause();
    }
    return isReady || lane.video.ended;
  }

  function show() {
    const text = parts.stamped(head);
    find("true").textContent = text;
    seek.value = head - first;
    seek.setAttribute("aria-valuetext", text);
    find("head").style.left = `${((head - first) * 100) / Math.max(1, last - first)}%`;
    lanes.forEach(function (lane) {
      if (lane.times.offset_ms !== null) {
        lane.film.querySelector("[data-device]").textContent = parts.stamped(head + lane.times.offset_ms);
      }
    });
  }

  function say() {
    const notes = lanes.map((lane) => lane.film.querySelector("[data-note]").textContent).filter(Boolean);
    find("spoken").textContent = [parts.stamped(head), ...notes].join(", ");
  }

  function draw(lane) {
    const span = lane.times.delivered;
    const seen = lane.watched.map((one) => [
      parts.trueTime(lane.times, one[0]), parts.trueTime(lane.times, Math.max(one[0], one[1] - 1)), "is-seen"]);
    const unsure = open(lane);
    parts.bars(lane.bars, [
      [span[0] - unsure, span[1] + unsure, "is-open"], [span[0], span[1], "has-film"], ...seen,
      ...lane.times.gaps.map((gap) => [gap[0], gap[1], "is-gap"]),
    ], first, last);
  }

  function tick(now) {
    const passed = tickedAt ? now - tickedAt : 0;
    tickedAt = now;
    // The head waits for the slowest film: in step is worth more than fluent.
    const areReady = lanes.map(follow).every(Boolean);
    if (isPlaying && areReady) {
      head += passed * rate;
      if (head >= last) {
        head = last;
        play(false);
      }
    }
    show();
    window.requestAnimationFrame(tick);
  }

  function play(wanted) {
    isPlaying = wanted;
    const button = find("play");
    button.setAttribute("aria-label", wanted ? button.dataset.labelPause : button.dataset.labelPlay);
    button.classList.toggle("is-playing", wanted);
    if (!wanted) {
      lanes.forEach((lane) => lane.video.pause());
      say();
    }
  }

  function go(at) {
    head = Math.max(first, Math.min(last, at));
    if (!isPlaying) {
      lanes.forEach(follow);
      say();
    }
  }

  lanes.forEach(function (lane) {
    lane.reporter = parts.report(lane.video, lane.beat, function () {
      lane.failed = root.dataset.ended;
      play(false);
    }, function (spans) {
      lane.watched = parts.join([...lane.before, ...spans]);
      draw(lane);
    });
    lane.video.addEventListener("error", function () {
      lane.failed = root.dataset.failed;
    });
    draw(lane);
  });
  seek.max = last - first;
  find("head").style.setProperty("--lanes", lanes.length);
  seek.addEventListener("input", () => go(first + Number(seek.value)));
  find("play").addEventListener("click", () => play(!isPlaying));
  find("speed").addEventListener("change", function (event) {
    rate = Number(event.target.value);
  });
  parts.keys(root, {
    " ": () => play(!isPlaying),
    k: () => play(false),
    l: () => play(true),
    j: () => go(head - LONG_JUMP_MS),
    ArrowLeft: (event) => go(head - (event.shiftKey ? SECOND_MS : JUMP_MS)),
    ArrowRight: (event) => go(head + (event.shiftKey ? SECOND_MS : JUMP_MS)),
    Home: () => go(first),
    End: () => go(last),
    ",": () => go(head - FRAME_MS),
    ".": () => go(head + FRAME_MS),
    t: say,
  });
  parts.watermarks(root);
  const closing = document.querySelector("[data-close]");
  closing.addEventListener("submit", function (event) {
    event.preventDefault();
    Promise.all(lanes.map((lane) => lane.reporter.beat(true))).then(() => closing.submit());
  });
  window.requestAnimationFrame(tick);
})();
