"""`classify-local map`."""

from __future__ import annotations

from pathlib import Path

import click

from classify_local.api.live import live_map
from classify_local.cli.shared import allow_option, offline_option
from classify_local.errors import InputError
from classify_local.page import require_built, require_packages
from classify_local.web.files import Folders


@click.command("map")
@click.argument("recipe", required=False, type=click.Path(path_type=Path))
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="Where to listen; a free port by default.")
@click.option("--no-browser", is_flag=True, help="Only print the address.")
@click.option(
    "--memory", type=click.IntRange(64, 1_000_000), default=512, show_default=True, help="MB of features kept."
)
@offline_option
@allow_option
def command(
    recipe: Path | None, port: int, no_browser: bool, memory: int, offline: bool, allow: tuple[Path, ...]
) -> None:
    """Open a recipe's map in the browser: click points and see the map change. Nothing leaves this machine."""
    require_packages()
    require_built()
    from classify_local.web import serving

    path = recipe or the_recipe(Path())
    session = live_map(path, allow=allow, memory=memory * 2**20, offline=offline)
    folders = Folders([session.folder, *session.allowed, *allow])
    try:
        listening = serving.listen(port)
        serving.serve(
            session, folders, listening, lambda address: _say(address.url, no_browser), browser=not no_browser
        )
    finally:
        session.close()


def the_recipe(folder: Path) -> Path:
    """The one recipe in a folder.

    Raises
    ------
    InputError
        If there is none, or several.
    """
    found = sorted(path for path in folder.glob("*.y*ml") if _is_recipe(path))
    if len(found) == 1:
        return found[0]
    if not found:
        raise InputError(
            "no recipe in this folder; name one, or make one: classify-local init recipe.yml --image IMAGE.tif"
        )
    raise InputError(f"several recipes in this folder ({', '.join(path.name for path in found)}); name one")


def _is_recipe(path: Path) -> bool:
    try:
        return any(line.startswith("images:") for line in path.read_text(encoding="utf-8").splitlines())
    except (OSError, UnicodeDecodeError):
        return False


def _say(url: str, no_browser: bool) -> None:
    opening = "Open" if no_browser else "The map page opens in your browser. If it does not, open"
    click.echo(f"{opening} this address there:" if not no_browser else f"{opening} this address in a browser:")
    click.echo(f"  {url}")
    click.echo("It works on this machine only. Every change is saved at once. Stop with Ctrl-C.")
