"""Flow files that cannot be used: every finding names file and step, says what is wrong, and what to do."""

from __future__ import annotations

import pytest

from flows.authoring.findings import FlowError
from flows.authoring.loader import CONTENT, EVERYWHERE, everywhere, load, load_file, read

GOOD = """
id = "good"
title = "Good"
start = "hello"

[steps.hello]
type = "choice"
text = "Which was it?"
next = "bye"
options = [
  { value = "ward", label = "Ward" },
  { value = "clinic", label = "Clinic" },
]

[steps.bye]
type = "end"
text = "Thank you."
"""

SLIPS = [
    (
        "a step type that is none",
        'type = "choice"',
        'type = "chioce"',
        "hello",
        "type of this step is unknown",
        "choice, many",
    ),
    (
        "a field that is none",
        'text = "Which was it?"',
        'txt = "Which was it?"',
        "hello",
        "“txt” is not something",
        "spelling",
    ),
    ("a missing text", 'text = "Which was it?"\n', "", "hello", "“text” is missing", "Add it"),
    ("an empty text", '"Which was it?"', '""', "hello", "“text” is empty", "Write something"),
    ("one option", '  { value = "clinic", label = "Clinic" },\n', "", "hello", "“options” has too few", "2 or more"),
    ("no label", ', label = "Ward"', "", "hello", "“label” (options, number 1) is missing", "Add it"),
    ("a value with a capital", '"ward"', '"Ward"', "hello", "“value” (options, number 1) holds", "small letters"),
    (
        "a long label",
        '"Ward"',
        '"' + "W" * 65 + '"',
        "hello",
        "“label” (options, number 1) is too long",
        "64 characters",
    ),
    (
        "a channel that is none",
        'type = "choice"',
        'type = "choice"\nwhen = "fax"',
        "hello",
        "“when” is none of",
        "sms or telegram",
    ),
    (
        "an end that goes on",
        'type = "end"',
        'type = "end"\nnext = "hello"',
        "bye",
        "“next” cannot stand here",
        "Take the line out",
    ),
    ("a number for a text", '"Which was it?"', "5", "hello", "“text” holds another kind", "handbook"),
    ("a missing title", 'title = "Good"\n', "", "", "“title” is missing", "Add it"),
    ("an id with a space", 'id = "good"', 'id = "my flow"', "", "“id” holds a character", "small letters"),
    (
        "a purpose that is none",
        'type = "choice"',
        'type = "consent"\npurpose = "newsletter"\nnarrowest = "ward"',
        "hello",
        "“purpose” is none of",
        "take_part, use, naming, contact, invite or edition",
    ),
    ("too many reminders", 'start = "hello"', 'start = "hello"\nnudges = 3', "", "“nudges” is too large", "Use 2"),
]


def test_the_sound_flow_is_sound():
    assert read(GOOD, "good.toml").id == "good"


@pytest.mark.parametrize(("slip", "old", "new", "step", "what", "advice"), SLIPS, ids=[slip[0] for slip in SLIPS])
def test_a_slip_is_told_in_plain_words(slip, old, new, step, what, advice):
    assert old in GOOD
    with pytest.raises(FlowError) as error:
        read(GOOD.replace(old, new), "good.toml")
    finding = next(finding for finding in error.value.findings if what in finding.what)
    assert finding.file == "good.toml"
    assert finding.step == step
    assert advice in finding.advice
    for plain in (finding.what, finding.advice):
        assert plain.endswith(".")
        assert not {"pydantic", "validation", "input", "tuple", "none."} & set(plain.lower().split())


def test_all_slips_of_a_file_are_told_at_once():
    broken = GOOD.replace('title = "Good"\n', "").replace('label = "Ward"', 'lable = "Ward"').replace('"end"', '"ende"')
    with pytest.raises(FlowError) as error:
        read(broken, "good.toml")
    assert {finding.step for finding in error.value.findings} == {"", "hello", "bye"}
    assert "step hello" in str(error.value)


@pytest.mark.parametrize(
    ("broken", "line"),
    [(GOOD.replace('"Good"', '"Good'), "line 3"), (GOOD + '\n[steps.bye]\ntype = "end"\n', "line")],
    ids=["a missing quote", "a step name used twice"],
)
def test_what_is_no_toml_names_the_line(broken, line):
    with pytest.raises(FlowError) as error:
        read(broken, "good.toml")
    (finding,) = error.value.findings
    assert finding.code == "not_toml"
    assert line in finding.what


def test_a_byte_order_mark_and_windows_line_ends_do_no_harm(tmp_path):
    file = tmp_path / "good.toml"
    file.write_bytes(b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode())
    assert load_file(file) == read(GOOD, "good.toml")


def test_yes_and_no_stay_words():
    flow = read(GOOD.replace('"ward"', '"yes"').replace('"clinic"', '"no"'), "good.toml")
    assert [option.value for option in flow.steps["hello"].choices()] == ["yes", "no"]


def test_a_later_folder_replaces_a_flow_and_adds_others(tmp_path):
    (tmp_path / "share.toml").write_text(GOOD.replace('"good"', '"share"'), encoding="utf-8")
    (tmp_path / "good.toml").write_text(GOOD, encoding="utf-8")
    flows = {flow.id: flow for flow in load((CONTENT, tmp_path))}
    assert {"share", "feedback", "good"} <= set(flows)
    assert flows["share"].title == "Good"


def test_findings_of_all_files_are_told_together(tmp_path):
    (tmp_path / "one.toml").write_text("id = ", encoding="utf-8")
    (tmp_path / "two.toml").write_text('id = "two"', encoding="utf-8")
    with pytest.raises(FlowError) as error:
        load((tmp_path,))
    assert {finding.file for finding in error.value.findings} == {"one.toml", "two.toml"}


def test_a_folder_that_is_not_there_holds_no_flows(tmp_path):
    assert load((tmp_path / "none",)) == ()


def test_what_ships_can_be_read():
    files = [path for path in CONTENT.glob("*.toml") if path.stem != EVERYWHERE]
    assert len(files) >= 2
    assert {load_file(path).id for path in files} == {path.stem for path in files}
    addresses = [text.address for text in everywhere()]
    assert len(addresses) == len(set(addresses)) > 20


def test_two_files_of_one_folder_with_the_same_id_are_pointed_out(tmp_path):
    flow = (CONTENT / "feedback.toml").read_text(encoding="utf-8")
    for name in ("feedback.toml", "feedback_2.toml"):
        (tmp_path / name).write_text(flow, encoding="utf-8")
    with pytest.raises(FlowError) as caught:
        load([tmp_path])
    (finding,) = caught.value.findings
    assert (finding.file, finding.code) == ("feedback_2.toml", "flow_twice")


def test_an_organisations_own_flow_takes_the_place_of_ours(tmp_path):
    flow = (CONTENT / "feedback.toml").read_text(encoding="utf-8").replace("Give feedback", "How was it?")
    (tmp_path / "feedback.toml").write_text(flow, encoding="utf-8")
    titles = {flow.id: flow.title for flow in load([CONTENT, tmp_path])}
    assert titles == {"feedback": "How was it?", "share": "Share a story"}
