#!/usr/bin/env bash
# Activate this workspace: source this file, from bash or zsh, in any folder.
if [ -n "${BASH_SOURCE:-}" ]; then
    _quantpits_env="$BASH_SOURCE"
elif [ -n "${ZSH_VERSION:-}" ]; then
    eval '_quantpits_env="${(%):-%x}"'
else
    _quantpits_env="$0"
fi
QLIB_WORKSPACE_DIR="$(CDPATH= cd -- "$(dirname -- "$_quantpits_env")" && pwd)"
export QLIB_WORKSPACE_DIR
unset _quantpits_env
if [ ! -d "$QLIB_WORKSPACE_DIR/config" ]; then
    echo "This is not a workspace: $QLIB_WORKSPACE_DIR. Source run_env.sh from bash or zsh." >&2
    unset QLIB_WORKSPACE_DIR
    return 2 2>/dev/null || exit 2
fi
# Where Qlib's data lie, when config/market.yaml does not say:
# export QLIB_DATA_DIR="$HOME/.qlib/qlib_data/cn_data"
# export QLIB_REGION="cn"
echo "QuantPits workspace: $QLIB_WORKSPACE_DIR"
