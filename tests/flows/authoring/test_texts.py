"""Translations: what PO files hold, how they are kept up to date, and when a language is offered."""

from __future__ import annotations

import pytest
from babel.messages.pofile import read_po

from flows.authoring.catalogue import CatalogueChange, UnreadableCatalogueError, read_catalogue, template, updated
from flows.authoring.loader import load, read
from flows.authoring.release import compile_release
from flows.authoring.texts import TEXTS, all_sources, read_catalogues, read_translations, texts_for
from flows.model.conversation import idle
from flows.model.organisation_facts import OrganisationFacts
from flows.questions.question import SourceText
from tests.flows.phone import NOON

HELLO = SourceText("walk/hello.text", "Hello, this is {organisation}. It is 100% free.", "text", "Be warm.", None)
SHORT = SourceText("walk/hello.text_sms", "This is {organisation}.\nIt is free.", "text", "", True)
WARD = SourceText("walk/where.options.ward", "Ward", "label", "", None)
WORDS = SourceText("walk/where.options.ward.words", "hospital, the ward", "words", "", None)
SOURCES = (HELLO, SHORT, WARD, WORDS)

TRANSLATED = {
    HELLO.address: "Helo, {organisation} sydd yma. Mae am ddim.",
    SHORT.address: "{organisation} sydd yma.\nMae am ddim.",
    WARD.address: "Ward",
    WORDS.address: "ysbyty, y ward",
}


def filled(po: str, *, fuzzy: bool = False) -> str:
    """Return a PO text with the translations above filled in, as a translator's editor would."""
    blocks = po.split("\n\n")
    made = [blocks[0]]
    for block in blocks[1:]:
        address = block.split('msgctxt "')[1].split('"')[0]
        text = TRANSLATED[address].replace("\n", "\\n")
        mark = "#, fuzzy\n" if fuzzy else ""
        made.append(mark + block.rstrip("\n").removesuffix('msgstr ""') + f'msgstr "{text}"')
    text, _ = updated(("\n\n".join(made) + "\n").encode(), "cy", SOURCES)  # wraps the lines
    return text


def begun(language: str = "cy") -> str:
    text, _ = updated(None, language, SOURCES)
    return text


def test_a_new_language_begins_empty_with_an_address_and_a_hint_for_each_text():
    text, change = updated(None, "cy", SOURCES)
    assert change == CatalogueChange(kept=0, new=4, changed=0, dropped=0)
    assert '"Language: cy\\n"' in text
    assert text.count("msgctxt") == 4
    assert "#. Be warm.\n" in text
    assert "At most 64 characters" in text
    assert "Sent by SMS only" in text
    assert "python-format" not in text


def test_the_same_input_gives_the_same_file_without_dates_or_paths():
    text = begun()
    assert text == begun()
    assert "Date" not in text
    assert "/flows" not in text
    assert template(SOURCES) == template(SOURCES)


def test_updating_without_changes_changes_nothing():
    before = filled(begun())
    after, change = updated(before.encode(), "cy", SOURCES)
    assert after == before
    assert change == CatalogueChange(kept=4, new=0, changed=0, dropped=0)


def test_a_changed_source_keeps_its_translation_as_a_draft_with_the_old_source_beside_it():
    before = filled(begun())
    changed = HELLO._replace(text="Hello from {organisation}.")
    after, change = updated(before.encode(), "cy", (changed, *SOURCES[1:]))
    assert change == CatalogueChange(kept=3, new=0, changed=1, dropped=0)
    assert '#| msgid "Hello, this is {organisation}. It is 100% free."' in after
    assert TRANSLATED[HELLO.address] in after
    again, change = updated(after.encode(), "cy", (changed, *SOURCES[1:]))
    assert again == after
    assert change.changed == 0


def test_the_oldest_source_stays_beside_a_draft_through_several_changes():
    first, _ = updated(filled(begun()).encode(), "cy", (HELLO._replace(text="Hello there."), *SOURCES[1:]))
    second, _ = updated(first.encode(), "cy", (HELLO._replace(text="Good morning."), *SOURCES[1:]))
    assert '#| msgid "Hello, this is {organisation}. It is 100% free."' in second
    assert "Hello there." not in second


