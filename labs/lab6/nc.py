"""Lab 6, slide 31: what netcat does in this lab, for machines that have no netcat.

    python nc.py PORT

Listens at localhost:PORT, sends the one who connects what is typed here, shows what comes back, and ends with the
connection.
"""

import os
import selectors
import socket
import sys


def main(port):
    """Serve one connection. Raises OSError if the port is taken."""
    with socket.socket() as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind(("127.0.0.1", port))
        server.listen(1)
        connection, _ = server.accept()
    with connection, selectors.SelectSelector() as selector:
        selector.register(connection, selectors.EVENT_READ, sys.stdout.fileno())
        selector.register(sys.stdin, selectors.EVENT_READ, connection.fileno())
        while True:
            for key, _ in selector.select():
                data = os.read(key.fd, 65536)
                if data:
                    while data:
                        data = data[os.write(key.data, data) :]
                elif key.fileobj is connection:
                    return
                else:
                    # Nothing more will be typed: say so, and wait until the other side is done, too.
                    selector.unregister(sys.stdin)
                    connection.shutdown(socket.SHUT_WR)


if __name__ == "__main__":
    if len(sys.argv) != 2 or not sys.argv[1].isdigit() or not 0 < int(sys.argv[1]) < 65536:
        sys.exit("nc.py: wants a port, a number from 1 to 65535, as in nc.py 9999")
    try:
        main(int(sys.argv[1]))
    except ConnectionError:
        pass  # the other side was ended before it had read all
    except OSError as error:
        sys.exit("nc.py: localhost:%s: %s" % (sys.argv[1], error.strerror))
    except KeyboardInterrupt:
        sys.exit(130)
