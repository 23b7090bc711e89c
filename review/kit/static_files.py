"""Our static files, answered from memory.

They are small, and whoever asks for one and reads no answer shall hold a line open, and no file besides.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from starlette.responses import FileResponse, Response
from starlette.staticfiles import StaticFiles


class HeldFiles(StaticFiles):
    """A folder of static files."""

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        """Return a file whole."""
        response = super().file_response(*args, **kwargs)
        if not isinstance(response, FileResponse):
            return response
        return Response(Path(response.path).read_bytes(), response.status_code, response.headers)
