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

  // What is typed into a long form outlives a page that was left by mistake, in this tab alone, until it is sent or the
  // cases are closed. Hidden fields and what the server filled in after an error are left as they are.
  function drafts(form) {
    return Array.from(form.elements).filter(function (field) {
      return field.name && !["hidden", "submit", "password", "file"].includes(field.type);
    });
  }
  document.querySelectorAll("form[data-keep]").forEach(function (form) {
    const key = "draft:" + form.dataset.keep;
    const kept = document.querySelector("[data-focus]") ? null : sessionStorage.getItem(key);
    if (kept && !form.dataset.filled) {
      const values = new URLSearchParams(kept);
      drafts(form).forEach(function (field) {
        if (field.type === "checkbox" || field.type === "radio") {
          field.checked = values.getAll(field.name).includes(field.value);
        } else if (values.has(field.name)) {
          field.value = values.get(field.name);
        }
      });
    }
    function keep() {
      const values = new URLSearchParams();
      drafts(form).forEach(function (field) {
        if ((field.type !== "checkbox" && field.type !== "radio") || field.checked) {
          values.append(field.name, field.value);
        }
      });
      sessionStorage.setItem(key, values.toString());
    }
    form.addEventListener("input", keep);
    form.addEventListener("change", keep);
  });
  document.addEventListener("submit", function (event) {
    if (event.target.dataset.forget) {
      sessionStorage.removeItem("draft:" + event.target.dataset.forget);
    }
    if (event.target.hasAttribute("data-forget-all")) {
      sessionStorage.clear();
    }
  });

  // From within a text of several lines Ctrl and Enter send the form, as Enter does from any other field.
  document.addEventListener("keydown", function (event) {
    const form = event.target.form;
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && event.target.tagName === "TEXTAREA" && form) {
      event.preventDefault();
      form.requestSubmit(form.querySelector("button[type=submit], button:not([type])"));
    }
  });

  // A second press of the same button while the first is under way does nothing.
  document.addEventListener("submit", function (event) {
    const form = event.target;
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    if (form.method === "post" && !form.hasAttribute("data-again")) {
      form.dataset.sent = "yes";
    }
  });
  window.addEventListener("pageshow", function () {
    document.querySelectorAll("form[data-sent]").forEach(function (form) {
      delete form.dataset.sent;
    });
  });
})();
