// The request form: one step at a time on a phone, and hints that follow the chosen kind of requester.
// Without this file the whole form is one page and works the same.
(function () {
  "use strict";

  const form = document.querySelector("[data-request-form]");
  if (!form) {
    return;
  }
  const steps = Array.from(form.querySelectorAll("[data-step]"));
  const back = form.querySelector("[data-step-back]");
  const next = form.querySelector("[data-step-next]");
  const count = form.querySelector("[data-step-count]");
  const narrow = window.matchMedia("(max-width: 767px)");
  let at = Math.max(0, steps.findIndex((step) => step.querySelector(".is-invalid, .invalid-feedback")));

  function show(focus) {
    form.classList.toggle("in-steps", narrow.matches);
    form.classList.toggle("at-end", at === steps.length - 1);
    steps.forEach((step, number) => step.classList.toggle("current", number === at));
    back.classList.toggle("d-none", !narrow.matches || at === 0);
    next.classList.toggle("d-none", !narrow.matches || at === steps.length - 1);
    count.classList.toggle("d-none", !narrow.matches);
    count.textContent = form.dataset.stepWord + " " + (at + 1) + "/" + steps.length;
    if (focus && narrow.matches) {
      steps[at].querySelector("h2").focus();
    }
  }

  function go(distance) {
    at = Math.min(steps.length - 1, Math.max(0, at + distance));
    show(true);
  }

  back.addEventListener("click", () => go(-1));
  next.addEventListener("click", () => go(1));
  narrow.addEventListener("change", () => show(false));
  // Enter in a field goes on to the next step instead of sending half a form.
  form.addEventListener("keydown", function (event) {
    const field = event.target.matches("input:not([type=checkbox])");
    if (event.key === "Enter" && field && narrow.matches && at < steps.length - 1) {
      event.preventDefault();
      go(1);
    }
  });

  const kinds = JSON.parse(document.getElementById("kinds").textContent);
  const words = form.querySelector("[data-kind-words]");
  const reference = form.querySelector("[data-field=reference_no] [data-label]");
  const usual = reference.textContent;

  function require(name, needed) {
    form.querySelector("[data-field=" + name + "] .form-label").classList.toggle("required", needed);
  }

  // Every fact that some kind requires: the mark must go away again with the next choice.
  const mayRequire = Array.from(new Set(Object.values(kinds).flatMap((kind) => kind.requiredFacts))).filter(
    (name) => form.querySelector("[data-field=" + name + "] .form-label"));

  function follow() {
    const kind = kinds[form.elements.kind.value];
    words.textContent = kind ? kind.words : "";
    reference.textContent = (kind && kind.reference) || usual;
    require("reference_no", Boolean(kind && kind.referenceRequired));
    require("national_id", Boolean(kind && kind.identityRequired));
    mayRequire.forEach((name) => require(name, Boolean(kind && kind.requiredFacts.includes(name))));
    form.querySelectorAll("[data-field^=question_]").forEach(function (field) {
      const asked = kind ? kind.questions[field.dataset.field] : undefined;
      field.hidden = asked === undefined;
      require(field.dataset.field, asked === true);
    });
    Array.from(form.elements.basis.options).forEach(function (option) {
      const belongs = !option.value || !kind || kind.bases.includes(Number(option.value));
      option.hidden = !belongs;
      option.disabled = !belongs;
    });
    if (kind && kind.bases.length === 1) {
      form.elements.basis.value = kind.bases[0];
    } else if (form.elements.basis.selectedOptions.length && form.elements.basis.selectedOptions[0].disabled) {
      form.elements.basis.value = "";
    }
  }

  form.elements.kind.addEventListener("change", follow);
  follow();
  show(false);
})();
