// The model inside the page: LiteRT.js, one model at a time, uint8 or float32, batch 1.

import {storedAnswers} from "./answers.js";
import {counted} from "./loading.js";
import {restore} from "./verdict.js";
import {say, Told} from "./wording.js";

const LIBRARY = "/litert/";

let starting, tries = 0;
let cards;

/** The cards of every model of this server, the preferred one first. */
export function modelCards() {
  cards ??= fetched("/api/v1/models").then((answer) => answer.json()).then(({models}) => models).catch((error) => {
    cards = undefined;
    throw error;
  });
  return cards;
}

async function fetched(url) {
  const answer = await fetch(url).catch(() => {
    throw new Told(say("error.server"));
  });
  if (!answer.ok) throw new Told(say("error.fetch", {status: answer.status}));
  return answer;
}

/** A line of the runtime, which calls all of them errors. Its warnings are about
    accelerators that nobody asked for. */
export function printed(line) {
  if (/^(VERBOSE|INFO|WARNING):/.test(line)) console.debug(line);
  else console.error(line);
}

async function library() {
  starting ??= (async () => {
    // A module that failed to load once would fail again under the same address.
    const again = tries++ ? `?try=${tries}` : "";
    const litert = await import(`${LIBRARY}index.js${again}`).catch((error) => {
      console.error(error);
      throw new Told(say("error.library"));
    });
    // Where its WebAssembly module takes its settings from, as Emscripten's modules do.
    globalThis.Module = {print: console.debug, printErr: printed};
    const failed = new Promise((_, reject) => {
      globalThis.Module.instantiateWasm = (imports, receive) => {
        instantiate(imports).then(({instance, module}) => receive(instance, module), reject);
      };
    });
    await Promise.race([litert.loadLiteRt(LIBRARY), failed]);
    return litert;
  })().catch((error) => {
    starting = undefined;
    throw error;
  });
  return starting;
}

/** The runtime's WebAssembly, compiled while it comes. */
async function instantiate(imports) {
  // The library chose a script by what this browser can do; its module lies beside it.
  const script = [...document.querySelectorAll(`script[src*="${LIBRARY}"]`)].at(-1);
  const address = script.src.replace(/\.js$/, ".wasm");
  // A stored answer is handed on as it is: browsers keep what they compiled of those.
  const isStored = await globalThis.caches?.match(address, {ignoreVary: true});
  const answer = await fetched(address);
  return WebAssembly.instantiateStreaming(isStored ? answer : counted(answer), imports);
}

/** A compiled model: infer() takes the stored input and gives {stored, score}. */
export class Model {
  constructor(litert, compiled, card) {
    Object.assign(this, {litert, compiled, card});
  }

  static async load(card) {
    const url = `/models/${card.model_sha256}.tflite`;
    const [litert, content] = await Promise.all([library(), checked(url, card)]);
    const compiled = await litert.loadAndCompile(content, {accelerator: "wasm"});
    return new Model(litert, compiled, card);
  }

  /** input is the stored photo; answers are what is told about it, where it asks. */
  async infer(input, answers = {}) {
    const size = this.card.input.size_px;
    const tensors = this.compiled.getInputDetails().map(({shape}) => shape.length === 4
      ? new this.litert.Tensor(input, [1, size, size, 3])
      : this.#told(answers));
    const results = await this.compiled.run(tensors);
    const stored = results[0].toTypedArray()[0];
    [...tensors, ...results].forEach((each) => each.delete());
    return {stored, score: restore(stored, this.card.output)};
  }

  #told(answers) {
    const told = storedAnswers(this.card.answers, answers);
    return new this.litert.Tensor(told, [1, told.length]);
  }
}

/** The model's bytes, which must be those that the card vouches for. */
async function checked(url, card) {
  const content = await counted(await fetched(url)).arrayBuffer();
  // Browsers offer hashes to secure pages only; elsewhere the network is trusted.
  if (globalThis.crypto?.subtle) {
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", content));
    const hex = [...digest].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    if (hex !== card.model_sha256) throw new Told(say("error.model"));
  }
  return new Uint8Array(content);
}
