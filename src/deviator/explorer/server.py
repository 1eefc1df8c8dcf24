"""The page's server: on this machine's loopback alone, behind a token, without outside requests."""

import secrets
import socket
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any, final

from deviator.errors import InvalidInputError, RefusedError

from .recordings import recordings

APP = Path(__file__).with_name("app.py")

LOOPBACK = "127.0.0.1"

HOSTS = (LOOPBACK, "localhost")
"""Names under which the page is asked for; others would be another site that points here."""

LARGEST_PORT = 65535

POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; "
    "connect-src 'self' ws://{host} data: blob:; worker-src 'self' blob:; frame-src 'self' blob:; "
    "frame-ancestors 'none'; form-action 'self'"
)
"""What browsers are told: whatever the page holds, nothing is asked of anybody else."""

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Served = Callable[[Message, Receive, Send], Awaitable[None]]


@final
class Page:
    """The page served, with what the command line said of it.

    Parameters
    ----------
    files : sequence of str
        Plugin files.
    replay : str
        A training to replay; empty for none.
    port : int
        0 for a free one.

    Raises
    ------
    RefusedError
        If marimo is not installed, or the port is taken.
    InvalidInputError
        If there is no such port.
    ResultsError
        If there is no training to replay.
    """

    def __init__(self, files: Sequence[str] = (), replay: str = "", port: int = 0) -> None:
        _require_marimo()
        if not 0 <= port <= LARGEST_PORT:
            raise InvalidInputError(
                f"--port must be from 0, for a free one, to {LARGEST_PORT}, got {port}"
            )
        if replay:
            recordings(Path(replay))
        self._meta = {"files": list(files), "replay": replay}
        self._token = secrets.token_urlsafe(16)
        self._socket = _bound(port)

    @property
    def host(self) -> str:
        """Address and port."""
        return f"{LOOPBACK}:{self._socket.getsockname()[1]}"

    @property
    def url(self) -> str:
        """Address of the page, with the token that opens it."""
        return f"http://{self.host}/?access_token={self._token}"

    def serve(self) -> None:
        """Serve until Ctrl-C."""
        import uvicorn

        # Without a lifespan marimo does not take Ctrl-C for itself, to ask what is meant by it.
        config = uvicorn.Config(
            self._app(),
            lifespan="off",
            log_level="error",
            server_header=False,
            timeout_graceful_shutdown=1,
        )
        with suppress(KeyboardInterrupt):
            uvicorn.Server(config).run(sockets=[self._socket])

    def close(self) -> None:
        """Give the port back without having served."""
        self._socket.close()

    def _app(self) -> Any:
        import marimo
        from starlette.middleware.trustedhost import TrustedHostMiddleware

        builder = marimo.create_asgi_app(quiet=True, include_code=False, token=self._token)
        served = builder.with_app(path="", root=str(APP), middleware=[self._told]).build()
        return self._of_this_page(TrustedHostMiddleware(served, allowed_hosts=list(HOSTS)))

    def _of_this_page(self, served: Any) -> Served:
        """Return an application that refuses what other pages ask, of this machine's ports too."""
        port = self._socket.getsockname()[1]
        ours = {f"http://{name}:{port}".encode() for name in HOSTS}

        async def checked(scope: Message, receive: Receive, send: Send) -> None:
            origins = {value for name, value in scope.get("headers", ()) if name == b"origin"}
            if origins <= ours:
                await served(scope, receive, send)
            elif scope["type"] == "websocket":
                await send({"type": "websocket.close", "code": 1008})
            else:
                await send({"type": "http.response.start", "status": 403, "headers": []})
                await send({"type": "http.response.body", "body": b"asked by another page"})

        return checked

    def _told(self, app: Served) -> Served:
        """Return an application that knows the command line, and whose answers state the policy."""
        policy = POLICY.format(host=self.host).encode()

        async def told(scope: Message, receive: Receive, send: Send) -> None:
            if scope["type"] in ("http", "websocket"):
                scope["meta"] = self._meta

            async def answer(message: Message) -> None:
                if message["type"] == "http.response.start":
                    headers = [*message.get("headers", []), (b"content-security-policy", policy)]
                    message["headers"] = [*headers, (b"referrer-policy", b"same-origin")]
                await send(message)

            await app(scope, receive, answer)

        return told


def _require_marimo() -> None:
    if find_spec("marimo") is None:
        raise RefusedError(
            "the explorer needs marimo, which is not installed; install it with "
            "pip install 'deviator[explore]'"
        )


def _bound(port: int) -> socket.socket:
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        listening.bind((LOOPBACK, port))
        # Browsers that come before the server is up wait, and are not refused.
        listening.listen()
    except OSError as error:
        listening.close()
        raise RefusedError(
            f"the explorer needs a free port, and {port} is not ({error.strerror}); name another "
            "with --port, or leave it out"
        ) from None
    return listening
