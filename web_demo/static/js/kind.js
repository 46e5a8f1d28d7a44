// Which kind of photo it is, where models for both are here: asked before a photo is chosen.

/**
 * Offer only the models for the kind that is chosen; before that the element `id`, which
 * a photo comes from, is out of sight.
 */
export function askKind(id) {
  const kind = document.getElementById("kind");
  if (!kind) return;
  const choose = document.getElementById(id), model = document.getElementById("model");
  choose.hidden = true;
  kind.addEventListener("change", ({target}) => {
    for (const option of model.options) {
      option.hidden = option.disabled = option.dataset.kind !== target.value;
    }
    model.value = [...model.options].find((option) => !option.disabled).value;
    model.dispatchEvent(new Event("change"));
    choose.hidden = false;
  });
}
