"""One file for each documented command name; `engine/scripts` is a link to this folder.

A script stands for one command of `quantpits.cli` and adds nothing to it. It runs as a file,
through the link or as a module, from any working directory. What may be imported from here:
nothing. Never here: a flag, a default, or anything else that the command does not have.
"""

__all__: list[str] = []
