"""What a kit is told of the answers that its model takes beside the photo."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path

from convert.tflite.metadata import place_of_answers
from edge_runtime.model.answers import AnswersSpec, Question
from edge_runtime.model.file import ModelFile

# The one file with the sentences of pages; apps ask in the same words.
_SENTENCES = (
    Path(__file__).resolve().parents[2] / "web_demo" / "static" / "strings.en.json"
)
# A model without questions: nothing is stored with these.
_NOTHING = AnswersSpec((Question("none", ("none",)),), "uint8", 1 / 255, 0)


def question_values(file: ModelFile) -> dict[str, str]:
    """Words by placeholder: how answers are stored, and the questions by language."""
    spec = file.card.answers
    stored = spec or _NOTHING
    place = place_of_answers(file.model)
    sentences = json.loads(_SENTENCES.read_text(encoding="utf-8"))
    questions = spec.questions if spec else ()
    return {
        "ANSWERS_TYPE": stored.dtype,
        "ANSWERS_SCALE": repr(float(stored.scale)),
        "ANSWERS_ZERO_POINT": str(stored.zero_point),
        "ANSWERS_AT": str(1 if place is None else place),
        **{
            f"QUESTIONS_{language}": "".join(
                form(each, _words_of(each, sentences)) for each in questions
            )
            for language, form in _FORMS.items()
        },
    }


def _words_of(question: Question, sentences: Mapping[str, str]) -> str:
    return sentences.get(f"question.{question.name}", question.name)


def _quoted(values: tuple[str, ...]) -> str:
    return ", ".join(map(json.dumps, values))


def _cpp(question: Question, words: str) -> str:
    name, text = json.dumps(question.name), json.dumps(words)
    low, high = float(question.low), float(question.high)
    values = _quoted(question.values)
    return f"\n    {{{name}, {text}, {low!r}, {high!r}, {{{values}}}}},"


def _kotlin(question: Question, words: str) -> str:
    return f"\n        {_call(question, words, f'listOf({_quoted(question.values)})')},"


def _bracketed(question: Question, words: str) -> str:
    """Swift and Dart."""
    return f"\n    {_call(question, words, f'[{_quoted(question.values)}]')},"


def _typescript(question: Question, words: str) -> str:
    return (
        f"\n  {{name: {json.dumps(question.name)}, words: {json.dumps(words)},"
        f" low: {float(question.low)!r}, high: {float(question.high)!r},"
        f" values: [{_quoted(question.values)}]}},"
    )


def _call(question: Question, words: str, values: str) -> str:
    name, text = json.dumps(question.name), json.dumps(words)
    low, high = float(question.low), float(question.high)
    return f"Question({name}, {text}, {low!r}, {high!r}, {values})"


_FORMS: Mapping[str, Callable[[Question, str], str]] = {
    "CPP": _cpp,
    "KOTLIN": _kotlin,
    "BRACKETS": _bracketed,
    "TYPESCRIPT": _typescript,
}
