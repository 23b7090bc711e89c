"""A flow as a graph on one channel: which step can follow which, and why."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from flows.model.channel_look import LOOKS, ChannelKind
from flows.questions.question import Edge

if TYPE_CHECKING:
    from flows.authoring.definition import Flow
    from flows.questions.question import Step

CHANNELS: tuple[ChannelKind, ...] = tuple(LOOKS)


@dataclass(frozen=True)
class Graph:
    """The steps of a channel and the edges between them. Targets that do not exist are kept; nothing follows them."""

    channel: ChannelKind
    start: str
    steps: Mapping[str, Step]
    edges: Mapping[str, tuple[Edge, ...]]
    waits: frozenset[str]
    """Steps that wait for an answer on this channel."""
    asked: frozenset[str]
    """Steps that this channel does not pass over."""
    most_after: int = 9
    """How many questions after the story are asked; further ones marked `bonus` are left out."""

    @classmethod
    def of(cls, flow: Flow, channel: ChannelKind) -> Graph:
        """Return the graph of the flow on `channel`."""
        asked = frozenset(name for name, step in flow.steps.items() if step.when in {None, channel})
        return cls(
            channel=channel,
            start=flow.start,
            steps=flow.steps,
            edges={
                name: tuple(step.ways(channel)) if name in asked else (Edge("next", step.next),)
                for name, step in flow.steps.items()
            },
            waits=frozenset(name for name in asked if flow.steps[name].waits),
            asked=asked,
            most_after=flow.questions_after,
        )

    def following(self, name: str, passable: Callable[[Edge], bool] | None = None) -> Iterator[str]:
        """Yield the steps that can come directly after this one."""
        for edge in self.edges.get(name, ()):
            if edge.target in self.steps and edge.target is not None and (passable is None or passable(edge)):
                yield edge.target

    def routes(self, passable: Callable[[Edge], bool] | None = None) -> dict[str, tuple[str, ...]]:
        """Return every reachable step with a shortest path to it from the start."""
        if self.start not in self.steps:
            return {}
        found: dict[str, tuple[str, ...]] = {self.start: (self.start,)}
        queue = deque([self.start])
        while queue:
            name = queue.popleft()
            for target in self.following(name, passable):
                if target not in found:
                    found[target] = (*found[name], target)
                    queue.append(target)
        return found

    @cached_property
    def reached(self) -> frozenset[str]:
        """The steps that can be reached from the start."""
        return frozenset(self.routes())

    @cached_property
    def silent_rounds(self) -> tuple[frozenset[str], ...]:
        """Groups of steps that form a cycle in which no step waits for an answer."""
        silent = {
            name: tuple(target for target in self.following(name) if target not in self.waits)
            for name in self.steps
            if name not in self.waits
        }
        return tuple(
            group for group in components(silent) if len(group) > 1 or any(name in silent[name] for name in group)
        )

    def longest(self, to: frozenset[str] = frozenset(), *, wide: bool = True) -> tuple[str, ...]:
        """Return the questions on the longest path from the start, up to the first of the steps `to` if given.

        Changing one thing in a read-back does not count; a repeated question counts once; a bonus question above the
        limit is left out. Without `wide` the path is that of somebody who allows the least after their story.
        """
        bonus = frozenset(name for name, step in self.steps.items() if step.bonus)
        ways = (self._longest(to, wide, frozenset()), self._longest(to, wide, bonus))
        return max(map(self._without_bonus, ways), key=len)

    def after_story(self, way: tuple[str, ...]) -> tuple[str, ...]:
        """Return the questions of a path that come after the story; none if no story is told on it."""
        told = [place for place, name in enumerate(way) if self.steps[name].tells]
        return way[told[-1] + 1 :] if told else ()

    def _without_bonus(self, way: tuple[str, ...]) -> tuple[str, ...]:
        kept: list[str] = []
        for name in way:
            if not (self.steps[name].bonus and len(self.after_story(tuple(kept))) >= self.most_after):
                kept.append(name)
        return tuple(kept)

    def _longest(self, to: frozenset[str], wide: bool, uncounted: frozenset[str]) -> tuple[str, ...]:
        """Return the longest path; the steps in `uncounted` do not make it longer."""

        def passable(edge: Edge) -> bool:
            return not edge.by.startswith("change ") and (wide or not edge.widens)

        ways = {name: () if name in to else tuple(self.following(name, passable)) for name in self.reached}
        best: dict[str, tuple[str, ...] | None] = {}
        for group in components(ways):
            mine = tuple(name for name in self.steps if name in group and name in self.waits)
            after = [best[target] for name in group for target in ways[name] if target not in group]
            known = [way for way in after if way is not None]
            ends = not to or bool(group & to)
            further: tuple[str, ...] = max(known, key=lambda one: len(set(one) - uncounted), default=())
            way = (*mine, *further) if known or ends else None
            best.update(dict.fromkeys(group, way))
        return best.get(self.start) or ()


def components(following: Mapping[str, tuple[str, ...]]) -> tuple[frozenset[str], ...]:
    """Return the groups of steps that can reach each other, each after those it leads to (Tarjan's algorithm)."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    groups: list[frozenset[str]] = []

    def visit(name: str) -> None:
        index[name] = low[name] = len(index)
        stack.append(name)
        for target in following[name]:
            if target not in index:
                visit(target)
                low[name] = min(low[name], low[target])
            elif target in stack:
                low[name] = min(low[name], index[target])
        if low[name] == index[name]:
            cut = stack.index(name)
            groups.append(frozenset(stack[cut:]))
            del stack[cut:]

    for name in following:
        if name not in index:
            visit(name)
    return tuple(groups)