def test_a_text_that_is_gone_moves_to_the_end_and_comes_back_with_it():
    without, change = updated(filled(begun()).encode(), "cy", SOURCES[:-1])
    assert change.dropped == 1
    assert '#~ msgstr "ysbyty, y ward"' in without
    assert without.index("#~") > without.rindex('msgctxt "walk/where.options.ward"')
    again, change = updated(without.encode(), "cy", SOURCES)
    assert change == CatalogueChange(kept=4, new=0, changed=0, dropped=0)
    assert again == filled(begun())


def test_a_translators_remarks_and_the_header_stay():
    before = filled(begun()).replace('msgctxt "walk/hello.text"', 'msgctxt "walk/hello.text"', 1)
    before = before.replace("#. Be warm.", "# Discussed with Nia.\n#. Be warm.")
    before = before.replace('"MIME-Version', '"Last-Translator: A Person <a@example.org>\\n"\n"MIME-Version')
    after, _ = updated(before.encode(), "cy", SOURCES)
    assert after == before


def test_other_editors_can_read_the_file(tmp_path):
    path = tmp_path / "cy.po"
    path.write_text(filled(begun()), encoding="utf-8")
    with path.open("rb") as file:
        catalog = read_po(file, locale="cy", abort_invalid=True)
    assert {message.context: message.string for message in catalog if message.id} == TRANSLATED
    assert {entry.address: entry.text for entry in read_catalogue(path).entries.values()} == TRANSLATED


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b'msgid "Hello\nmsgstr "Helo"\n', "line 1 lacks a quote"),
        (b'msgid "Hello"\nmsgstr "He said "hi"."\n', "line 2 lacks a quote"),
        (b'msgid "Hello"\nmsgstr "Helo"\nwhat is this\n', "line 3 is not part"),
        (b'msgid "Hello"\nmsgstr "H\xeal\xf4"\n', "UTF-8"),
    ],
    ids=["no quote", "a quote too many", "words between entries", "another character set"],
)
def test_a_broken_file_is_named_and_told_about(tmp_path, content, told):
    path = tmp_path / "cy.po"
    path.write_bytes(content)
    with pytest.raises(UnreadableCatalogueError, match=r"cy\.po cannot be read") as error:
        read_catalogue(path)
    assert told in str(error.value)
    with pytest.raises(UnreadableCatalogueError):
        updated(content, "cy", SOURCES)


# --- what is offered ------------------------------------------------------------------------------------------------

WALK = """
id = "walk"
title = "A walk"
start = "hello"

[steps.hello]
type = "say"
text = "Hello."
next = "bye"

[steps.bye]
type = "end"
text = "Bye."
"""


def po(folder, *, fuzzy: bool, without: str = "", older: str = "") -> None:
    """Write a Welsh file for the walk and the texts of every flow, each text turned round."""
    lines = ['msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=utf-8\\n"\n']
    for source in all_sources([read(WALK, "walk.toml")]):
        if source.address != without:
            text = "An older source." if source.address == older else source.text
            quoted = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
            mark = "#, fuzzy\n" if fuzzy else ""
            lines.append(f'{mark}msgctxt "{source.address}"\nmsgid "{quoted}"\nmsgstr "cy {quoted}"\n')
    (folder / "cy.po").write_text("\n".join(lines), encoding="utf-8")


def spoken(folder) -> set[str]:
    flow = read(WALK, "walk.toml")
    return set(texts_for(flow, read_translations(["en", "cy"], [flow], [folder])))


def test_a_byte_order_mark_in_front_says_nothing(tmp_path):
    marked = "\ufeff" + filled(begun())
    path = tmp_path / "cy.po"
    path.write_text(marked, encoding="utf-8")
    entries = read_catalogue(path).entries
    assert {address: entry.text for address, entry in entries.items()} == TRANSLATED
    again, change = updated(marked.encode(), "cy", SOURCES)
    assert change.kept == len(SOURCES)
    assert again == filled(begun())


