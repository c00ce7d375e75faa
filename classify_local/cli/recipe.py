"""`classify-local recipe`."""

from __future__ import annotations

import json

import click

from classify_local import api


@click.group("recipe")
def command() -> None:
    """The recipe's JSON Schema."""


@command.command("schema")
def schema() -> None:
    """Print the JSON Schema of recipes, for editors that check and complete YAML."""
    click.echo(json.dumps(api.recipe_schema(), indent=1))
