# For batch scripts to source: the command module, also where there are no environment modules.

for script in /etc/profile.d/modules.sh /etc/profile.d/lmod.sh; do
    type module >/dev/null 2>&1 || [ ! -r $script ] || . $script
done
if type module >/dev/null 2>&1; then
    # The cluster's own module of that name, if it has one, is found first.
    module use --append "$PWD/modulefiles"
else
    module() {
        command -v spark-submit >/dev/null && return
        echo "module $*: there are no environment modules here, and no spark-submit on the PATH of the job." >&2
        echo "Remedy: before sbatch, activate the environment that has pyspark, as in . .venv/bin/activate" >&2
        return 1
    }
fi
