import numpy as np
import pytest
from sklearn.metrics import roc_curve

from convert.checks.flips import comparison
from convert.checks.gates import (
    GATES,
    LARGEST_BY_CHANCE,
    Finding,
    Limits,
    auc_finding,
    few_photos_finding,
    quality_findings,
    recall_drop_at_specificity,
    refuse_failed,
    score_finding,
)
from convert.errors import GateError
from convert.quantize.recipes import RECIPES
from convert.to_tflite import parse

# 100 malignant photos and 100 others that a Keras model tells apart perfectly.
LABELS = np.repeat([1, 0], 100)
PERFECT = np.r_[np.linspace(0.6, 0.9, 100), np.linspace(0.1, 0.4, 100)]


def _findings(file_scores, keras_scores=PERFECT, recipe="ptq_int8", limits=None):
    changed = comparison(
        LABELS, keras_scores, file_scores, target_recall=0.95, split="val"
    )
    found = quality_findings(
        RECIPES[recipe],
        LABELS,
        keras_scores,
        file_scores,
        changed,
        target_recall=0.95,
        limits=limits or Limits(),
    )
    return {each.gate: each for each in found}


def test_same_scores_pass_every_gate():
    assert all(finding.passed for finding in _findings(PERFECT).values())


def test_better_scores_are_no_loss():
    noisy = PERFECT + np.random.default_rng(0).normal(0, 0.2, 200)
    found = _findings(PERFECT, noisy.clip(0, 1))
    assert found["auc-drop"].measured < 0
    assert found["recall-drop"].measured < 0
    assert found["auc-drop"].passed
    assert found["recall-drop"].passed


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=lambda each: each.name)
def test_auc_may_fall_by_the_recipes_limit_and_no_more(recipe):
    # Benign photos that together beat k malignant ones cost k / 10,000 of AUC.
    allowed = round(recipe.max_auc_drop * 10_000)
    largest = round(LARGEST_BY_CHANCE * 10_000)
    beyond = max(allowed, min(largest, 5 * allowed)) + 1
    for above, passes in ((allowed, True), (beyond, False)):
        scores = PERFECT.copy()
        for photo, beaten in ((100, above // 2), (101, above - above // 2)):
            scores[photo] = scores[beaten - 1] + 1e-6 if beaten else 0.3
        found = _findings(scores, recipe=recipe.name)["auc-drop"]
        assert found.passed == passes, (above, found)
        assert found.measured == pytest.approx(above / 10_000)


def test_a_loss_that_chance_explains_is_no_loss():
    # One pair that changed places: 0.0011 of 900 pairs, more than float16 may lose.
    labels = np.repeat([1, 0], 30)
    keras = np.r_[np.linspace(0.5, 0.9, 30), np.linspace(0.1, 0.49, 30)]
    file = keras.copy()
    file[[0, 59]] = file[[59, 0]]
    changed = comparison(labels, keras, file, target_recall=0.95, split="val")
    arguments = (RECIPES["float16"], labels, keras, file, changed)
    found = auc_finding(*arguments, Limits())
    assert found.measured == pytest.approx(1 / 900)
    assert found.measured > found.limit
    assert found.passed
    assert "DeLong p 0.48" in found.text
    assert not auc_finding(*arguments, Limits(auc_drop=0.001)).passed


class TestScoreChange:
    @pytest.mark.parametrize("name", ["float16", "ptq_int8", "qat_int8"])
    def test_counts_though_the_order_stays(self, name):
        most = RECIPES[name].max_score_change
        noise = np.random.default_rng(0).choice([-1, 1], 200)
        for share, passes in ((0.9, True), (1.1, False)):
            moved = PERFECT + share * most * noise
            found = score_finding(RECIPES[name], LABELS, PERFECT, moved, Limits())
            assert found.measured == pytest.approx(share * most)
            assert found.passed == passes

    def test_counts_in_the_tail(self):
        moved = PERFECT.copy()
        moved[::15] -= 0.2
        found = score_finding(RECIPES["qat_int8"], LABELS, PERFECT, moved, Limits())
        assert found.measured < found.limit
        assert not found.passed
        assert "one in twenty by 0.2000" in found.text

    def test_counts_in_one_direction_of_one_class(self):
        moved = PERFECT - 0.035 * (LABELS == 1)
        found = score_finding(RECIPES["qat_int8"], LABELS, PERFECT, moved, Limits())
        assert found.measured < found.limit
        assert not found.passed
        assert "-0.0350 in one direction" in found.text

    def test_has_a_limit_of_the_user(self):
        moved = PERFECT + 0.1 * np.random.default_rng(0).choice([-1, 1], 200)
        recipe, loose = RECIPES["qat_int8"], Limits(score_change=0.2)
        assert not score_finding(recipe, LABELS, PERFECT, moved, Limits()).passed
        assert score_finding(recipe, LABELS, PERFECT, moved, loose).passed


@pytest.mark.parametrize(
    ("malignant", "other", "recall", "passes"),
    [(49, 40, 0.95, True), (48, 40, 0.95, False), (49, 39, 0.95, False),
     (49, 40, 0.9, False), (62, 40, 0.9, True)],
)  # fmt: skip
def test_a_threshold_needs_as_many_lesions_as_a_sites(malignant, other, recall, passes):
    found = few_photos_finding(malignant, other, recall)
    assert found.passed == passes
    assert f"{malignant} malignant and {other} other lesions" in found.text


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=lambda each: each.name)
def test_advice_names_options_that_the_recipe_has(recipe):
    assert ("--steps" in recipe.advice) == recipe.trains
    assert f"--recipe {recipe.name}" not in recipe.advice


def test_auc_limit_of_the_user_replaces_the_recipes():
    scores = PERFECT.copy()
    scores[100] = 0.75
    assert not _findings(scores, recipe="float32")["auc-drop"].passed
    loose = Limits(auc_drop=0.01)
    assert _findings(scores, recipe="float32", limits=loose)["auc-drop"].passed


class TestRecallDrop:
    def test_is_found_at_the_same_specificity(self):
        generator = np.random.default_rng(1)
        keras = np.clip(PERFECT + generator.normal(0, 0.2, 200), 0, 1)
        file = np.clip(PERFECT + generator.normal(0, 0.3, 200), 0, 1)
        drop, specificity = recall_drop_at_specificity(LABELS, keras, file, 0.95)
        # scikit-learn's curves, read at the Keras model's point.
        false_alarms, recalls, _ = roc_curve(LABELS, keras, drop_intermediate=False)
        place = np.flatnonzero(recalls >= 0.95)[0]
        assert specificity == pytest.approx(1 - false_alarms[place])
        others, file_recalls, _ = roc_curve(LABELS, file, drop_intermediate=False)
        best = file_recalls[others <= false_alarms[place] + 1e-12].max()
        assert drop == pytest.approx(recalls[place] - best)

    def test_is_seen_where_everything_is_called_malignant(self):
        # Recall alone would be 1: the trap of wrong preprocessing.
        found = _findings(np.r_[np.full(100, 0.9), np.full(100, 0.9)])
        assert not found["recall-drop"].passed
        assert not found["auc-drop"].passed

    @pytest.mark.parametrize(("swapped", "passes"), [(0, True), (2, True), (3, False)])
    def test_may_be_two_in_a_hundred(self, swapped, passes):
        file = PERFECT.copy()
        # 5 below all others make up for what the Keras model's threshold misses.
        file[: 5 + swapped] = 0.0
        measured, _ = recall_drop_at_specificity(LABELS, PERFECT, file, 0.95)
        assert measured == pytest.approx(swapped / 100)
        assert _findings(file)["recall-drop"].passed == passes


@pytest.mark.parametrize(("lost", "passes"), [(2, True), (3, False)])
def test_malignant_lesions_lost_are_counted(lost, passes):
    scores = PERFECT.copy()
    # Those just above the Keras model's threshold change places with those below.
    scores[5 : 5 + lost], scores[5 - lost : 5] = (
        PERFECT[5 - lost : 5],
        PERFECT[5 : 5 + lost],
    )
    found = _findings(scores)["malignant-lost"]
    assert (found.measured, found.passed) == (lost, passes)


@pytest.mark.parametrize(("values", "passes"), [(16, True), (15, False)])
def test_few_scores_cannot_carry_a_threshold(values, passes):
    levels = np.linspace(0.1, 0.9, values)
    scores = levels[np.rint(PERFECT * (values - 1)).astype(int)]
    scores[:values] = levels
    assert _findings(scores)["distinct-scores"].passed == passes


class TestRefuseFailed:
    FAILED = Finding("auc-drop", 0.2, 0.1, False, "AUC fell", "Fine-tune longer.")
    PASSED = Finding("recall-drop", 0.0, 0.1, True, "recall fell", "")
    OTHER = Finding("malignant-lost", 9, 1, False, "9 lost", "Look at them.")

    def test_lets_what_passed_go(self):
        assert refuse_failed([self.PASSED], []) == ()

    def test_says_what_failed_what_to_try_and_how_to_accept(self):
        with pytest.raises(GateError) as stopped:
            refuse_failed([self.FAILED, self.PASSED, self.OTHER], [])
        message = str(stopped.value)
        assert "AUC fell. Fine-tune longer." in message
        assert "9 lost. Look at them." in message
        assert "--accept auc-drop --accept malignant-lost" in message
        assert "recall fell" not in message

    def test_accepting_one_does_not_accept_another(self):
        with pytest.raises(GateError, match="9 lost"):
            refuse_failed([self.FAILED, self.OTHER], ["auc-drop"])

    def test_reports_only_those_that_failed(self):
        accepted = ["auc-drop", "recall-drop"]
        assert refuse_failed([self.FAILED, self.PASSED], accepted) == ("auc-drop",)


class TestOptions:
    WORDS = ("model.keras", "--manifest", "m.csv")

    def test_defaults_are_those_of_the_limits(self):
        assert parse(self.WORDS).limits == Limits()
        assert parse(self.WORDS).accept == ()

    def test_each_limit_has_an_option(self):
        words = [
            *("--max-auc-drop", "0.1", "--max-recall-drop", "0.2"),
            *("--max-malignant-lost", "0.3", "--max-score-change", "0.7"),
            *("--min-distinct-scores", "4"),
            *("--min-calibration-balance", "0.5", "--max-calibration-drift", "0.6"),
        ]
        given = parse([*self.WORDS, *words]).limits
        assert given == Limits(0.1, 0.2, 0.3, 0.7, 4, 0.5, 0.6)

    @pytest.mark.parametrize("gate", GATES)
    def test_each_gate_can_be_accepted_by_name(self, gate):
        assert parse([*self.WORDS, "--accept", gate]).accept == (gate,)

    def test_help_states_each_gate_and_its_limit(self, capsys):
        with pytest.raises(SystemExit):
            parse(["--help"])
        text = " ".join(capsys.readouterr().out.split())
        for gate in GATES:
            assert f"gate {gate}" in text or gate in ("input-scale", "few-photos"), gate
            assert GATES[gate] in text
        for default in ("(default: 0.02)", "(default: 16)", "(default: 0.4)"):
            assert default in text
        assert all(str(each.max_auc_drop) in text for each in RECIPES.values())
