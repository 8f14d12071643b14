#!/usr/bin/env bash
# Activate this workspace: source this file, from bash or zsh, in any folder.
if [ -n "${BASH_SOURCE:-}" ]; then _quantpits_env="${BASH_SOURCE[0]}"; else _quantpits_env="$0"; fi
QLIB_WORKSPACE_DIR="$(cd "$(dirname "$_quantpits_env")" && pwd)"
export QLIB_WORKSPACE_DIR
unset _quantpits_env
# Where Qlib's data lie, when config/market.yaml does not say:
# export QLIB_DATA_DIR="$HOME/.qlib/qlib_data/cn_data"
# export QLIB_REGION="cn"
echo "QuantPits workspace: $QLIB_WORKSPACE_DIR"
