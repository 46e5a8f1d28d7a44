// How a photo comes onto a page: chosen, dropped anywhere, pasted, or one of the drawn ones.

import {element} from "./view.js";

// As web_demo/uploads.py: longer names say nothing more.
const MOST_LETTERS = 80;

/** Call take with each photo's file, takeMany with the files of several at once. */
export function takePhotos(take, takeMany) {
  const input = document.getElementById("photo");
  const hand = (list) => {
    const files = [...list].map(named);
    if (files.length > 1 && takeMany) takeMany(files);
    else if (files.length) take(files[0]);
  };
  const choose = () => {
    hand(input.files);
    // The same photo can be chosen again.
    input.value = "";
  };
  input.addEventListener("change", choose);
  document.addEventListener("dragover", (event) => {
    if (!event.dataTransfer.types.includes("Files")) return;
    event.preventDefault();
    document.body.classList.add("dropping");
  });
  document.addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) document.body.classList.remove("dropping");
  });
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    document.body.classList.remove("dropping");
    hand(event.dataTransfer.files);
  });
  document.addEventListener("paste", (event) => {
    hand(event.clipboardData.files);
  });
  for (const button of document.querySelectorAll("[data-sample]")) {
    button.addEventListener("click", async () => {
      const answer = await fetch(button.dataset.sample);
      const name = button.dataset.sample.split("/").at(-1);
      if (answer.ok) take(new File([await answer.blob()], name));
    });
  }
  // Chosen while the scripts were on their way.
  if (input.files.length) choose();
}

/** The same file, without letters in its name that are not seen or turn text around. */
function named(file) {
  const name = file.name.replace(/\p{C}/gu, "").slice(0, MOST_LETTERS);
  return name === file.name ? file : new File([file], name, {type: file.type});
}

/** A question with two buttons in place of another element; resolves to the answer. */
export function confirmed(place, words, yes, no) {
  return new Promise((resolve) => {
    const answer = (value) => () => {
      box.replaceWith(place);
      place.focus();
      resolve(value);
    };
    const go = element("button", {type: "button"}, yes);
    const stay = element("button", {type: "button", class: "quiet"}, no);
    const box = element("div", {class: "question", role: "alertdialog", "aria-label": words},
      element("p", {}, words), element("p", {class: "buttons"}, go, stay));
    go.addEventListener("click", answer(true));
    stay.addEventListener("click", answer(false));
    place.replaceWith(box);
    stay.focus();
  });
}
