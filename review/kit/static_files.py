"""Static files, served from memory.

They are small. A client that asks for one and reads no answer occupies a connection, but no file descriptor besides.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from starlette.responses import FileResponse, Response
from starlette.staticfiles import StaticFiles


class HeldFiles(StaticFiles):
    """A folder of static files held in memory."""

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        """Return the response with the whole file."""
        response = super().file_response(*args, **kwargs)
        if not isinstance(response, FileResponse):
            return response
        return Response(Path(response.path).read_bytes(), response.status_code, response.headers)
