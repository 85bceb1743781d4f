# For a batch script to source: makes a Spark cluster of the nodes of its Slurm job, for as long as the job lasts.
#
# Starts a master on this node and a worker on each node of the job, this one too, and waits until all have registered,
# but no longer than SPARK_SLURM_SECONDS (60). Sets SPARK_MASTER_PORT, and SPARK_CONF_DIR to a folder that nobody else
# can read: it has the secret of this job, without which the cluster takes nobody. stop-spark-slurm.sh ends all of it,
# and is also run when the batch script ends without it.

export SPARK_SLURM_FOLDER=$PWD/.spark-$SLURM_JOB_ID
trap "'$PWD/stop-spark-slurm.sh'; kill \$(jobs -p) 2>/dev/null" EXIT

# On the other nodes Spark runs the Python that runs the program here.
PYSPARK_PYTHON=$(command -v "${PYSPARK_PYTHON:-python3}")
# Spark names a node as Slurm does, and listens there only where that name leads.
SPARK_LOCAL_HOSTNAME=$(hostname)
SPARK_LOCAL_IP=$SPARK_LOCAL_HOSTNAME
export PYSPARK_PYTHON SPARK_LOCAL_HOSTNAME SPARK_LOCAL_IP

# The site's settings, and what keeps others out.
write_settings() {
    cat "$1" 2>/dev/null
    echo
    echo "spark.authenticate true"
    echo "spark.authenticate.secret $(od -An -N32 -tx1 /dev/urandom | tr -d ' \n')"
    # What a master does for whoever asks: take programs at another door, and end what runs, at a button of its page.
    echo "spark.master.rest.enabled false"
    echo "spark.ui.killEnabled false"
    echo "spark.master.ui.decommission.allow.mode DENY"
    # Another job on this node may have the usual one.
    echo "spark.ui.port 0"
}

make_folder() (
    site=${SPARK_CONF_DIR:-$SPARK_HOME/conf}
    umask 077
    mkdir "$SPARK_SLURM_FOLDER" && mkdir "$SPARK_SLURM_FOLDER/conf" && cd "$SPARK_SLURM_FOLDER/conf" || exit
    for file in "$site"/*; do
        case ${file##*/} in
            # Not how the site logs: the port of the master is read from the log.
            '*' | log4j* | spark-defaults.conf) ;;
            *) ln -s "$file" . ;;
        esac
    done
    write_settings "$site/spark-defaults.conf" >spark-defaults.conf
)

# on_nodes NUMBER NAME CLASS OPTION...: a process of Spark on so many nodes, which other steps of the job may use, too,
# and which goes on when that on another node ends.
on_nodes() {
    srun --nodes="$1" --ntasks="$1" --relative=0 --overlap --kill-on-bad-exit=0 --wait=0 \
        --job-name="spark-$2" --output="$SPARK_SLURM_FOLDER/$2-%n.log" bash -c '
            export SPARK_LOCAL_HOSTNAME=$(hostname) SPARK_LOCAL_IP=$(hostname) SPARK_WORKER_CORES=$SLURM_CPUS_ON_NODE
            exec spark-class "$@" --host "$(hostname)" --port 0 --webui-port 0' "$2" "${@:3}" </dev/null &
}

master_port() {
    sed -n 's|.*Starting Spark master at spark://.*:\([0-9]*\)$|\1|p' "$SPARK_SLURM_FOLDER"/master-0.log 2>/dev/null
}

workers() {
    grep -c 'Registering worker' "$SPARK_SLURM_FOLDER"/master-0.log
}

# within_time COMMAND...: whether it succeeds before the time is up.
within_time() {
    local deadline=$((SECONDS + ${SPARK_SLURM_SECONDS:-60}))
    until "$@"; do
        [ $SECONDS -lt $deadline ] && sleep 0.2 || return
    done
}

give_up() {
    echo "start-spark-slurm.sh: $1 within ${SPARK_SLURM_SECONDS:-60} s. The logs end:" >&2
    tail -n 15 "$SPARK_SLURM_FOLDER"/*.log >&2
    exit 1
}

make_folder || exit
export SPARK_CONF_DIR=$SPARK_SLURM_FOLDER/conf

on_nodes 1 master org.apache.spark.deploy.master.Master
within_time eval '[ -n "$(master_port)" ]' || give_up "the master did not start"
SPARK_MASTER_PORT=$(master_port)

memory=${SLURM_MEM_PER_NODE:-$((${SLURM_MEM_PER_CPU:-0} * SLURM_CPUS_ON_NODE))}
[ "$memory" -eq 0 ] || export SPARK_WORKER_MEMORY=${memory}m
on_nodes "$SLURM_NNODES" worker org.apache.spark.deploy.worker.Worker --work-dir "$SPARK_SLURM_FOLDER/work" \
    "spark://$(hostname):$SPARK_MASTER_PORT"
within_time eval '[ "$(workers)" -ge "$SLURM_NNODES" ]' || give_up "$(workers) of $SLURM_NNODES workers registered"
