"""QuantPits: from trained Qlib models to tomorrow's orders and honest books.

The package is divided into rooms. Imports go down only, and the steps never import each other;
they meet in the files of a workspace. ``docs/ARCHITECTURE.md`` is the map, and ``pyproject.toml``
holds the contracts that keep the map true. Nothing is re-exported here: import from the room that
owns the concept.
"""

__version__ = "0.1.0"
