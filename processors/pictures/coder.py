"""An encoder at work on one picture while the next one is made."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType

import av


class Coder:
    """Frames of one stream into its container, in order, on a thread of its own. Use it as a context manager."""

    def __init__(self, container: av.container.OutputContainer, stream: av.VideoStream) -> None:
        self._container, self._stream = container, stream
        self._thread = ThreadPoolExecutor(1)
        self._coded: Future[list[av.Packet[av.VideoStream]]] | None = None

    def give(self, frame: av.VideoFrame) -> None:
        """Append one frame. Raises what went wrong with the frame before."""
        self._write()
        self._coded = self._thread.submit(self._stream.encode, frame)

    def finish(self) -> None:
        """Write what the encoder still holds."""
        self._write()
        self._container.mux(self._stream.encode(None))

    def close(self) -> None:
        """Let the thread go; nothing more is written."""
        self._thread.shutdown(cancel_futures=True)

    def __enter__(self) -> Coder:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _write(self) -> None:
        if self._coded is not None:
            self._container.mux(self._coded.result())
            self._coded = None
