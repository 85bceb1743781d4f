"""What a run does to the machine while it lasts."""

import ipaddress
import os

import psutil

from labproof.keeper import processes_of


def test_nothing_of_this_run_listens_beyond_loopback(sc):
    assert sc.parallelize(range(4), 2).map(lambda n: n + 1).sum() == 10
    listening = [
        (process.name(), connection.laddr.ip)
        for process in processes_of(os.environ["LABPROOF_RUN"].split(os.pathsep)[-1])
        for connection in process.net_connections("inet")
        if connection.status == psutil.CONN_LISTEN
    ]
    assert "java" in [name for name, _ in listening]
    assert [place for place in listening if not _is_loopback(place[1])] == []


def _is_loopback(ip):
    address = ipaddress.ip_address(ip)
    # Java listens on the same address in the notation of IPv6.
    return (getattr(address, "ipv4_mapped", None) or address).is_loopback
