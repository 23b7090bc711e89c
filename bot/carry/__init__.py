"""How each effect of the engine is carried out, in the turn's transaction. Imports flows and storage; never a channel.

One file a topic, one function an effect, one line in `CARRY_OUT`. A function may answer with a signal, which goes back
into the engine in the same turn.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bot.carry import ask_back, care, codes, consent, contact, receipts, rights, story, unsay
from flows import effects

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.turn import Turn
    from flows.signals import Signal

CARRY_OUT: dict[type[effects.Effect], Callable[[Turn, Any], Signal | None]] = {
    effects.RecordConsent: consent.record_consent,
    effects.HoldSealed: consent.hold,
    effects.Unseal: consent.unseal,
    effects.PurgeSealed: consent.purge,
    effects.LeaveNothing: consent.leave_nothing,
    effects.FindPlace: story.find_place,
    effects.KeepStory: story.keep,
    effects.DropStory: story.drop,
    effects.AmendStory: story.amend,
    effects.AddToStory: story.add,
    effects.OptOut: contact.opt_out,
    effects.CloseAddress: contact.close_address,
    effects.OptIn: contact.opt_in,
    effects.SetLanguage: contact.set_language,
    effects.TellTeam: contact.tell_team,
    effects.RaiseConcern: care.raise_concern,
    effects.TellData: rights.tell_data,
    effects.Erase: rights.erase,
    effects.SetAside: codes.set_aside,
    effects.PutBack: codes.put_back,
    effects.AskCode: codes.ask,
    effects.CheckCode: codes.check,
    effects.ListStories: rights.list_stories,
    effects.GiveFile: rights.give_file,
    effects.AskForPerson: rights.ask_for_person,
    effects.ReplaceStory: rights.replace_story,
    effects.HidePlace: rights.hide_place,
    effects.FindReceipt: receipts.find,
    effects.NarrowStory: receipts.narrow,
    effects.Unsay: unsay.unsay,
    effects.ShowAskBack: ask_back.show,
    effects.AnswerAskBack: ask_back.answer,
    effects.ProposeEdition: ask_back.propose,
}
