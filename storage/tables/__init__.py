"""All tables, one per file; `metadata` knows them all."""

from storage.tables.address import Address
from storage.tables.answer import Answer
from storage.tables.api_token import ApiToken
from storage.tables.ask_back import AskBack
from storage.tables.audit import Audit
from storage.tables.base import Row
from storage.tables.consent_text import ConsentText
from storage.tables.contributor import Contributor
from storage.tables.conversation import Conversation
from storage.tables.decision import Decision
from storage.tables.delivery_event import DeliveryEvent
from storage.tables.edition import Edition
from storage.tables.erasure import Erasure
from storage.tables.export_run import ExportRun
from storage.tables.export_story import ExportStory
from storage.tables.holder_code import HolderCode
from storage.tables.inbound import Inbound
from storage.tables.installation import Installation
from storage.tables.notice import Notice
from storage.tables.on_call import OnCall
from storage.tables.outbox import Outbox
from storage.tables.place import Place
from storage.tables.process import Process
from storage.tables.receipt_guess import ReceiptGuess
from storage.tables.release import Release
from storage.tables.request import Request
from storage.tables.safeguarding import Safeguarding
from storage.tables.sealed_message import SealedMessage
from storage.tables.sign_in_link import SignInLink
from storage.tables.story import Story
from storage.tables.story_part import StoryPart
from storage.tables.stray import Stray
from storage.tables.suppression import Suppression
from storage.tables.tag import Tag
from storage.tables.team_item import TeamItem
from storage.tables.team_member import TeamMember
from storage.tables.team_session import TeamSession

metadata = Row.metadata

__all__ = [
    "Address",
    "Answer",
    "ApiToken",
    "AskBack",
    "Audit",
    "ConsentText",
    "Contributor",
    "Conversation",
    "Decision",
    "DeliveryEvent",
    "Edition",
    "Erasure",
    "ExportRun",
    "ExportStory",
    "HolderCode",
    "Inbound",
    "Installation",
    "Notice",
    "OnCall",
    "Outbox",
    "Place",
    "Process",
    "ReceiptGuess",
    "Release",
    "Request",
    "Safeguarding",
    "SealedMessage",
    "SignInLink",
    "Story",
    "StoryPart",
    "Stray",
    "Suppression",
    "Tag",
    "TeamItem",
    "TeamMember",
    "TeamSession",
    "metadata",
]
