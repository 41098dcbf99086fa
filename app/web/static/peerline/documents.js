// Sends each chosen or dropped file at once, one after the other, and shows how far it is. Without this the files go
// with the form that they are chosen in.
"use strict";

(function () {
  const LARGEST = 20 * 1024 * 1024;

  document.querySelectorAll("[data-upload]").forEach(function (zone) {
    const field = zone.querySelector("input[type=file]");
    const form = field.form;
    const going = zone.querySelector("ul");
    const waiting = [];
    form.querySelectorAll(".pl-without-script").forEach(function (button) {
      button.hidden = true;
    });
    let sending = false;
    let sendAfterwards = null;

    function say(words) {
      zone.querySelector("[data-upload-said]").textContent = words;
    }

    function line(file) {
      const item = document.createElement("li");
      const bar = document.createElement("progress");
      bar.max = 100;
      bar.value = 0;
      bar.setAttribute("aria-label", file.name);
      item.append(file.name, bar);
      going.append(item);
      return item;
    }

    function fail(item, words) {
      item.querySelector("progress").remove();
      item.append(": " + words);
      item.setAttribute("role", "alert");
    }

    function take(files) {
      Array.from(files).forEach(function (file) {
        const item = line(file);
        if (file.size > LARGEST) {
          fail(item, "larger than 20 MB. Send it in parts, or scan it again in black and white.");
        } else {
          waiting.push({ file: file, item: item });
        }
      });
      field.value = "";
      next();
    }

    function next() {
      if (sending) {
        return;
      }
      const one = waiting.shift();
      if (one) {
        sending = true;
        send(one.file, one.item);
      } else if (sendAfterwards) {
        const button = sendAfterwards.button;
        sendAfterwards = null;
        form.requestSubmit(button);
      }
    }

    function send(file, item) {
      const body = new FormData();
      body.append("csrf_token", form.elements.csrf_token.value);
      body.append("files", file);
      const request = new XMLHttpRequest();
      request.open("POST", zone.dataset.upload);
      request.setRequestHeader("HX-Request", "true");
      request.upload.addEventListener("progress", function (event) {
        item.querySelector("progress").value = (100 * event.loaded) / event.total;
      });
      request.addEventListener("loadend", function () {
        sending = false;
        const elsewhere = request.getResponseHeader("HX-Redirect");
        if (elsewhere) {
          location.assign(elsewhere);
        } else if (request.status === 200) {
          item.remove();
          show(request.responseText);
        } else {
          fail(item, "could not be sent. Check the connection and choose it once more.");
        }
        next();
      });
      say("Sending " + file.name);
      request.send(body);
    }

    // The list as the server has it now: what was taken, and what was not and why.
    function show(text) {
      const list = new DOMParser().parseFromString(text, "text/html").getElementById("documents");
      const said = list.querySelector("[role=status]");
      say(said ? said.textContent : "");
      document.getElementById("documents").replaceWith(list);
      htmx.process(list);
      // whatever depends on what was sent looks once more
      field.dispatchEvent(new Event("change", { bubbles: true }));
    }

    field.addEventListener("change", function () {
      if (field.files.length) {
        take(field.files);
      }
    });
    ["dragover", "dragleave", "drop"].forEach(function (kind) {
      zone.addEventListener(kind, function (event) {
        event.preventDefault();
        zone.classList.toggle("pl-upload--over", kind === "dragover");
        if (kind === "drop") {
          take(event.dataTransfer.files);
        }
      });
    });
    // A form that is sent while files are under way waits for them.
    document.addEventListener(
      "submit",
      function (event) {
        if (event.target === form && (sending || waiting.length)) {
          event.preventDefault();
          event.stopPropagation();
          sendAfterwards = { button: event.submitter };
          say("The form is sent as soon as the files are there.");
        }
      },
      true
    );
  });
})();
