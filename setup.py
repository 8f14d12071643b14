"""Build step that pyproject.toml cannot state: the wheel carries the demo workspace's config.

The demo lives once, in ``workspaces/Demo_Workspace``; a wheel has no such folder, so its config is
copied into the package while it is built.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

DEMO = Path("workspaces/Demo_Workspace")


class BuildWithDemo(build_py):
    """Copy the demo's config beside the modules that look for it."""

    def run(self) -> None:
        """Build the modules, then add the demo."""
        super().run()
        if self.editable_mode:
            return
        target = Path(self.build_lib) / "quantpits/workspace/template/Demo_Workspace"
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(DEMO / "config", target / "config")
        shutil.copy2(DEMO / "run_env.sh", target / "run_env.sh")


setup(cmdclass={"build_py": BuildWithDemo})
