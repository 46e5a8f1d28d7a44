// Getting the model of the page ready, and telling what happens.

import {judgeFor} from "./judge.js";
import {watchLoading} from "./loading.js";
import {modelCards} from "./model.js";
import {keepForOffline} from "./offline.js";
import {say, Told} from "./wording.js";

const status = document.getElementById("status");

export function tell(key, values) {
  status.textContent = key ? say(key, values) : "";
  status.classList.toggle("loading", key === "status.loading");
}

watchLoading((done, all) => {
  if (!status.classList.contains("loading")) return;
  const [here, whole] = [done, all].map((bytes) => (bytes / 1e6).toFixed(1));
  status.textContent = say("status.loading.of", {done: here, all: whole});
});

/** The card of the model that is chosen on this page. */
export async function chosenCard() {
  const cards = await modelCards();
  const name = document.getElementById("model")?.value;
  return cards.find((card) => card.name === name) ?? cards[0];
}

/** Load the chosen model into the page and store it; gives its judge. */
export async function getReady() {
  if (document.body.dataset.library !== "yes") throw new Told(say("where.not_installed"));
  const judge = await judgeFor(await chosenCard());
  document.body.dataset.model = "ready";
  keepForOffline().then((stored) => {
    if (!stored) return;
    document.body.dataset.offline = "ready";
    if (status.textContent === say("status.ready")) {
      status.textContent = `${say("status.ready")} ${say("status.offline")}`;
    }
  });
  return judge;
}
