"""How each effect of the engine is carried out, in the turn's transaction. Never a channel.

One file a topic, one function an effect, one line in `HANDLERS`. A function may answer with a signal, which goes back
into the engine in the same turn.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bot.turn.handlers import (
    codes,
    concerns,
    consent_given,
    contact,
    delete_chat,
    follow_up_answers,
    keep_story,
    receipts,
    rights,
)
from flows.model import effects

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.turn.handler_context import HandlerContext
    from flows.model.signals import Signal

HANDLERS: dict[type[effects.Effect], Callable[[HandlerContext, Any], Signal | None]] = {
    effects.RecordConsent: consent_given.record_consent,
    effects.HoldSealed: consent_given.hold,
    effects.Unseal: consent_given.unseal,
    effects.PurgeSealed: consent_given.purge,
    effects.LeaveNothing: consent_given.leave_nothing,
    effects.FindPlace: keep_story.find_place,
    effects.KeepStory: keep_story.keep,
    effects.DropStory: keep_story.drop,
    effects.AmendStory: keep_story.amend,
    effects.AddToStory: keep_story.add,
    effects.OptOut: contact.opt_out,
    effects.CloseAddress: contact.close_address,
    effects.OptIn: contact.opt_in,
    effects.SetLanguage: contact.set_language,
    effects.TellTeam: contact.tell_team,
    effects.RaiseConcern: concerns.raise_concern,
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
    effects.DeleteChat: delete_chat.delete_chat,
    effects.ShowFollowUp: follow_up_answers.show,
    effects.AnswerFollowUp: follow_up_answers.answer,
    effects.ProposeEdition: follow_up_answers.propose,
}
