#!/bin/bash
# Ends the Spark cluster that start-spark-slurm.sh has made of this Slurm job, and removes its secret and its logs.

steps() {
    squeue --noheader --steps --job="$SLURM_JOB_ID" --format='%i %j' | sed -n 's/ spark-.*//p'
}

# Asked at first, so that workers end their executors; after 20 seconds killed.
for signal in TERM KILL; do
    for step in $(steps); do
        scancel --signal=$signal "$step" 2>/dev/null
    done
    deadline=$((SECONDS + 20))
    while [ -n "$(steps)" ] && [ $SECONDS -lt $deadline ]; do
        sleep 0.2
    done
done
rm -rf "$SPARK_SLURM_FOLDER"
