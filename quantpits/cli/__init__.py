"""The command line: typed command functions, shared flags, one error boundary, exit codes.

A command turns its flags into the request of one step, runs the step, and shows its report. It
computes nothing. Results go to stdout, as text or as JSON; everything else goes to stderr.

May be imported from here: `quantpits.cli.app.main`, by `scripts` and as the installed command.
Never from here: anything by a step. A module of this room imports no heavy library at its top, so
that help answers at once; a command imports its step inside the function.
"""

__all__: list[str] = []
