// What is known of one spot on a floor plan: how it is read, what its view looks like, how it is saved.
// Units are those of inventory.models.PlanPlace: x and y in parts of 10,000, degrees clockwise from the top.
(function () {
  "use strict";

  const PARTS = 10000;
  const USUAL_REACH = 0.12; // as inventory.floorplan_geometry

  function placeOf(told) {
    const reach = told.reach === "" || told.reach === null ? null : Number(told.reach);
    return { x: Number(told.x), y: Number(told.y), direction: Number(told.direction), angle: Number(told.angle), reach };
  }

  // The view as the path that inventory.floorplan_geometry.cone draws.
  function cone(stage, place) {
    const width = Number(stage.dataset.width), height = Number(stage.dataset.height);
    const widthCm = Number(stage.dataset.widthCm);
    const x = place.x * width / PARTS, y = place.y * height / PARTS;
    const radius = place.reach && widthCm ? place.reach * 100 / widthCm * width : USUAL_REACH * width;
    if (place.angle === 360) {
      return `M${x - radius} ${y}a${radius} ${radius} 0 1 1 ${2 * radius} 0a${radius} ${radius} 0 1 1 ${-2 * radius} 0z`;
    }
    const end = (degrees) => {
      const angle = degrees * Math.PI / 180;
      return `${x + radius * Math.sin(angle)} ${y - radius * Math.cos(angle)}`;
    };
    const large = place.angle > 180 ? 1 : 0;
    return `M${x} ${y}L${end(place.direction - place.angle / 2)}` +
      `A${radius} ${radius} 0 ${large} 1 ${end(place.direction + place.angle / 2)}z`;
  }

  // Saves a spot, or that there is none. `place` and `seen` are missing from the answer when nobody answered.
  async function send(stage, camera, place, token) {
    const url = (place ? stage.dataset.url : stage.dataset.offUrl).replace("/0/", `/${camera.id}/`);
    const body = new URLSearchParams({ seen: camera.seen, plan: stage.dataset.plan });
    if (place) {
      body.set("x", (place.x / 100).toFixed(2));
      body.set("y", (place.y / 100).toFixed(2));
      body.set("direction", place.direction);
      body.set("angle", place.angle);
      body.set("reach_m", place.reach === null ? "" : place.reach);
    }
    let response, told;
    try {
      response = await fetch(url, {
        method: "POST", body, keepalive: true, redirect: "manual",
        // HX-Request: an ended session answers 401 instead of leading to the sign-in page.
        headers: { "Accept": "application/json", "HX-Request": "true", "X-CSRFToken": token },
      });
      told = await response.json();
    } catch {
      const status = response ? response.status : 0;
      if (status === 401) {
        return { ok: false, message: stage.dataset.saySession };
      }
      return { ok: false, message: status === 403 || status === 404 ? stage.dataset.sayForbidden : stage.dataset.sayOffline };
    }
    return {
      ok: response.ok, message: told.message,
      place: told.place ? placeOf(told.place) : null,
      seen: told.place ? String(told.place.seen) : "",
    };
  }

  window.floorSpots = { PARTS, placeOf, cone, send };
})();