def test_drafts_are_never_sent(tmp_path):
    po(tmp_path, fuzzy=True)
    assert spoken(tmp_path) == {"en"}


def test_a_checked_language_is_offered(tmp_path):
    po(tmp_path, fuzzy=False)
    assert spoken(tmp_path) == {"en", "cy"}


@pytest.mark.parametrize("address", ["walk/bye.text", "everywhere/help.text"])
def test_a_language_that_lacks_one_text_is_not_offered(tmp_path, address):
    po(tmp_path, fuzzy=False, without=address)
    assert spoken(tmp_path) == {"en"}


def test_a_language_with_a_translation_of_an_older_source_is_not_offered(tmp_path):
    po(tmp_path, fuzzy=False, older="walk/bye.text")
    assert spoken(tmp_path) == {"en"}


def test_a_later_folder_wins(tmp_path):
    first, second = tmp_path / "first", tmp_path / "second"
    for folder in (first, second):
        folder.mkdir()
    po(first, fuzzy=True)
    po(second, fuzzy=False)
    flow = read(WALK, "walk.toml")
    assert set(texts_for(flow, read_translations(["cy"], [flow], [first, second]))) == {"en", "cy"}


def test_a_flow_in_another_language_says_the_common_texts_in_it(tmp_path):
    po(tmp_path, fuzzy=False)
    welsh = read(WALK.replace('start = "hello"', 'start = "hello"\nsource_language = "cy"'), "walk.toml")
    texts = texts_for(welsh, read_translations(["cy"], [welsh], [tmp_path]))
    assert texts["cy"]["walk/bye.text"] == "Bye."
    assert texts["cy"]["everywhere/stopped.text"].startswith("cy ")


# --- what ships -----------------------------------------------------------------------------------------------------

DRAFTS = ("cy", "pl")
"""Languages that nobody has checked yet; take one out when somebody has."""


@pytest.mark.parametrize("language", DRAFTS)
def test_a_shipped_draft_is_complete_and_wholly_fuzzy(language):
    entries = read_catalogues([language])[language].entries
    sources = all_sources(load())
    assert [text.address for text in sources if not entries[text.address].text] == []
    assert [entry.address for entry in entries.values() if not entry.fuzzy] == []


@pytest.mark.parametrize("language", [*DRAFTS, "pot"])
def test_the_shipped_files_are_up_to_date(language):
    sources = all_sources(load())
    if language == "pot":
        assert (TEXTS / "earshot.pot").read_text(encoding="utf-8") == template(sources)
        return
    content = (TEXTS / f"{language}.po").read_bytes()
    after, change = updated(content, language, sources)
    assert (change.new, change.changed, change.dropped) == (0, 0, 0)
    assert after == content.decode("utf-8")


def release(folder, flow_id: str = "share"):
    flows = {flow.id: flow for flow in load()}
    translations = read_translations(["en", "cy"], flows.values(), [folder])
    return compile_release(
        flows[flow_id], texts_for(flows[flow_id], translations), OrganisationFacts(languages=("en", "cy"))
    )


def test_welsh_is_spoken_only_once_somebody_has_checked_it(tmp_path):
    draft = (TEXTS / "cy.po").read_text(encoding="utf-8")
    (tmp_path / "cy.po").write_text(draft, encoding="utf-8")
    before = release(tmp_path)
    assert before.languages == ("en",)
    state = idle(id="1", token="t", flow="share", channel="sms", language="cy", now=NOON)
    assert before.text("everywhere/nothing_deleted.text", state) == "Nothing was deleted."

    (tmp_path / "cy.po").write_text(draft.replace("#, fuzzy, ", "#, ").replace("#, fuzzy\n", ""), encoding="utf-8")
    after = release(tmp_path)
    assert after.languages == ("en", "cy")
    assert after.text("everywhere/nothing_deleted.text", state) != "Nothing was deleted."
    assert after.structure == before.structure
    assert after.whole != before.whole
