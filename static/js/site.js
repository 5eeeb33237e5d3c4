// The few behaviours that pages need beyond htmx. Everything works without them.
(function () {
  "use strict";

  // htmx may not add styles of its own: the content security policy forbids it.
  if (window.htmx) {
    window.htmx.config.includeIndicatorStyles = false;
    window.htmx.config.allowEval = false;
    window.htmx.config.selfRequestsOnly = true;
  }

  // Ctrl+K or "/" goes to the search box.
  document.addEventListener("keydown", function (event) {
    const typing = /^(INPUT|TEXTAREA|SELECT)$/.test(document.activeElement.tagName);
    if ((event.ctrlKey && event.key.toLowerCase() === "k") || (event.key === "/" && !typing)) {
      const box = document.getElementById("search-box");
      if (box) {
        event.preventDefault();
        box.focus();
        box.select();
      }
    }
  });

  // A menu behind three dots closes with Escape and when the reader goes elsewhere.
  function closeMenus(except) {
    document.querySelectorAll("details.more-actions[open]").forEach(function (menu) {
      if (menu !== except) menu.open = false;
    });
  }
  document.addEventListener("keydown", function (event) {
    if (event.key !== "Escape") return;
    const menu = document.activeElement.closest("details.more-actions[open]");
    if (menu) menu.querySelector("summary").focus();
    closeMenus(null);
  });
  ["click", "focusin"].forEach(function (happening) {
    document.addEventListener(happening, (event) => closeMenus(event.target.closest("details.more-actions")));
  });

  // A form marked data-confirm names what will happen before it is sent.
  document.addEventListener("submit", function (event) {
    const question = event.target.dataset.confirm;
    if (question && !window.confirm(question)) {
      event.preventDefault();
      event.stopImmediatePropagation();
    }
  }, true);

  // A page that takes longer than a moment to come shows that it is on its way. Files leave the page as it is.
  const MOMENT = 300;
  const LONGEST = 30000;
  const bar = document.getElementById("on-its-way");
  let timers = [];
  function arrived() {
    timers.forEach(window.clearTimeout);
    timers = [];
    if (bar) bar.hidden = true;
  }
  function leaving(address) {
    const to = new URL(address, window.location.href);
    const here = window.location;
    const isFile = to.searchParams.has("format") || /\.[a-z0-9]{2,4}$/.test(to.pathname);
    if (!bar || to.origin !== here.origin || isFile) return;
    if (to.hash && to.pathname === here.pathname && to.search === here.search) return;
    arrived();
    timers = [window.setTimeout(() => { bar.hidden = false; }, MOMENT), window.setTimeout(arrived, LONGEST)];
  }
  window.addEventListener("pageshow", arrived);
  document.addEventListener("click", function (event) {
    const link = event.target.closest("a[href]");
    const isElsewhere = event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey;
    if (!link || event.defaultPrevented || isElsewhere || link.target || link.hasAttribute("download")) return;
    leaving(link.href);
  });
  document.addEventListener("submit", function (event) {
    if (!event.defaultPrevented && !event.target.target) leaving(event.target.getAttribute("action") || window.location.href);
  });

  // A select or date marked data-submit sends its form when it changes.
  document.addEventListener("change", function (event) {
    if (event.target.matches("[data-submit]")) {
      event.target.form.requestSubmit();
    }
  });

  document.addEventListener("click", function (event) {
    if (event.target.closest("[data-print]")) {
      window.print();
    }
  });
})();
