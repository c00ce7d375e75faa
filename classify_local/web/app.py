"""What the server answers: the page's own files, the state, changes, tiles and events."""

from __future__ import annotations

import asyncio
import contextlib
import json
import math
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute
from starlette.types import ASGIApp
from starlette.websockets import WebSocket, WebSocketDisconnect

from classify_local.cores import available_cores
from classify_local.errors import ClassifyLocalError, InputError, RefusedError, StorageError
from classify_local.live.book import Changed, Stale
from classify_local.live.pictures import media_type
from classify_local.live.pyramid import TileKey
from classify_local.live.session import Event, Gone, LiveMap
from classify_local.live.suggest import Rule
from classify_local.page import BUILT
from classify_local.web.files import Folders
from classify_local.web.security import EVENTS, Guard, Refusal

T = TypeVar("T")

_KINDS = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".txt": "text/plain; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
}
_KEPT = {"cache-control": "private, max-age=31536000, immutable", "vary": "cookie"}
"""Another server on the same port has another cookie: its tiles are not taken from what a browser kept of this one."""
_ANEW = {"cache-control": "no-store"}
_LOOK = 1.0
"""Seconds between two looks at the recipe's files."""
_MOMENT = 0.4
"""Seconds without a request after which there is time to read ahead."""
_WAITING = 2000
"""Events a page may be behind."""


