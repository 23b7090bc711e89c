"""Names the team knows contributors by: a bird and a number, chosen by chance."""

from __future__ import annotations

import secrets

BIRDS = (
    "Avocet", "Bittern", "Blackbird", "Brambling", "Bullfinch", "Bunting", "Buzzard", "Chaffinch", "Chough", "Coot",
    "Cormorant", "Crane", "Crossbill", "Cuckoo", "Curlew", "Dipper", "Dotterel", "Dove", "Dunlin", "Dunnock", "Eider",
    "Fieldfare", "Firecrest", "Fulmar", "Gannet", "Goldcrest", "Goldeneye", "Goldfinch", "Goshawk", "Grebe",
    "Greenfinch", "Greenshank", "Guillemot", "Harrier", "Heron", "Hobby", "Hoopoe", "Jackdaw", "Kestrel", "Kingfisher",
    "Kite", "Kittiwake", "Knot", "Lapwing", "Linnet", "Magpie", "Mallard", "Martin", "Merlin", "Moorhen",
    "Nightingale", "Nightjar", "Nuthatch", "Oriole", "Osprey", "Ouzel", "Partridge", "Peregrine", "Petrel", "Pintail",
    "Pipit", "Plover", "Pochard", "Puffin", "Quail", "Redpoll", "Redshank", "Redstart", "Redwing", "Robin", "Ruff",
    "Sanderling", "Sandpiper", "Serin", "Shearwater", "Shelduck", "Shoveler", "Siskin", "Skylark", "Snipe", "Starling",
    "Stonechat", "Stork", "Swallow", "Swan", "Swift", "Teal", "Tern", "Thrush", "Treecreeper", "Turnstone", "Wagtail",
    "Warbler", "Waxwing", "Wheatear", "Whimbrel", "Whinchat", "Wigeon", "Woodcock", "Woodlark", "Wren", "Wryneck",
)  # fmt: skip


def new_pseudonym(digits: int = 4) -> str:
    """Return for example "Heron 4821"; whoever stores it looks whether it is taken, and asks for more digits then."""
    least = 10 ** (digits - 1)
    return f"{secrets.choice(BIRDS)} {least + secrets.randbelow(9 * least)}"
