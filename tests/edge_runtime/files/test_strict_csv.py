"""Tables of photos: whole ones are read, damaged ones named by their line."""

import pytest

from edge_runtime.files.strict_csv import TableError, columns_of, read_table


@pytest.mark.parametrize(
    ("text", "cells"),
    [
        ("a,b\n1,2\n", [{"a": "1", "b": "2"}]),
        ("a;b\r\n1,5;2\r\n", [{"a": "1,5", "b": "2"}]),
        ("a\tb\n1\t2", [{"a": "1", "b": "2"}]),
        ('a,b\n"1, or 2",x\n', [{"a": "1, or 2", "b": "x"}]),
        ('a,b\n"say ""no""",x\n', [{"a": 'say "no"', "b": "x"}]),
        ("a,b\n 1 , 2 \n", [{"a": "1", "b": "2"}]),
        ("a,b\n1\n", [{"a": "1", "b": ""}]),
        ("", []),
    ],
)
def test_whole_tables_are_read(text, cells):
    assert [row for _, row in read_table(text).rows] == cells


def test_lines_are_counted_with_blank_ones():
    assert [line for line, _ in read_table("\na,b\n\n\n1,2\n\n3,4\n").rows] == [5, 7]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('a,b\n1,"2\n3,4\n', "line 2 has a quotation mark"),
        ('a,b\n1,2\n"3,4\n', "line 3 has a quotation mark"),
        ('a,b\n1,in"ch\n', "line 2 has a quotation mark"),
        ('a,b\n"1"2,3\n', "line 2 has a quotation mark"),
        ("a,b\n1,2,3\n", "line 2 has 3 cells, the header 2"),
        ("a,a\n1,2\n", "more than once"),
    ],
)
def test_damage_is_named_by_its_line(text, said):
    with pytest.raises(TableError, match=said):
        read_table(text)


def test_a_quotation_mark_in_a_long_table_swallows_no_row():
    rows = [f"{number},x" for number in range(20_000)]
    rows[7] = '7,"x'
    with pytest.raises(TableError, match="line 9 "):
        read_table("\n".join(["a,b", *rows]))


def test_the_header_alone_can_be_asked_for():
    assert columns_of("a, b\n") == ("a", "b")
    assert columns_of('a,"b\n') == ()
