// Answers about a lesion, for models that take them: from the form to the second input,
// as edge_runtime/model/answers.py says.

import {storeReal} from "./verdict.js";

const fields = () => [...document.querySelectorAll("#answers [data-models]")];
const control = (field) => field.querySelector("select, input");

/** Show the questions of this card's model, and no others. */
export function showQuestions(card) {
  const form = document.getElementById("answers");
  if (!form) return;
  for (const field of fields()) {
    field.hidden = !field.dataset.models.split(" ").includes(card.name);
    // What is not shown is neither checked nor sent.
    control(field).disabled = field.hidden;
  }
  form.hidden = !card.answers;
}

/** What was answered of this card's questions: words, and numbers as numbers. */
export function givenAnswers(card) {
  const found = {};
  for (const {name, values} of card.answers?.questions ?? []) {
    const answer = document.getElementById(`answer-${name}`)?.value.trim();
    if (answer) found[name] = values.length ? answer : Number(answer);
  }
  return found;
}

/** Whether each answer is one of those allowed; if not, the browser says which. */
export function answersFit() {
  return fields().map(control).every((each) => each.reportValidity());
}

/** The model's second input; what is not answered is unknown. */
export function storedAnswers({questions, ...spec}, answers = {}) {
  return storeReal(questions.flatMap((question) => encoded(question, answers[question.name])), spec);
}

function encoded({values, low, high}, answer) {
  const places = Array(values.length ? values.length + 1 : 2).fill(0);
  if (answer === undefined) places[places.length - 1] = 1;
  else if (values.length) places[values.indexOf(answer)] = 1;
  else places[0] = Math.fround((answer - low) / (high - low));
  return places;
}
