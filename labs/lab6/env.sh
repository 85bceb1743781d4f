# Lab 6, slide 31: to be read in both terminals: source env.sh (bash or zsh)
#
# Puts Spark on the PATH, that of the course's virtual environment (.venv) if there is no other, and keeps it on this
# machine: nothing in this lab has to be seen from elsewhere.

if [ -n "${ZSH_VERSION:-}" ]; then
    eval 'lab6=${(%):-%x}'
else
    lab6=${BASH_SOURCE:-$0}
fi
lab6=$(CDPATH= cd "$(dirname "$lab6")" && pwd)

if ! command -v spark-submit >/dev/null 2>&1; then
    if [ -n "${SPARK_HOME:-}" ]; then
        PATH=$SPARK_HOME/bin:$PATH
    elif [ -x "$lab6/../../.venv/bin/spark-submit" ]; then
        PATH=$(CDPATH= cd "$lab6/../../.venv/bin" && pwd):$PATH
    else
        echo "env.sh: no spark-submit: pip install pyspark, or set SPARK_HOME" >&2
    fi
    export PATH
fi
export SPARK_LOCAL_IP=127.0.0.1
unset lab6
