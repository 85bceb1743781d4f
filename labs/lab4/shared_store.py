"""Lab 4, slide 22: a Hive store for several sessions at once, in PostgreSQL.

The store that Spark makes in the current folder, metastore_db, is a Derby database, which one session has to itself:
a second one fails with XSDB6. A database server has room for all.

PGPASSWORD=... python shared_store.py HOST:PORT/DATABASE USER JDBC_DRIVER.jar

makes the store's tables and writes store.conf. Then in any number of terminals, in the same folder:

spark-sql --properties-file store.conf
make files SPARK_SUBMIT='spark-submit --properties-file store.conf'
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from zipfile import ZipFile

import pyspark


def connection(place, user, password):
    """How Hive calls what it takes to reach its store."""
    return {
        "javax.jdo.option.ConnectionURL": "jdbc:postgresql://" + place,
        "javax.jdo.option.ConnectionDriverName": "org.postgresql.Driver",
        "javax.jdo.option.ConnectionUserName": user,
        "javax.jdo.option.ConnectionPassword": password,
        "datanucleus.connectionPoolingType": "None",
    }


def settings(store, driver):
    """What a session that is to use the store has to be told."""
    of_spark = {
        "spark.sql.catalogImplementation": "hive",
        # As in files.py, in Hive's words: the SQL prompt of Spark 2 knows no others.
        "spark.hadoop.hive.metastore.warehouse.dir": os.path.abspath("spark-warehouse"),
        "spark.driver.extraClassPath": driver,
        "spark.hadoop.hive.metastore.schema.verification": "false",
    }
    of_spark.update(("spark.hadoop." + name, value) for name, value in store.items())
    return of_spark


def make_tables(store, driver):
    """Make the tables of an empty store, which Hive by itself only does in Derby: in PostgreSQL it waits for itself.

    Raises ``CalledProcessError``, with what was said, if that cannot be done.
    """
    (metastore,) = (Path(pyspark.__file__).parent / "jars").glob("hive-metastore-*.jar")
    to_make = dict(
        store,
        **{
            "javax.jdo.PersistenceManagerFactoryClass": "org.datanucleus.api.jdo.JDOPersistenceManagerFactory",
            "datanucleus.identifierFactory": "datanucleus1",
            "datanucleus.schema.autoCreateAll": "true",
        },
    )
    with tempfile.TemporaryDirectory() as folder:
        tables = ZipFile(str(metastore)).extract("package.jdo", folder)
        properties = os.path.join(folder, "store.properties")
        write(properties, to_make, "=")
        tool = ["spark-class", "org.datanucleus.store.schema.SchemaTool"]
        subprocess.run(
            tool + ["-create", "-api", "JDO", "-props", properties, tables],
            env=dict(os.environ, SPARK_DIST_CLASSPATH=driver),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            universal_newlines=True,
            check=True,
        )


def write(path, properties, between):
    """Write a file of properties that only its owner may read, as a password is among them."""
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        os.chmod(path, 0o600)  # that of an earlier one stays
        file.writelines("%s%s%s\n" % (name, between, value) for name, value in sorted(properties.items()))


def main(place, user, driver):
    """Make the store and write store.conf."""
    store = connection(place, user, os.environ.get("PGPASSWORD", ""))
    try:
        make_tables(store, driver)
    except subprocess.CalledProcessError as error:
        sys.exit("shared_store.py: the store cannot be made:\n%s" % error.stdout)
    write("store.conf", settings(store, driver), " ")
    print("Written: store.conf. Now: spark-sql --properties-file store.conf")


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    main(*sys.argv[1:])
