// Asking the server about a photo. Only called when a person has just said so.

import {cropField} from "./crop.js";
import {problemWords, say, Told} from "./wording.js";

/** The service's answer; a problem becomes an error in the page's words. */
export async function ask(address, {file, card, answers = {}, crop}) {
  const most = Number(document.body.dataset.maxBytes);
  if (file.size > most) {
    const [sent, allowed] = [file.size, most].map((bytes) => (bytes / 1e6).toFixed(1));
    throw new Told(say("problem.upload.bytes", {sent, most: allowed}));
  }
  const body = new FormData();
  body.append("photo", file);
  body.append("model", card.name);
  body.append("crop", cropField(crop));
  for (const [name, answer] of Object.entries(answers)) body.append(`answer_${name}`, answer);
  let answer;
  try {
    answer = await fetch(address, {method: "POST", body});
  } catch {
    throw new Told(say("error.server"));
  }
  // A proxy in front may answer in its own way.
  const found = await answer.json().catch(() => ({}));
  if (answer.ok && found.results) return found.results[0];
  if (answer.ok) return found;
  throw new Told("code" in found ? problemWords(found)
    : say("error.fetch", {status: answer.status}));
}