class Page:
    """The answers for one recipe.

    Parameters
    ----------
    session
        The recipe.
    folders
        Where the user may choose further files.
    """

    def __init__(self, session: LiveMap, folders: Folders) -> None:
        self.session, self._folders = session, folders
        self._tiles = ThreadPoolExecutor(max_workers=available_cores(), thread_name_prefix="tile")
        self._rest = ThreadPoolExecutor(max_workers=2, thread_name_prefix="page")
        self._ahead = ThreadPoolExecutor(max_workers=1, thread_name_prefix="ahead")
        self._asked, self._answered = 0, 0.0
        self._files = {path.name: path.read_bytes() for path in BUILT.glob("*") if path.suffix in _KINDS}

    def app(self, port: int, token: str) -> ASGIApp:
        """The application, guarded."""
        get, post = partial(Route, methods=["GET"]), partial(Route, methods=["POST"])
        routes = [
            get("/", self._answer(self._static)),
            get("/static/{name}", self._answer(self._static)),
            get("/api/state", self._answer(self._state)),
            get("/api/values", self._answer(self._values)),
            get("/api/stretch", self._answer(self._stretch)),
            get("/api/next", self._answer(self._next)),
            get("/api/files", self._answer(self._listing)),
            get("/api/layers/{layer}/features", self._answer(self._features)),
            post("/api/change", self._answer(self._change)),
            post("/api/live", self._answer(self._live)),
            post("/api/train", self._answer(self._train)),
            post("/api/overviews", self._answer(self._overviews)),
            post("/api/layers", self._answer(self._add_layer)),
            Route("/api/layers/{layer}", self._answer(self._remove_layer), methods=["DELETE"]),
            get("/tiles/model/{revision}/{output}/{level}/{col}/{row}.png", self._answer(self._model_tile)),
            get("/tiles/image/{level}/{col}/{row}.webp", self._answer(self._image_tile)),
            get("/tiles/layer/{layer}/{level}/{col}/{row}.png", self._answer(self._layer_tile)),
            WebSocketRoute(EVENTS, self._events),
        ]
        answering = Starlette(routes=routes, lifespan=self._lifespan)
        answering.router.redirect_slashes = False  # another path is another thing
        return Guard(answering, port, token)

    @contextlib.asynccontextmanager
    async def _lifespan(self, app: Starlette) -> AsyncIterator[None]:
        del app
        watch = asyncio.create_task(self._watch())
        yield
        watch.cancel()
        for pool in (self._tiles, self._rest, self._ahead):
            pool.shutdown(wait=False, cancel_futures=True)

    async def _watch(self) -> None:
        """Notice files that somebody else changes."""
        while True:
            await asyncio.sleep(_LOOK)
            with contextlib.suppress(ClassifyLocalError, OSError):
                await self._run(self._rest, self.session.look_for_changes)

    async def _run(self, pool: ThreadPoolExecutor, work: Callable[[], T]) -> T:
        self._asked += pool is self._tiles
        try:
            return await asyncio.get_running_loop().run_in_executor(pool, work)
        finally:
            self._asked -= pool is self._tiles
            self._answered = time.monotonic()

    def _is_free(self) -> bool:
        """True if no tile is waited for, and none was a moment ago: reading ahead must hold nobody up."""
        return self._asked == 0 and time.monotonic() - self._answered > _MOMENT

    def _answer(self, handler: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
        """A handler whose problems become one line."""

        async def answering(request: Request) -> Response:
            try:
                return await handler(request)
            except ClassifyLocalError as error:
                return _json({"error": "; ".join(error.problems)}, status_of(error))
            except Refusal as refusal:  # of a body, while it is read: no further framework sees it
                return _json({"error": refusal.reason}, refusal.status)
            except ClientDisconnect:  # nobody hears the answer
                return _json({"error": "the request stopped short"}, 400)

        return answering

    async def _static(self, request: Request) -> Response:
        name = request.path_params.get("name", "index.html")
        if name not in self._files:
            return _json({"error": "no such file"}, 404)
        return Response(self._files[name], media_type=_KINDS[Path(name).suffix], headers={"cache-control": "no-cache"})

    async def _state(self, request: Request) -> Response:
        del request
        return _json(await self._run(self._rest, self.session.state))

    async def _values(self, request: Request) -> Response:
        x, y = _number(request, "x"), _number(request, "y")
        return _json(await self._run(self._rest, lambda: self.session.values(x, y)))

    async def _stretch(self, request: Request) -> Response:
        bands = _listed(request, "bands")
        return _json({"limits": await self._run(self._rest, lambda: self.session.view.stretch(bands))})

    async def _next(self, request: Request) -> Response:
        rule: Rule = "margin" if request.query_params.get("rule") == "margin" else "confidence"
        count, seed = _whole(request, "n", 5, 1, 50), _whole(request, "seed", 0, 0, 2**31)
        found = await self._run(self._rest, lambda: self.session.next_places(rule, count, seed))
        places = [{"x": each.x, "y": each.y, "value": each.value, "probability": each.percent} for each in found]
        message = "" if places else "the model is sure of every place that was looked at"
        return _json({"places": places, "message": message})

    async def _listing(self, request: Request) -> Response:
        folder = request.query_params.get("folder", "")
        return _json(await self._run(self._rest, lambda: self._folders.listing(folder)))

    async def _features(self, request: Request) -> Response:
        return _json({"features": self.session.layers.features(request.path_params["layer"])})

    async def _change(self, request: Request) -> Response:
        asked = await _body(request)
        return _json(await self._run(self._rest, lambda: self.session.change(asked)))

    async def _live(self, request: Request) -> Response:
        on = (await _body(request)).get("on")
        if not isinstance(on, bool):
            raise InputError("on is true or false")
        self.session.set_live(on)
        return _json({"live": on})

    async def _train(self, request: Request) -> Response:
        del request
        self.session.train_now()
        return _json({})

    async def _overviews(self, request: Request) -> Response:
        del request
        asyncio.get_running_loop().run_in_executor(self._ahead, self._build)
        return _json({}, 202)

    def _build(self) -> None:
        try:
            self.session.build_overviews()
        except ClassifyLocalError as error:
            self.session.say("; ".join(error.problems))

    async def _add_layer(self, request: Request) -> Response:
        path = (await _body(request)).get("path")
        if not isinstance(path, str):
            raise InputError("path names a file of the list")
        return _json(await self._run(self._rest, lambda: self.session.add_layer(self._folders.find_file(path))))

    async def _remove_layer(self, request: Request) -> Response:
        self.session.remove_layer(request.path_params["layer"])
        return _json({})

    async def _model_tile(self, request: Request) -> Response:
        key, output = _key(request), request.path_params["output"]
        revision = _digits(request.path_params["revision"], "revision")
        fade = _whole(request, "fade", 0, 0, 100)
        return _picture(await self._run(self._tiles, lambda: self.session.model_tile(revision, output, key, fade)))

    async def _image_tile(self, request: Request) -> Response:
        key, bands, limits = _key(request), _listed(request, "bands"), _listed(request, "limits")
        numbers = [_real(text, "limits") for text in limits]
        if len(numbers) != 2 * len(bands):
            raise InputError("limits are two numbers for each band")
        pairs = list(zip(numbers[::2], numbers[1::2], strict=True))
        return _picture(await self._run(self._tiles, lambda: self.session.image_tile(bands, pairs, key)))

    async def _layer_tile(self, request: Request) -> Response:
        key, layer = _key(request), request.path_params["layer"]
        return _picture(await self._run(self._tiles, lambda: self.session.layer_tile(layer, key)))

    async def _events(self, socket: WebSocket) -> None:
        loop, waiting = asyncio.get_running_loop(), asyncio.Queue[Event | None](_WAITING)

        def put(event: Event) -> None:
            if waiting.qsize() < _WAITING - 1:
                waiting.put_nowait(event)
            elif not waiting.full():
                waiting.put_nowait(None)  # too far behind: the page connects anew and reads the state as it is then

        def hear(event: Event) -> None:
            loop.call_soon_threadsafe(put, event)

        end = self.session.listen(hear)  # before the state is told, so that nothing falls between
        for event in await self._run(self._rest, self.session.now):
            put(event)
        await socket.accept()
        sending = asyncio.create_task(_send_all(socket, waiting))
        try:
            while True:
                self._heard(await socket.receive_text())
        except (WebSocketDisconnect, RuntimeError, KeyError):
            pass
        finally:
            end()
            sending.cancel()

    def _heard(self, text: str) -> None:
        """What a page tells: where it looks, so that the tiles around can be read ahead."""
        try:
            told = json.loads(text)
        except (ValueError, RecursionError):
            return
        match told:
            case {"type": "view", "level": int() as level, "x0": int() as x0, "y0": int() as y0,
                  "x1": int() as x1, "y1": int() as y1} if 0 <= x1 - x0 < 64 and 0 <= y1 - y0 < 64:  # fmt: skip
                self.session.look_at(level, x0, y0, x1, y1)
                self._ahead.submit(self._read_ahead, level, x0, y0, x1, y1)
            case _:
                return

    def _read_ahead(self, level: int, x0: int, y0: int, x1: int, y1: int) -> None:
        with contextlib.suppress(ClassifyLocalError):
            self.session.prefetch(level, x0, y0, x1, y1, self._is_free)


def status_of(error: ClassifyLocalError) -> int:
    """The HTTP status that says what kind of problem it is."""
    kinds: Sequence[tuple[type[ClassifyLocalError], int]] = (
        (Gone, 410), (Stale, 409), (Changed, 409), (RefusedError, 403), (StorageError, 507), (InputError, 400),
    )  # fmt: skip
    return next((status for kind, status in kinds if isinstance(error, kind)), 500)


async def _send_all(socket: WebSocket, waiting: asyncio.Queue[Event | None]) -> None:
    with contextlib.suppress(WebSocketDisconnect, RuntimeError):
        while (event := await waiting.get()) is not None:
            await socket.send_text(json.dumps(event, allow_nan=False))
        await socket.close(1013)


async def _body(request: Request) -> dict[str, Any]:
    """The JSON object of a request.

    Raises
    ------
    InputError
        If it is none.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
        raise InputError("a change is sent as application/json")
    try:
        content = json.loads(await request.body())
    except (ValueError, RecursionError) as error:
        raise InputError("the request is not JSON") from error
    if not isinstance(content, dict):
        raise InputError("the request is no JSON object")
    return content


def _json(content: Any, status: int = 200) -> Response:
    text = json.dumps(content, allow_nan=False, separators=(",", ":"))
    return Response(text, status_code=status, media_type="application/json", headers=_ANEW)


def _picture(picture: bytes) -> Response:
    return Response(picture, media_type=media_type(picture), headers=_KEPT)


def _key(request: Request) -> TileKey:
    level, col, row = (_digits(request.path_params[name], name) for name in ("level", "col", "row"))
    return TileKey(level, col, row)


def _digits(text: str, name: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= 9):
        raise InputError(f"{name} is a whole number")
    return int(text)


def _whole(request: Request, name: str, default: int, low: int, high: int) -> int:
    text = request.query_params.get(name)
    number = default if text is None else _digits(text, name)
    if not low <= number <= high:
        raise InputError(f"{name} lies between {low} and {high}")
    return number


def _number(request: Request, name: str) -> float:
    return _real(request.query_params.get(name, ""), name)


def _real(text: str, name: str) -> float:
    try:
        number = float(text) if len(text) < 40 else math.nan
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise InputError(f"{name} is a number")
    return number


def _listed(request: Request, name: str) -> list[str]:
    text = request.query_params.get(name, "")
    return text.split(",") if text else []
