"""Lab 4, slide 16: Spark's tables, asked through its Thrift server by a program that has no Spark in it.

make thrift_server [PORT=...]         the server, in this folder, until Ctrl+C: wait until it says that it has started
make thrift [PORT=...] [SQL=...]      python thrift_client.py HOST:PORT [SQL]

The server speaks the protocol of HiveServer2, as do JDBC's hive2 driver, ODBC drivers and: pip install impyla
"""

import sys
from contextlib import closing

from impala.dbapi import connect
from impala.error import Error
from thrift.transport.TTransport import TTransportException


def open_connection(server):
    """A connection to the server at HOST:PORT. It takes any user, whose name it then shows in its list of sessions."""
    host, _, port = server.rpartition(":")
    return connect(host, int(port), auth_mechanism="PLAIN", user="student", password="any")


def ask(connection, statement):
    """The rows that a statement gives, as tuples; none if it is not a query. Raises ``Error`` for bad SQL."""
    with closing(connection.cursor()) as cursor:
        cursor.execute(statement)
        # Spark describes what a statement that is no query gives as one column of this name, and then sends none.
        is_query = [column[0] for column in cursor.description] != ["Result"]
        return cursor.fetchall() if is_query else []


def words_of(error):
    """What Spark says of a statement, without the server's words around it and the places in Java below it."""
    return str(error).split("\n\tat ")[0].split("Exception: ")[-1].strip().splitlines()[0]


def main(server, statement="SHOW TABLES"):
    """Print the rows of a statement."""
    try:
        with closing(open_connection(server)) as connection:
            for row in ask(connection, statement):
                print(*row, sep="\t")
    except Error as error:
        sys.exit("thrift_client.py: %s" % words_of(error))
    except TTransportException:
        sys.exit("thrift_client.py: nobody answers at %s: run make thrift_server in another terminal" % server)


if __name__ == "__main__":
    main(*sys.argv[1:3])
