// A calendar of links is one stop for the Tab key; arrows move inside it. Without this file each day is a stop.
(function () {
  "use strict";

  const STEPS = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -7, ArrowDown: 7 };

  function target(key, link, links) {
    const month = link.closest("ol");
    const days = Array.from(month.querySelectorAll("a"));
    if (key in STEPS) {
      return links[links.indexOf(link) + STEPS[key]];
    }
    if (key === "Home" || key === "End") {
      return days[key === "Home" ? 0 : days.length - 1];
    }
    if (key === "PageUp" || key === "PageDown") {
      const months = Array.from(month.closest("[data-calendar]").querySelectorAll("ol"));
      const other = months[months.indexOf(month) + (key === "PageUp" ? -1 : 1)];
      const choice = other ? Array.from(other.querySelectorAll("a")) : [];
      return choice[Math.min(days.indexOf(link), choice.length - 1)];
    }
    return null;
  }

  function enter(link, links) {
    links.forEach(function (other) {
      other.tabIndex = other === link ? 0 : -1;
    });
  }

  document.querySelectorAll("[data-calendar]").forEach(function (calendar) {
    const links = Array.from(calendar.querySelectorAll("a"));
    if (!links.length) {
      return;
    }
    enter(calendar.querySelector("a[aria-current]") || links[links.length - 1], links);
    calendar.addEventListener("focusin", function (event) {
      const link = event.target.closest("a");
      if (link) {
        enter(link, links);
      }
    });
    calendar.addEventListener("keydown", function (event) {
      const link = event.target.closest("a");
      const next = link && !event.ctrlKey && !event.altKey && !event.metaKey && target(event.key, link, links);
      if (next) {
        event.preventDefault();
        next.focus();
      }
    });
  });
})();
