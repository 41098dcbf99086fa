// What a browser can add to pages that work without it. No inline code, nothing evaluated.
"use strict";

(function () {
  // The reader's zone, so that times are shown in it from the next page on; a choice of the reader's own goes first.
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (zone && !document.cookie.includes("peerline-browser-zone=" + zone)) {
    const secure = location.protocol === "https:" ? "; Secure" : "";
    document.cookie = "peerline-browser-zone=" + zone + "; Path=/; Max-Age=31536000; SameSite=Lax" + secure;
  }

  // The summary of errors is where reading goes on.
  const errors = document.querySelector("[data-focus]");
  if (errors) {
    errors.focus();
  }

  // A second press of the same button while the first is under way does nothing.
  document.addEventListener("submit", function (event) {
    const form = event.target;
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    if (form.method === "post") {
      form.dataset.sent = "yes";
    }
  });
  window.addEventListener("pageshow", function () {
    document.querySelectorAll("form[data-sent]").forEach(function (form) {
      delete form.dataset.sent;
    });
  });
})();
