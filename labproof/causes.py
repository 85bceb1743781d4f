"""What keeps a Spark session from starting, or a lab from running: why, what mends it, and how one recognises it.

The words in braces are what ``doctor.Machine.words`` knows. ``trace`` is what the output of a session shows that failed
for this cause; the first cause of the table that fits counts. Patterns and words come from sessions that were made to
fail.
"""

from collections import namedtuple

Cause = namedtuple("Cause", "why remedy trace")

# A trace that no output has.
NEVER = r"(?!)"

CAUSES = {
    "no-pyspark": Cause(
        "The labs import it.",
        "{pip} install pyspark=={fitting_spark}",
        r"No module named '?pyspark\b",
    ),
    "spark-unknown": Cause(
        "Nobody has tried it with these labs yet; the rules of {known_spark} are used.",
        "{pip} install pyspark=={known_spark} (if something looks wrong)",
        NEVER,
    ),
    "java-modules": Cause(
        "Spark 4 asks for the module jdk.incubator.vector, and this Java was made without it.",
        "{get_java}",
        r"Module jdk\.incubator\.vector not found",
    ),
    "java-too-old": Cause(
        "Spark {spark} runs on Java {wanted_java}; an older one can't read its classes.",
        "{get_java}",
        r"UnsupportedClassVersionError",
    ),
    "java-too-new": Cause(
        "Spark {spark} runs on Java {wanted_java}; in a newer one its sessions or its jobs fail.",
        "{get_java}",
        r"getSubject is not supported|Unsupported class file major version|InaccessibleObjectException"
        r"|cannot access class sun\.nio\.ch",
    ),
    "java-untried": Cause(
        "Spark {spark} was tried on Java {wanted_java}, not on this one.",
        "{get_java}",
        NEVER,
    ),
    "java-home": Cause(
        "Spark takes the Java of JAVA_HOME and looks for no other (JAVA_GATEWAY_EXITED).",
        "{get_java}",
        r"bin/java: (?:No such file|Not a directory|Permission denied)",
    ),
    "no-java": Cause(
        "Spark runs in a Java process; without Java no session starts (JAVA_GATEWAY_EXITED).",
        "{get_java}",
        r"JAVA_HOME is not set|Unable to locate a Java Runtime|java: (?:command )?not found",
    ),
    "submit-args": Cause(
        "pyspark hands them to spark-submit, which ends at once unless they end in pyspark-shell.",
        "{mend_submit_args}",
        r"Missing application resource",
    ),
    "worker-python": Cause(
        "Tasks refuse to run in another Python than the program's (PYTHON_VERSION_MISMATCH).",
        "{set_worker_python}",
        r"PYTHON_VERSION_MISMATCH|Python in worker has different version",
    ),
    "worker-python-missing": Cause(
        "Tasks that run Python functions are started with it (Cannot run program).",
        "{set_worker_python}",
        r"Cannot run program \"[^\"]*\"(?: \(in directory [^)]*\))?: (?:Create\w+ )?error=2",
    ),
    "worker-python-elsewhere": Cause(
        "Tasks would see the packages of another environment than the program does.",
        "{set_worker_python}",
        NEVER,
    ),
    "python-alias": Cause(
        "It only opens the Microsoft Store; Spark starts its workers by that name.",
        "{set_worker_python}",
        r"Python was not found; run without arguments",
    ),
    "python-too-new": Cause(
        "Spark {spark} works with Python {oldest_python} to {newest_python}; a newer one can't run its code.",
        "{make_venv}",
        r"TypeError: code\(\)|an integer is required \(got type bytes\)|No module named 'typing\.io'"
        r"|generator raised StopIteration|IndexError: tuple index out of range",
    ),
    "python-too-old": Cause(
        "Spark {spark} works with Python {oldest_python} to {newest_python}.",
        "{make_venv}",
        NEVER,
    ),
    "no-distutils": Cause(
        "Spark {spark} imports distutils, which left Python with 3.12; setuptools brings it back.",
        "{pip} install setuptools",
        r"No module named 'distutils",
    ),
    "spark-home": Cause(
        "Spark is started from the folder that SPARK_HOME names.",
        "{forget_spark_home}",
        r"No such file or directory: '[^']*spark-submit'",
    ),
    "spark-home-other": Cause(
        "The Java side would be another release than the Python side, and calls from one to the other fail.",
        "{forget_spark_home}",
        r"'JavaPackage' object is not callable|does not exist in the JVM",
    ),
    "spark-submit": Cause(
        "The labs are run with `spark-submit`, which pip puts beside Python.",
        "export PATH={scripts}:$PATH",
        r"Could not find valid SPARK_HOME|spark-submit: (?:command )?not found",
    ),
    "hadoop-conf": Cause(
        "With --master yarn Spark looks there for the cluster; without it, it asks this machine and waits in vain.",
        "export HADOOP_CONF_DIR=/etc/hadoop/conf (where your cluster's core-site.xml and yarn-site.xml are)",
        r"ResourceManager at \S*0\.0\.0\.0:8032|HADOOP_CONF_DIR or YARN_CONF_DIR must be set",
    ),
    "host-name": Cause(
        "Spark asks for this machine's address by that name (UnknownHostException).",
        "{use_loopback}",
        r"UnknownHostException",
    ),
    "address": Cause(
        "Spark listens there, and this machine has no such address (Service 'sparkDriver' could not bind).",
        "{use_loopback}",
        r"Cannot assign requested address|Can't assign requested address",
    ),
    "ports": Cause(
        "A session tries {port_retries} ports after its first one and then gives up (BindException).",
        "export SPARK_SUBMIT_OPTS='-Dspark.ui.port=0 -Dspark.driver.port=0' (any free port)",
        r"Service '\w+'.* failed after \d+ retries",
    ),
    "derby-lock": Cause(
        "Only one session at a time can use a Derby store (XSDB6).",
        "{end_derby_session}",
        r"XSDB6",
    ),
    "leftover": Cause(
        "It holds memory, a port and perhaps a Derby store that the next session needs.",
        "{end_leftovers}",
        r"Cannot run multiple SparkContexts|Only one SparkContext",
    ),
    "disk-full": Cause(
        "Spark keeps there what it shuffles, and unpacks its native libraries.",
        "export TMPDIR=DIR SPARK_LOCAL_DIRS=DIR SPARK_SUBMIT_OPTS=-Djava.io.tmpdir=DIR (a DIR with 500 MB free)",
        r"No space left on device",
    ),
    "noexec": Cause(
        "Spark unpacks native libraries there, for compressed files among others, and can't load them.",
        "mkdir -p ~/tmp && export SPARK_SUBMIT_OPTS=-Djava.io.tmpdir=$HOME/tmp",
        r"UnsatisfiedLinkError.*failed to map segment",
    ),
    "socket-path": Cause(
        "The path of a socket has room for {socket_path_limit} characters; labproof has its sockets below that folder.",
        "export TMPDIR=/tmp",
        r"AF_UNIX path too long|Unix domain path too long",
    ),
    "memory": Cause(
        "A session and each worker take 1 GB, and Java takes address space besides.",
        "ulimit -v unlimited, or end other programs; on a cluster ask for more memory",
        r"insufficient memory for the Java Runtime|Could not (?:reserve|allocate) |must be at least 471859200"
        r"|has not accepted any resources|OutOfMemoryError|Cannot allocate memory",
    ),
    "winutils": Cause(
        "On Windows Spark writes files by Hadoop's winutils.exe.",
        "put winutils.exe into C:\\hadoop\\bin and: setx HADOOP_HOME C:\\hadoop",
        r"[Ww]inutils",
    ),
    "folder": Cause(
        "Spark and the labs write there.",
        "cd to a folder of your own; for temporary files: export TMPDIR=DIR SPARK_LOCAL_DIRS=DIR",
        r"Permission denied|Read-only file system|AccessDeniedException",
    ),
    "locale": Cause(
        "What is not ASCII is printed as question marks, or not at all.",
        "export LC_ALL=C.UTF-8",
        r"UnicodeEncodeError: 'ascii'",
    ),
    "clock": Cause(
        "With a clock that is behind, `make` and downloads fail, and times in the output are wrong.",
        "{sudo}timedatectl set-ntp true",
        r"certificate is not yet valid|Clock skew detected",
    ),
    "numpy": Cause(
        "Spark's machine learning library imports it.",
        "{pip} install numpy",
        r"No module named '?numpy",
    ),
    "pandas": Cause(
        "toPandas(), pandas_udf or pyspark.pandas fail with it.",
        "{pip} install {wanted_pandas}",
        r"(?i:pandas|pyarrow) >= \S+ must be installed|has no attribute 'iteritems'|cannot import name 'DateOffset'"
        r"|`np\.NaN` was removed",
    ),
    "make": Cause(
        "It runs the labs' short commands; each can be typed in full instead.",
        "{get_make}",
        r"\bmake: (?:command )?not found",
    ),
    "netcat": Cause(
        "The lab's words are typed into it.",
        "{get_netcat}",
        r"\bnc: (?:command )?not found",
    ),
    "jupyter": Cause(
        "The lab is a notebook.",
        "{pip} install notebook",
        r"No module named '?(?:ipykernel|notebook)\b",
    ),
    "slurm": Cause(
        "The lab is submitted to Slurm.",
        "log in to your cluster, or: {sudo}apt-get install slurm-wlm munge",
        r"sbatch: (?:command )?not found",
    ),
    "deep-learning": Cause(
        "The lab trains with one of them.",
        "{pip} install torch",
        r"No module named '?(?:bigdl|torch)\b",
    ),
    # What the output doesn't explain; the machine may.
    "gateway": Cause(
        "Java ended before the session began.",
        "read the lines before it: they say why",
        r"JAVA_GATEWAY_EXITED|Java gateway process exited",
    ),
}
