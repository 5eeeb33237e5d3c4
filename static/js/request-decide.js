// The decision screen: the fields of a part show only for a part, refusal codes open for a refusal.
(function () {
  "use strict";

  const form = document.querySelector("[data-decide]");
  if (!form) {
    return;
  }
  const parts = form.querySelectorAll("[data-part]");
  const codes = form.querySelector("[data-codes]");

  function follow() {
    const chosen = form.querySelector("input[name=kind]:checked");
    const kind = chosen ? chosen.value : "";
    parts.forEach((part) => part.classList.toggle("d-none", kind !== "PART"));
    if (kind === "REFUSE" || kind === "NO_RECORDING") {
      codes.open = true;
    }
  }

  form.addEventListener("change", follow);
  follow();
})();
