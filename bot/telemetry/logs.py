"""Logging without content: events, ids of our own rows, counts and class names, nothing else.

Three measures keep people's words, numbers and tokens out, at every level (rule 44, design rule 7):
- our own lines may only use the fields in `FIELDS`; anything else is dropped, and what looks like a number or a token
  inside a value is hidden;
- lines of libraries are logged without their message: libraries put URLs (with the bot's token), request bodies and
  database parameters there. What is left is the library's name, the level, and where an error came from;
- an error is shown as its class and the places in the code it went through, never with its message.
"""

from __future__ import annotations

import logging
import re
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

_HIDDEN = "rich" not in sys.modules
if _HIDDEN:  # structlog would load it, and all that colours code, for error pages that nobody sees
    sys.modules["rich"] = None  # type: ignore[assignment]
import structlog  # noqa: E402

if _HIDDEN:
    del sys.modules["rich"]

if TYPE_CHECKING:
    from collections.abc import MutableMapping
    from types import TracebackType

FIELDS = frozenset(
    {
        "at", "event", "level", "error", "trace", "library",
        "address", "attempts", "channel", "code", "contributor", "count", "flow", "inbound", "job", "kind", "member",
        "mode", "ms", "outbox", "reason", "release", "result", "route", "seconds", "state", "status", "step", "story",
        "worker",
    }
)  # fmt: skip
TELLTALE = re.compile(r"\+?\d{6,}(?::[\w-]+)?|\bA[A-Za-z0-9_-]{30,}|\b(?:AC|SM|MM|MG)[0-9a-f]{32}\b|[^\x20-\x7e]")
LIBRARIES = (
    "alembic", "aiohttp", "apscheduler", "asyncio", "concurrent", "fastapi", "httpcore", "httpx", "multipart",
    "psycopg", "sqlalchemy", "starlette", "telegram", "twilio", "tzlocal", "urllib3", "uvicorn",
)  # fmt: skip
LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40, "critical": 50}
FRAMES = 12
HERE = Path(__file__).parents[2]


def configure(level: str, stream: TextIO | None = None) -> None:
    """Send our lines at `level` and above, and the libraries' at warning and above, to `stream` or standard error."""
    out = stream or sys.stderr
    structlog.configure(
        processors=[_stamp, guard, structlog.processors.LogfmtRenderer(key_order=("at", "level", "event"))],
        wrapper_class=structlog.make_filtering_bound_logger(LEVELS[level]),
        logger_factory=structlog.WriteLoggerFactory(out),
        cache_logger_on_first_use=False,
    )
    root = logging.getLogger()
    root.handlers = [Wordless()]
    root.setLevel(logging.WARNING)
    for name in LIBRARIES:
        library = logging.getLogger(name)
        library.handlers, library.propagate = [], True
        library.setLevel(logging.WARNING)
    logging.getLogger("uvicorn.error").setLevel(logging.ERROR)  # it warns about every bad request of strangers
    logging.captureWarnings(True)
    logging.raiseExceptions = False
    threading.excepthook = _thread_died


def crashed(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Log an error that ends the process. Replaces `sys.excepthook` while serving."""
    if issubclass(kind, KeyboardInterrupt):
        return
    log.critical("crashed", **error_fields(error.with_traceback(trace)))


def error_fields(error: BaseException) -> dict[str, str]:
    """Return what may be logged of an error: its classes and the places in the code it passed. Never its message."""
    classes: list[str] = []
    at: BaseException | None = error
    while at is not None and len(classes) < 4:
        classes.append(type(at).__name__)
        at = at.__cause__ or (None if at.__suppress_context__ else at.__context__)
    places: list[str] = []
    trace = error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        places.append(f"{_short(code.co_filename)}:{trace.tb_lineno}:{code.co_name}")
        trace = trace.tb_next
    return {"error": " from ".join(classes), "trace": " > ".join(places[-FRAMES:])}


def guard(_logger: object, _name: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Drop fields that are not in `FIELDS`, and hide values that look like a number, a token or somebody's words."""
    for field in list(line):
        value = line[field]
        if field not in FIELDS:
            del line[field]
        elif isinstance(value, str):
            if field != "at" and TELLTALE.search(value):
                line[field] = TELLTALE.sub("?", value)
        elif not isinstance(value, (int, float, bool, type(None))):
            line[field] = type(value).__name__
    return line


class Wordless(logging.Handler):
    """Logs that a library logged something, and never what."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one line with the library's name and, for an error, its class and the places in the code it passed."""
        error = record.exc_info[1] if record.exc_info else None
        line: dict[str, Any] = {
            "library": record.name, **(error_fields(error) if error is not None else {"trace": _place(record)})
        }  # fmt: skip
        if record.name.startswith("storage."):  # our own, which logs causes and counts only
            line.update({name: getattr(record, name) for name in ("reason", "count") if hasattr(record, name)})
        getattr(log, record.levelname.lower() if record.levelname.lower() in LEVELS else "error")("library", **line)


def _stamp(_logger: object, name: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    now = time.time()
    line["at"] = f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(now))}.{int(now * 1000) % 1000:03d}Z"
    line["level"] = name
    return line


def _place(record: logging.LogRecord) -> str:
    return f"{_short(record.pathname)}:{record.lineno}"


def _short(path: str) -> str:
    try:
        return str(Path(path).relative_to(HERE))
    except ValueError:
        return Path(path).name


def _thread_died(args: threading.ExceptHookArgs) -> None:
    if args.exc_value is not None:
        log.critical("thread died", **error_fields(args.exc_value))


log: structlog.typing.FilteringBoundLogger = structlog.get_logger()
