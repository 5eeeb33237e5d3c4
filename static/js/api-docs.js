// Shows the API's description. The validator's badge is off: it would ask a server outside.
"use strict";
window.addEventListener("DOMContentLoaded", () => {
  const root = document.documentElement;
  root.classList.toggle("dark-mode", root.dataset.bsTheme === "dark");
  const box = document.getElementById("api-docs");
  window.SwaggerUIBundle({
    url: box.dataset.schema,
    domNode: box,
    deepLinking: true,
    validatorUrl: null,
    supportedSubmitMethods: ["get", "head", "post"],
    persistAuthorization: false,
  });
});
