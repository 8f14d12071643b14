"""Starting one network from the weights of another: what ``pretrain_source`` means.

The base is the exact model that a record names, loaded like any other trained model: only if its
sha256 is the recorded one. Its weights go to the new model through a file, because that is what
Qlib's classes take (``model_path``). A model is named in full, so that ``alstm`` can never stand in
for ``lstm``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from quantpits.errors import ModelError
from quantpits.modeling.artifacts import unpickled
from quantpits.modeling.foreign import captured_output, foreign_code

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["write_base_weights"]


def write_base_weights(content: bytes, path: Path, *, model: str, base: str) -> None:
    """Write the weights of a trained network where another one will load them.

    Parameters
    ----------
    content : bytes
        The verified pickle of the base.
    path : Path
        File to write, for ``torch.load``.
    model, base : str
        Names in the registry, for messages.

    Raises
    ------
    ModelError
        If the base is not a model with one network in it.
    """
    with foreign_code(model, f"loading the weights of {base!r}"), captured_output():
        import torch  # noqa: PLC0415 - the base needs it, nothing else does

        network = _network(unpickled(content), torch.nn.Module)
        if network is None:
            raise ModelError(
                f"The model {model!r} cannot start from {base!r}.",
                expected="a model with one neural network",
                found=f"{base!r} has none, or several",
                hint="name a network in pretrain_source, with the same features and sizes",
            )
        torch.save(network.state_dict(), path)


def _network(model: Any, kind: type[Any]) -> Any | None:
    networks = [value for value in vars(model).values() if isinstance(value, kind)]
    return networks[0] if len(networks) == 1 else None
