// Copies the text of a field; without clipboard rights the text is selected, to be copied by hand.
(function () {
  "use strict";
  document.querySelectorAll("[data-copy]").forEach(function (button) {
    const words = button.textContent;
    button.addEventListener("click", function () {
      const field = document.getElementById(button.dataset.copy);
      field.select();
      const written = navigator.clipboard ? navigator.clipboard.writeText(field.value) : Promise.reject();
      written
        .then(function () {
          button.textContent = button.dataset.done;
          window.setTimeout(() => (button.textContent = words), 2000);
        })
        .catch(() => field.focus());
    });
  });
})();
