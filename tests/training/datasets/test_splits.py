"""Groups stay whole, shares are kept, published splits stay as they are."""

from collections import Counter

import numpy as np
import pytest

from training.datasets.splits import Member, assigned, groups_in, joined


def members_of(*described):
    """Members from (group, malignant, published) triples."""
    return [Member(*each) for each in described]


def many(count, *, per_group=1, malignant_every=4, published=""):
    return [
        Member(
            number // per_group, (number // per_group) % malignant_every == 0, published
        )
        for number in range(count)
    ]


def chosen(members, *, val_share=0.1, test_share=0.2, seed=0):
    return assigned(members, val_share=val_share, test_share=test_share, seed=seed)


def test_links_join_chains_and_leave_the_rest_alone():
    assert joined(6, [(0, 4), (5, 4), (2, 3)]) == [0, 1, 2, 2, 0, 0]
    assert joined(3, []) == [0, 1, 2]


def test_joined_groups_equal_the_closure_of_the_links():
    generator = np.random.default_rng(3)
    links = [tuple(map(int, pair)) for pair in generator.integers(0, 40, (30, 2))]
    reach = np.eye(40, dtype=bool)
    for one, other in links:
        reach[one, other] = reach[other, one] = True
    for _ in range(40):
        reach = reach | (reach.astype(int) @ reach.astype(int) > 0)
    assert joined(40, links) == [int(np.flatnonzero(row)[0]) for row in reach]


def test_no_group_is_torn_apart():
    members = many(400, per_group=3)
    splits = chosen(members)
    for one, other in (("train", "val"), ("train", "test"), ("val", "test")):
        assert not groups_in(one, splits, members) & groups_in(other, splits, members)


def test_shares_hold_for_each_class():
    members = many(1000)
    counts = Counter(
        (split, member.malignant)
        for split, member in zip(chosen(members), members, strict=True)
    )
    # 250 malignant of 1000: 20 % to test, then 10 % of what is left to val.
    assert (counts["test", True], counts["val", True]) == (50, 20)
    assert (counts["test", False], counts["val", False]) == (150, 60)


def test_seed_chooses_and_repeats():
    members = many(200)
    assert chosen(members, seed=1) == chosen(members, seed=1)
    assert chosen(members, seed=1) != chosen(members, seed=2)


def test_published_test_split_stays_even_where_it_overlaps():
    members = members_of(
        *[(group, group % 2 == 0, "train") for group in range(20)],
        (0, True, "test"),
        (1, False, "test"),
        (30, True, "test"),
    )
    splits = chosen(members)
    assert splits[-3:] == ["test"] * 3
    assert "test" not in splits[:-3]


def test_lesions_of_the_test_split_never_choose_the_threshold():
    members = members_of(
        *[(group, group % 2 == 0, "train") for group in range(20)],
        *[(group, group % 2 == 0, "test") for group in range(14)],
    )
    for seed in range(5):
        splits = chosen(members, val_share=0.3, seed=seed)
        val = groups_in("val", splits, members)
        assert val
        assert not val & groups_in("test", splits, members)


def test_published_validation_photos_of_training_lesions_move_to_training():
    members = members_of(
        (0, True, "train"), (0, True, "val"), (1, False, "train"), (2, True, "val")
    )
    assert chosen(members, test_share=0)[:4] == ["train", "train", "train", "val"]


def test_no_test_share_makes_no_test_split():
    assert set(chosen(many(50), test_share=0)) == {"train", "val"}


def test_a_rare_class_still_gets_a_validation_photo():
    members = members_of(*[(group, group < 6, "") for group in range(100)])
    splits = chosen(members, val_share=0.1, test_share=0.2)
    kinds = Counter(splits[:6])
    assert kinds["train"] >= 1
    assert kinds["val"] >= 1
    assert kinds["test"] >= 1


@pytest.mark.parametrize("seed", range(3))
def test_one_huge_group_does_not_swallow_validation(seed):
    members = members_of(
        *[(0, False, "")] * 50, *[(group, group % 2 == 0, "") for group in range(1, 60)]
    )
    splits = chosen(members, test_share=0, val_share=0.2, seed=seed)
    assert splits[:50] == ["train"] * 50


def test_the_only_group_of_a_class_stays_in_training():
    members = members_of(
        (0, True, ""), (0, True, ""), *[(g, False, "") for g in range(1, 9)]
    )
    splits = chosen(members, val_share=0.5, test_share=0.5)
    assert splits[:2] == ["train", "train"]
