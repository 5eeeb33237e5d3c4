// The session ended while the page stood open: the password is asked for over the page, which keeps all
// that was typed or chosen there, files too, and what was about to be sent is sent afterwards.
// A script that calls the server itself reports a 401 with the event "session:ended".
(function () {
  "use strict";
  const dialog = document.getElementById("sign-in-again");
  if (!dialog) {
    return;
  }
  const form = dialog.querySelector("form");
  const password = form.elements.password;
  const error = form.querySelector("[role=alert]");
  const unsent = [];
  const checked = new WeakSet();

  function renew(token) {
    for (const field of document.querySelectorAll("input[name=csrfmiddlewaretoken]")) {
      field.value = token;
    }
    document.body.setAttribute("hx-headers", JSON.stringify({ "X-CSRFToken": token }));
  }

  function goOn() {
    if (dialog.open) {
      dialog.close();
    }
    for (const send of unsent.splice(0)) {
      send();
    }
  }

  // Somebody may have signed in meanwhile in another tab: as the same person, the page simply goes on.
  async function whenSignedIn(send) {
    if (send) {
      unsent.push(send);
    }
    if (dialog.open) {
      return;
    }
    let answer, told;
    try {
      answer = await fetch(form.action + "?poll=1", { headers: { Accept: "application/json" } });
      told = await answer.json();
    } catch {
      goOn();
      return;
    }
    renew(told.csrf);
    if (answer.ok && told.person === dialog.dataset.person) {
      goOn();
    } else if (answer.ok) {
      window.location.reload();
    } else if (!dialog.open) {
      password.value = "";
      error.textContent = "";
      dialog.showModal();
      password.focus();
    }
  }

  form.addEventListener("submit", async function (event) {
    event.preventDefault();
    event.stopPropagation();
    error.textContent = "";
    let answer, told;
    try {
      answer = await fetch(form.action, { method: "POST", body: new FormData(form) });
      told = answer.status === 429 ? { error: dialog.dataset.locked } : await answer.json();
    } catch {
      error.textContent = dialog.dataset.broken;
      return;
    }
    password.value = "";
    if (told.csrf) {
      renew(told.csrf);
    }
    if (answer.ok) {
      goOn();
    } else {
      error.textContent = told.error;
      password.focus();
    }
  });

  // Escape would show what the end of the session is to hide.
  dialog.addEventListener("cancel", function (event) {
    event.preventDefault();
  });

  document.addEventListener("htmx:responseError", function (event) {
    if (event.detail.xhr.status === 401) {
      const asked = event.detail.elt;
      const isForm = asked.tagName === "FORM";
      const again = function () { isForm ? asked.requestSubmit() : asked.click(); };
      // What a timer asked for it asks for again by itself.
      whenSignedIn(event.detail.requestConfig.verb === "get" ? null : again);
    }
  });

  document.addEventListener("session:ended", function (event) {
    whenSignedIn(event.detail && event.detail.again);
  });

  // Files and passwords cannot travel through the page that keeps other forms: these are sent only to a
  // session that lives. Without an answer the form is sent all the same.
  document.addEventListener("submit", function (event) {
    const sent = event.target;
    const isOurs = sent.method === "post" && !sent.closest("dialog") && !event.defaultPrevented;
    if (!isOurs || checked.has(sent) || !sent.querySelector("input[type=file], input[type=password]")) {
      return;
    }
    event.preventDefault();
    const pressed = event.submitter;
    whenSignedIn(function () {
      checked.add(sent);
      if (pressed && pressed.name) {
        const kept = document.createElement("input");
        kept.type = "hidden";
        kept.name = pressed.name;
        kept.value = pressed.value;
        sent.append(kept);
      }
      HTMLFormElement.prototype.submit.call(sent);
    });
  });
})();
